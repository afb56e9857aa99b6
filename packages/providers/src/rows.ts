import type { ModelInfo } from '@reprise/core';
import { CATALOGUE, infoOf } from './catalogue/lookup.ts';
import { ALIASES } from './catalogue/names.data.ts';
import { DEMO_INFO, DEMO_NAME } from './demo/model.ts';
import { credentialOf, variablesOf, type Setup } from './settings.ts';

/** One line of `reprise models`. */
export interface ModelRow {
  /** `provider/model`. */
  readonly name: string;
  readonly provider: string;
  /** Tokens. */
  readonly contextWindow: number;
  readonly maxOutputTokens: number;
  /** USD per million tokens. */
  readonly price?: NonNullable<ModelInfo['price']>;
  readonly key: 'set' | 'missing' | 'not-needed';
  /** The environment variables that may hold the key. */
  readonly variables: readonly string[];
  readonly aliases: readonly string[];
}

/** Whole names of the built-in catalogue and of the user's own entries. */
export function catalogueNames({ options, specs }: Setup): string[] {
  const names = Object.entries(CATALOGUE).flatMap(([provider, models]) =>
    Object.keys(models).map((model) => `${provider}/${model}`),
  );
  const own = Object.keys(options.catalogue ?? {}).filter((name) =>
    Object.hasOwn(specs, name.slice(0, name.indexOf('/'))),
  );
  return [...new Set([...names, ...own, DEMO_NAME])];
}

/** The row of a name, and where its limits come from. */
export function rowOf(name: string, setup: Setup): { readonly row: ModelRow; readonly from: ModelInfo['from'] } {
  const slash = name.indexOf('/');
  const provider = name.slice(0, slash);
  const spec = setup.specs[provider];
  const info = spec ? infoOf(provider, name.slice(slash + 1), spec.defaults, setup.options.catalogue ?? {}) : DEMO_INFO;
  const { apiKey, authToken } = spec ? credentialOf(provider, spec, setup) : {};
  const aliases = Object.entries({ ...ALIASES, ...setup.options.aliases });
  const row: ModelRow = {
    name,
    provider,
    contextWindow: info.contextWindow,
    maxOutputTokens: info.maxOutputTokens,
    ...(info.price && { price: info.price }),
    key: spec?.needsKey ? ((apiKey ?? authToken) === undefined ? 'missing' : 'set') : 'not-needed',
    variables: spec ? variablesOf(spec) : [],
    aliases: aliases.filter(([, target]) => target === name).map(([alias]) => alias),
  };
  return { row, from: info.from };
}
