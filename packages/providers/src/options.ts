import type { CatalogueExtension } from './catalogue/lookup.ts';

/** What one provider is called with. Each field wins over the environment. */
export interface ProviderOptions {
  readonly apiKey?: string;
  /** Anthropic only: sent as `Authorization: Bearer …` in place of `x-api-key`. Not together with `apiKey`. */
  readonly authToken?: string;
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
