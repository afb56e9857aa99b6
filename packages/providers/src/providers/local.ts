import { compatible } from './compatible.ts';
import { trimSlashes, type ProviderSpec } from './spec.ts';

/** A server that people run on their own machine, at its usual port unless told otherwise. It may have a key and needs none. */
export function localServer({
  port,
  ...where
}: { readonly port: number; readonly keys?: readonly string[] } & Pick<
  ProviderSpec,
  'baseUrls' | 'toUrl'
>): ProviderSpec {
  return {
    ...compatible({ keys: [], ...where, defaultUrl: `http://127.0.0.1:${port}/v1` }),
    local: true,
    // All of them answer below /v1, and their own documents name the host alone as often as not.
    normalizeUrl: (url) => (new URL(url).pathname === '/' ? `${trimSlashes(url)}/v1` : trimSlashes(url)),
  };
}

/** `OLLAMA_HOST` may be a host, with or without a port; and it is what the server listens on, which may be every address. */
export function ollamaUrl(text: string): string {
  const url = text.includes('://') ? text : `http://${/:\d+$/.test(text) ? text : `${text}:11434`}`;
  return url.replace(/^(https?:\/\/)(0\.0\.0\.0|\[::\])(?=[:/]|$)/, '$1127.0.0.1');
}
