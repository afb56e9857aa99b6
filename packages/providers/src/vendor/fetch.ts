import type { ProviderSettings } from '../providers/spec.ts';

/** Which headers of a vendor's SDK are sent: its names for itself and the body's, no credentials. */
const KEPT = /^(accept|content-type|user-agent|anthropic-(version|beta)|x-stainless-.+)$/;

/**
 * A `fetch` for a vendor's SDK that decides alone which credential and which headers leave. Why: the SDKs also read
 * variables of their own (`OPENAI_API_KEY`, `OPENAI_CUSTOM_HEADERS`, …) and would send what they find to any address,
 * a local server's too.
 */
export function vendorFetch(settings: ProviderSettings, extra: Readonly<Record<string, string>>): typeof fetch {
  const send = settings.fetch ?? globalThis.fetch;
  return (input, init) => {
    const headers: Record<string, string> = {};
    for (const [name, value] of headerPairs(init?.headers)) if (KEPT.test(name)) headers[name] = value;
    return send(input, { ...init, headers: { ...headers, ...extra, ...settings.headers } });
  };
}

export function bearer(credential: string | undefined): Record<string, string> {
  return credential === undefined ? {} : { authorization: `Bearer ${credential}` };
}

/** What `fetch` takes as headers, names in lower case. */
export function* headerPairs(headers: RequestInit['headers']): Iterable<[string, string]> {
  if (!headers) return;
  const pairs = Symbol.iterator in headers ? headers : Object.entries(headers);
  for (const [name, value] of pairs) yield [String(name).toLowerCase(), String(value)];
}
