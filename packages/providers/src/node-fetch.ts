import type { Agent, ClientRequest, IncomingMessage, request } from 'node:http';
import { NodeHeaders, type HeadersLike } from './node-headers.ts';
import { bodyOf, nodeResponse } from './node-response.ts';
import { Silence } from './silence.ts';
import type { SilenceClock } from './silence.ts';

export { NodeHeaders } from './node-headers.ts';

interface Client {
  readonly request: typeof request;
  readonly agent: Agent;
}

/** What `nodeFetch` takes of `RequestInit`. */
interface Init {
  readonly method?: string | undefined;
  readonly headers?: HeadersLike | undefined;
  readonly body?: unknown;
  readonly signal?: AbortSignal | null | undefined;
}

/**
 * `fetch` over node:http(s), for what provider packages use of it: method, headers, a string or bytes as body, an abort
 * signal, and a response with status, headers and a streamed body. No cookies, no decompression (none is asked for), no
 * redirects: a 3xx is given as it is.
 *
 * Why: the first global `fetch` loads undici. Whole processes in Node 24.21 with one streamed answer over loopback, medians
 * of 15: an empty script 26 ms, bare node:http 34, this 33, the global `fetch` 81. With the AI SDK's Anthropic package in
 * one bundle: global `fetch` 125, this 114, this and `NodeHeaders` in place of the global class 103 (undici is not loaded).
 *
 * Contract: rejects as `fetch` does, with `TypeError('fetch failed', { cause })` where `cause.code` is the system's
 * (ECONNREFUSED, ECONNRESET, …), or with the signal's reason. Aborting destroys the socket at once. Nothing is
 * sent twice, so a kept connection that the server closes under a request is ECONNRESET. A connection on which no byte comes for 120 s
 * (before the answer or within it, while somebody reads) is destroyed, with ETIMEDOUT as the cause's code. HTTP_PROXY, HTTPS_PROXY and NO_PROXY
 * (or in lower case) are followed as curl and Node's own agents do, from Node 24.5 on; loopback is never asked of a proxy.
 */
export const nodeFetch: typeof globalThis.fetch = createNodeFetch();

export interface NodeFetchOptions {
  /** Milliseconds without a byte, and the connection is given up; default 120,000. Keep-alive comments are bytes. */
  readonly idleMs?: number;
  /** Default: the machine's monotonic time. */
  readonly clock?: SilenceClock;
}

const IDLE_MS = 120_000;

/** A `nodeFetch` with connections and limits of its own. */
export function createNodeFetch(
  env: Readonly<Record<string, string | undefined>> = process.env,
  options: NodeFetchOptions = {},
): typeof globalThis.fetch {
  const clients = new Map<string, Client>();
  return async (input, init) => {
    if (!(input instanceof URL) && typeof input !== 'string')
      throw new TypeError('nodeFetch takes a URL or its text, no Request object.');
    const url = new URL(input);
    return send(clientOf(clients, url, wantsProxy(env, url) ? env : undefined), url, init ?? {}, options);
  };
}

/** Whose request may go through a proxy; hosts that NO_PROXY names are left to the agent. */
function wantsProxy(env: Readonly<Record<string, string | undefined>>, { protocol, hostname }: URL): boolean {
  if (/^(localhost|127(\.\d+){3}|\[::1\])$/.test(hostname)) return false;
  const names = protocol === 'https:' ? ['https_proxy', 'HTTPS_PROXY'] : ['http_proxy', 'HTTP_PROXY'];
  return names.some((name) => env[name]);
}

/** `getBuiltinModule` loads without the 47 ms that an ESM import of node:http takes. Kept-alive sockets don't hold the process. */
function clientOf(
  clients: Map<string, Client>,
  { protocol }: URL,
  proxyEnv: Readonly<Record<string, string | undefined>> | undefined,
): Client {
  const key = `${protocol}${proxyEnv === undefined ? '' : ' through a proxy'}`;
  const known = clients.get(key);
  if (known) return known;
  if (protocol !== 'http:' && protocol !== 'https:')
    throw new TypeError('fetch failed', { cause: new Error(`unknown scheme ${protocol}`) });
  const { request, Agent } = process.getBuiltinModule(protocol === 'https:' ? 'node:https' : 'node:http');
  const client: Client = { request, agent: new Agent({ keepAlive: true, ...(proxyEnv && { proxyEnv }) }) };
  clients.set(key, client);
  return client;
}

function send(client: Client, url: URL, init: Init, options: NodeFetchOptions): Promise<Response> {
  const body = bodyOf(init.body);
  const headers: Record<string, string> = { accept: '*/*', ...Object.fromEntries(new NodeHeaders(init.headers ?? {})) };
  if (body) headers['content-length'] = String(body.byteLength);
  const signal = init.signal ?? undefined;
  const { idleMs = IDLE_MS, clock } = options;

  return new Promise<Response>((resolve, reject) => {
    if (signal?.aborted) {
      reject(signal.reason);
      return;
    }
    let message: IncomingMessage | undefined;
    const silence = new Silence(
      idleMs,
      () => {
        // Where nobody reads, the silence is ours.
        if (message?.isPaused()) return silence.again();
        const silent = Object.assign(new Error(`No byte came for ${idleMs / 1000} s.`), { code: 'ETIMEDOUT' });
        (message ?? request).destroy(silent);
      },
      clock,
    );
    const abort = (): void => {
      silence.stop();
      request.destroy();
      reject(signal?.reason);
    };
    const request: ClientRequest = client.request(
      url,
      { method: init.method ?? 'GET', headers, agent: client.agent },
      (response) => {
        message = response;
        response.once('close', () => {
          silence.stop();
          signal?.removeEventListener('abort', abort);
        });
        resolve(nodeResponse(url.href, response, signal));
        response.on('data', () => silence.heard());
      },
    );
    // Also stays on after the response has begun: a late error is the body's, and rejecting again does nothing.
    request.on('error', (error) => {
      silence.stop();
      signal?.removeEventListener('abort', abort);
      reject(signal?.aborted ? signal.reason : new TypeError('fetch failed', { cause: error }));
    });
    signal?.addEventListener('abort', abort, { once: true });
    request.end(body);
  });
}
