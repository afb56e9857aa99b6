import type { LanguageModelV4, LanguageModelV4CallOptions } from '@ai-sdk/provider';
import type { ModelInfo } from '@reprise/core';
import type { ProviderDefaults } from '../catalogue/lookup.ts';

/** What a provider's SDK is made with. */
export interface ProviderSettings {
  readonly id: string;
  readonly apiKey: string | undefined;
  /** A bearer token in place of the key. */
  readonly authToken: string | undefined;
  readonly baseURL: string;
  /** Where people give the base URL: a variable's name, or an option's. */
  readonly addressIn: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly fetch: typeof globalThis.fetch | undefined;
}

/** One provider, as data and three functions. */
export interface ProviderSpec {
  /** Environment variables that may hold the key; the first that is set counts. */
  readonly keys: readonly string[];
  /** Environment variables that may hold a bearer token, looked at after the keys. Absent = the provider knows none. */
  readonly tokens?: readonly string[];
  /** False: works without a key. */
  readonly needsKey: boolean;
  /** Environment variables that may hold the base URL. */
  readonly baseUrls: readonly string[];
  /** Absent = the user must give one. */
  readonly defaultUrl?: string;
  /** A server on the user's own machine, which is looked for at `defaultUrl` where no address is set. */
  readonly local?: boolean;
  /** Where a key is checked, below the base URL. Absent = the model list, which needs the key everywhere else. */
  readonly keyPath?: string;
  readonly defaults: ProviderDefaults;
  /** URLs that the provider fetches itself, by media type. */
  readonly supportedUrls?: Record<string, RegExp[]>;
  /** What is in `baseUrls` as a URL, where it may hold something else. */
  readonly toUrl?: (text: string) => string;
  /** A base URL in the form that the SDK takes. */
  readonly normalizeUrl: (url: string) => string;
  /** Contract: imports its SDK here and nowhere else. */
  readonly load: (settings: ProviderSettings) => Promise<(model: string) => LanguageModelV4>;
  /** Adds what the provider needs in each call. Contract: pure; leaves what the caller set, and every text, as it is. */
  readonly prepare?: (options: LanguageModelV4CallOptions, info: ModelInfo) => LanguageModelV4CallOptions;
}

/** `url` without trailing slashes. */
export function trimSlashes(url: string): string {
  let end = url.length;
  while (url[end - 1] === '/') end -= 1;
  return url.slice(0, end);
}
