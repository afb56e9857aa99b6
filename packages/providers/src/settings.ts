import { RepriseError } from '@reprise/core';
import type { ModelsOptions } from './options.ts';
import { PROVIDERS } from './providers/all.ts';
import { compatible } from './providers/compatible.ts';
import type { ProviderSettings, ProviderSpec } from './providers/spec.ts';

/** The options with everything looked up once. */
export interface Setup {
  readonly options: ModelsOptions;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Built-in providers and the user's own, by id. */
  readonly specs: Readonly<Record<string, ProviderSpec>>;
}

export function setupOf(options: ModelsOptions): Setup {
  const specs: Record<string, ProviderSpec> = { ...PROVIDERS };
  for (const id of Object.keys(options.providers ?? {})) specs[id] ??= compatible({ keys: [], baseUrls: [] });
  return { options, env: options.env ?? globalThis.process?.env ?? {}, specs };
}

/** What `id` is called with. INVALID_INPUT for an address that is none or is missing, and for two credentials at once. */
export function settingsOf(id: string, spec: ProviderSpec, { options, env }: Setup): ProviderSettings {
  const own = options.providers?.[id];
  const addressIn =
    own?.baseURL === undefined && spec.baseUrls.length > 0 ? spec.baseUrls.join(' or ') : `providers.${id}.baseURL`;
  const set = own?.baseURL ?? firstSet(spec.baseUrls, env);
  const url = set === undefined ? spec.defaultUrl : (spec.toUrl?.(set) ?? set);
  if (url === undefined)
    throw new RepriseError('INVALID_INPUT', `No address for the provider ${id}.`, {
      hint: `Set ${addressIn} to the server's base URL, for example http://127.0.0.1:8080/v1.`,
    });
  if (!/^https?:\/\//i.test(url) || !URL.canParse(url))
    throw new RepriseError('INVALID_INPUT', `The base URL of ${id} is no http address: ${JSON.stringify(url)}.`, {
      hint: `Correct ${addressIn}.`,
    });
  return {
    id,
    ...credentialOf(id, spec, { options, env }),
    baseURL: spec.normalizeUrl(url),
    addressIn,
    headers: { ...lowerCased(options.headers), ...lowerCased(own?.headers) },
    fetch: own?.fetch ?? options.fetch,
  };
}

/** True where an option or a variable gives the address of `id`. */
export function hasOwnAddress(id: string, spec: ProviderSpec, { options, env }: Setup): boolean {
  return (options.providers?.[id]?.baseURL ?? firstSet(spec.baseUrls, env)) !== undefined;
}

/**
 * The one credential that is used: options before variables, a key before a token, as the vendor's SDK has it. Anthropic's
 * SDKs refuse both at once.
 */
export function credentialOf(
  id: string,
  spec: ProviderSpec,
  { options, env }: Pick<Setup, 'options' | 'env'>,
): Pick<ProviderSettings, 'apiKey' | 'authToken'> {
  const given = options.providers?.[id];
  const [apiKey, authToken] = [given?.apiKey?.trim(), given?.authToken?.trim()];
  if (authToken && (apiKey || !spec.tokens))
    throw new RepriseError('INVALID_INPUT', `providers.${id}.authToken cannot be used here.`, {
      hint: spec.tokens ? 'Give apiKey or authToken, not both.' : `Give providers.${id}.apiKey.`,
    });
  if (apiKey) return { apiKey, authToken: undefined };
  if (authToken) return { apiKey: undefined, authToken };
  const key = firstSet(spec.keys, env);
  return { apiKey: key, authToken: key === undefined ? firstSet(spec.tokens ?? [], env) : undefined };
}

/** The variables that may hold a credential of the provider. */
export function variablesOf(spec: ProviderSpec): readonly string[] {
  return [...spec.keys, ...(spec.tokens ?? [])];
}

/** AUTH for a credential that is missing or that no header can carry; neither error shows it. */
export function credentialProblem(spec: ProviderSpec, settings: ProviderSettings): RepriseError | undefined {
  const { id } = settings;
  const credential = settings.apiKey ?? settings.authToken;
  const variables = variablesOf(spec);
  const names = variables.join(' or ') || `providers.${id}.apiKey`;
  const details = { provider: id, variables };
  if (credential === undefined)
    return spec.needsKey
      ? new RepriseError('AUTH', `No API key for ${id}.`, {
          hint: `Set ${names}, or use --model demo/offline, which needs none.`,
          details,
        })
      : undefined;
  // Refused here, because what a header class says of a bad value holds the value.
  return /[^\x21-\x7e]/.test(credential)
    ? new RepriseError('AUTH', `The API key for ${id} holds a blank, a line break or a character that no key has.`, {
        hint: `Copy the key again into ${names}.`,
        details,
      })
    : undefined;
}

/** By one spelling, so that a provider's own header replaces the common one. */
function lowerCased(headers: Readonly<Record<string, string>> = {}): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}

/** The first variable that holds more than blanks, without blanks around it. */
function firstSet(names: readonly string[], env: Readonly<Record<string, string | undefined>>): string | undefined {
  for (const name of names) {
    const value = env[name]?.trim();
    if (value) return value;
  }
  return undefined;
}
