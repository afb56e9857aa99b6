import { RepriseError, type ModelInfo, type ModelResolver, type ResolvedModel } from '@reprise/core';
import type { CatalogueExtension } from './catalogue/lookup.ts';
import { CATALOGUE, infoOf } from './catalogue/lookup.ts';
import { ALIASES } from './catalogue/names.data.ts';
import { DEMO_INFO, DEMO_NAME, createDemoModel } from './demo/model.ts';
import { lazyModel } from './lazy-model.ts';
import { resolveName, type NameRules } from './names.ts';
import { PROVIDERS } from './providers/all.ts';
import { compatible } from './providers/compatible.ts';
import type { ProviderSettings, ProviderSpec } from './providers/spec.ts';

/** What one provider is called with. Each field wins over the environment. */
export interface ProviderOptions {
  readonly apiKey?: string;
  readonly baseURL?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly fetch?: typeof globalThis.fetch;
}

export interface ModelsOptions {
  /** Where keys and base URLs are looked for. Default: the process's environment. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Used for every request. Default: the global one; `@reprise/providers/node-fetch` starts faster. */
  readonly fetch?: typeof globalThis.fetch;
  /** Sent with every request. */
  readonly headers?: Readonly<Record<string, string>>;
  /** By provider id. An id that is not built in, with a `baseURL`, adds a server that speaks OpenAI's chat completions. */
  readonly providers?: Readonly<Record<string, ProviderOptions>>;
  /** Short name → `provider/model`. Wins over the built-in ones. */
  readonly aliases?: Readonly<Record<string, string>>;
  /** Limits, capabilities and prices by `provider/model`. Wins over the built-in catalogue, field by field. */
  readonly catalogue?: CatalogueExtension;
  /** A retired name is MODEL_NOT_FOUND instead of its successor with a notice. */
  readonly strictModels?: boolean;
}

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

export interface Models extends ModelResolver {
  /** The catalogue, with what the configuration adds. No network. */
  list(): readonly ModelRow[];
}

/** Names → AI SDK models. Each provider's SDK is imported at the first call of one of its models. */
export function createModels(options: ModelsOptions = {}): Models {
  const env = options.env ?? globalThis.process?.env ?? {};
  const specs: Record<string, ProviderSpec> = { ...PROVIDERS };
  for (const id of Object.keys(options.providers ?? {})) specs[id] ??= compatible({ keys: [], baseUrls: [] });
  const extension = options.catalogue ?? {};
  const rules: NameRules = {
    providers: [...Object.keys(specs), 'demo'],
    names: catalogueNames(extension, specs),
    ...(options.aliases && { aliases: options.aliases }),
    ...(options.strictModels !== undefined && { strictModels: options.strictModels }),
  };

  return {
    async resolve(requested): Promise<ResolvedModel> {
      const { provider, model, notice } = resolveName(requested, rules);
      const name = `${provider}/${model}`;
      if (provider === 'demo') return demo(requested, model);
      const spec = specOf(specs, provider);
      const info = infoOf(provider, model, spec.defaults, extension);
      const notices = [notice, info.from === 'assumed' ? assumed(name, info) : undefined].filter(Boolean).join(' ');
      return {
        requested,
        name,
        model: lazyModel(spec, settingsOf(provider, spec, options, env), model, info),
        info,
        ...(notices !== '' && { notice: notices }),
      };
    },
    list: () => rules.names.map((name) => row(name, specs, options, env)),
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

function specOf(specs: Record<string, ProviderSpec>, provider: string): ProviderSpec {
  const spec = specs[provider];
  if (!spec) throw new RepriseError('INTERNAL', `The provider ${provider} lost its definition.`);
  return spec;
}

function settingsOf(
  id: string,
  spec: ProviderSpec,
  options: ModelsOptions,
  env: Readonly<Record<string, string | undefined>>,
): ProviderSettings {
  const own = options.providers?.[id];
  const url = own?.baseURL ?? firstSet(spec.baseUrls, env) ?? spec.defaultUrl;
  if (url === undefined)
    throw new RepriseError('INVALID_INPUT', `No address for the provider ${id}.`, {
      hint: `Set ${spec.baseUrls.join(' or ') || `providers.${id}.baseURL`} to the server's base URL, for example http://127.0.0.1:8080/v1.`,
    });
  if (!/^https?:\/\//i.test(url) || !URL.canParse(url))
    throw new RepriseError('INVALID_INPUT', `The base URL of ${id} is no http address: ${JSON.stringify(url)}.`, {
      hint: `Correct ${own?.baseURL === undefined ? spec.baseUrls.join(' or ') : `providers.${id}.baseURL`}.`,
    });
  return {
    id,
    apiKey: keyOf(id, spec, options, env),
    baseURL: spec.normalizeUrl(url),
    headers: { ...options.headers, ...own?.headers },
    fetch: own?.fetch ?? options.fetch,
  };
}

function keyOf(
  id: string,
  spec: ProviderSpec,
  options: ModelsOptions,
  env: Readonly<Record<string, string | undefined>>,
): string | undefined {
  return options.providers?.[id]?.apiKey?.trim() || firstSet(spec.keys, env);
}

/** The first variable that holds more than blanks, without blanks around it. */
function firstSet(names: readonly string[], env: Readonly<Record<string, string | undefined>>): string | undefined {
  for (const name of names) {
    const value = env[name]?.trim();
    if (value) return value;
  }
  return undefined;
}

function catalogueNames(extension: CatalogueExtension, specs: Record<string, ProviderSpec>): string[] {
  const names = Object.entries(CATALOGUE).flatMap(([provider, models]) =>
    Object.keys(models).map((model) => `${provider}/${model}`),
  );
  const own = Object.keys(extension).filter((name) => Object.hasOwn(specs, name.slice(0, name.indexOf('/'))));
  return [...new Set([...names, ...own, DEMO_NAME])];
}

function row(
  name: string,
  specs: Record<string, ProviderSpec>,
  options: ModelsOptions,
  env: Readonly<Record<string, string | undefined>>,
): ModelRow {
  const slash = name.indexOf('/');
  const provider = name.slice(0, slash);
  const spec = specs[provider];
  const info = spec ? infoOf(provider, name.slice(slash + 1), spec.defaults, options.catalogue ?? {}) : DEMO_INFO;
  const key = spec?.needsKey ? (keyOf(provider, spec, options, env) === undefined ? 'missing' : 'set') : 'not-needed';
  const aliases = Object.entries({ ...ALIASES, ...options.aliases });
  return {
    name,
    provider,
    contextWindow: info.contextWindow,
    maxOutputTokens: info.maxOutputTokens,
    ...(info.price && { price: info.price }),
    key,
    variables: spec?.keys ?? [],
    aliases: aliases.filter(([, target]) => target === name).map(([alias]) => alias),
  };
}
