import { RepriseError, type ModelInfo, type ModelResolver, type ResolvedModel } from '@reprise/core';
import { infoOf } from './catalogue/lookup.ts';
import { counterOf } from './count/counter.ts';
import { DEMO_INFO, DEMO_NAME, createDemoModel } from './demo/model.ts';
import { lazyModel } from './lazy-model.ts';
import { resolveName, type NameRules } from './names.ts';
import type { ModelsOptions } from './options.ts';
import type { ProviderSpec } from './providers/spec.ts';
import { catalogueNames, rowOf, type ModelRow } from './rows.ts';
import { settingsOf, setupOf } from './settings.ts';

export interface Models extends ModelResolver {
  /** The catalogue, with what the configuration adds. No network. */
  list(): readonly ModelRow[];
}

/**
 * Names → AI SDK models. Each provider's SDK is imported at the first call of one of its models. Models of Anthropic,
 * OpenAI and Google have `count`, which asks the provider (and imports the vendor's own SDK when it is called). Resolving needs no network,
 * but for a local server's model that nobody described: its server is asked for the window, and has a second for that.
 */
export function createModels(options: ModelsOptions = {}): Models {
  const setup = setupOf(options);
  const rules: NameRules = {
    providers: [...Object.keys(setup.specs), 'demo'],
    names: catalogueNames(setup),
    ...(options.aliases && { aliases: options.aliases }),
    ...(options.strictModels !== undefined && { strictModels: options.strictModels }),
  };

  return {
    async resolve(requested): Promise<ResolvedModel> {
      const { provider, model, notice } = resolveName(requested, rules);
      const name = `${provider}/${model}`;
      if (provider === 'demo') return demo(requested, model);
      const spec = specOf(setup.specs, provider);
      const settings = settingsOf(provider, spec, setup);
      const known = infoOf(provider, model, spec.defaults, options.catalogue ?? {});
      const info =
        spec.local && known.from === 'assumed'
          ? await (await import('./live/local-info.ts')).localInfo(provider, model, known, setup)
          : known;
      const notices = [notice, info.from === 'assumed' ? assumed(name, info) : undefined].filter(Boolean).join(' ');
      const count = counterOf({ spec, settings, modelId: model, info });
      return {
        requested,
        name,
        model: lazyModel(spec, settings, model, info),
        info,
        ...(count && { count }),
        ...(notices !== '' && { notice: notices }),
      };
    },
    list: () => rules.names.map((name) => rowOf(name, setup).row),
  };
}

function demo(requested: string, model: string): ResolvedModel {
  if (model !== 'offline')
    throw new RepriseError('MODEL_NOT_FOUND', `There is no demo/${model}.`, { hint: `Use ${DEMO_NAME}.` });
  return { requested, name: DEMO_NAME, model: createDemoModel(), info: DEMO_INFO };
}

function assumed(name: string, info: ModelInfo): string {
  return (
    `${name} is not in the catalogue; a window of ${info.contextWindow} and at most ${info.maxOutputTokens} output ` +
    'tokens are assumed.'
  );
}

function specOf(specs: Readonly<Record<string, ProviderSpec>>, provider: string): ProviderSpec {
  const spec = specs[provider];
  if (!spec) throw new RepriseError('INTERNAL', `The provider ${provider} lost its definition.`);
  return spec;
}
