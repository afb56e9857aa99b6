import { createModels } from '@reprise/providers';
import type { Models, ModelsOptions } from '@reprise/providers';
import { nodeFetch } from '@reprise/providers/node-fetch';
import type { Config, Environment } from './config.ts';

/** What `createModels` and `liveModels` are called with. */
export function modelsOptions(
  env: Environment,
  { aliases, providers, catalogue, strictModels }: Config,
): ModelsOptions {
  return {
    env,
    fetch: nodeFetch,
    ...(aliases && { aliases }),
    ...(providers && { providers }),
    ...(catalogue && { catalogue }),
    ...(strictModels !== undefined && { strictModels }),
  };
}

/** The names of models; each provider's SDK is loaded when one of its models is called. */
export function openModels(env: Environment, config: Config): Models {
  return createModels(modelsOptions(env, config));
}
