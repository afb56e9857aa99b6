import type { Clock, Coded, ErrorCode } from '@reprise/core';
import { RepriseError, isCoded, sleep } from '@reprise/core/turn';

export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

export interface Connection {
  /** Without a slash at its end. */
  readonly url: string;
  readonly token: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly fetch: Fetch;
  readonly clock: Clock;
  /** In [0, 1). */
  readonly random: () => number;
  readonly timeoutMs: number;
  readonly idleMs: number;
  readonly patienceMs: number;
}

export interface Call {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  /** Below `/v1`. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number | boolean | readonly string[] | undefined>>;
  readonly body?: unknown;
  /** With it the server does once what it is asked twice, so a broken connection is no reason to give up. */
  readonly key?: string;
  readonly ifMatch?: number;
  /** The answer is an event stream that goes on behind this position. */
  readonly stream?: { readonly after?: string };
  readonly signal?: AbortSignal;
}

/** Tries of a request that may be repeated, where the server can't be reached. */
const TRIES = 3;
const BASE_MS = 150;

/** The answer as JSON; `undefined` where there is none. Rejects with the server's code, or NETWORK or TIMEOUT where there is no server. */
export function ask<T>(connection: Connection, call: Call): Promise<T> {
  return trying(connection, call, async () => {
    const response = await send(connection, call);
    const text = await bodyOf(response, connection);
    return (text === '' ? undefined : parsed(text, connection)) as T;
  });
}

/** The answer as it is. */
export function bytesOf(connection: Connection, call: Call): Promise<Uint8Array> {
  return trying(connection, call, async () => {
    const response = await send(connection, call);
    try {
      return new Uint8Array(await response.arrayBuffer());
    } catch (error) {
      throw unreachable(connection.url, error);
    }
  });
}

/** A good answer. The body is the caller's to read. */
export function request(connection: Connection, call: Call): Promise<Response> {
  return trying(connection, call, () => send(connection, call));
}

/** Again where the connection broke, if asking twice does no harm. */
async function trying<T>(connection: Connection, call: Call, work: () => Promise<T>): Promise<T> {
  const { clock, random } = connection;
  const tries = call.method === 'GET' || call.key !== undefined ? TRIES : 1;
  for (let tried = 1; ; tried += 1) {
    try {
      return await work();
    } catch (error) {
      if (!isCoded(error) || error.code !== 'NETWORK' || tried >= tries || call.signal?.aborted) throw error;
      await sleep(clock, random() * BASE_MS * 2 ** tried, call.signal ?? new AbortController().signal);
    }
  }
}

async function send(connection: Connection, call: Call): Promise<Response> {
  const { token, headers, clock, timeoutMs } = connection;
  const { method, body, key, ifMatch, stream, signal } = call;
  const stop = new AbortController();
  const late = (): void =>
    stop.abort(new RepriseError('TIMEOUT', `${connection.url} did not answer in ${timeoutMs / 1000} s.`));
  const cancel = clock.timer(timeoutMs, late, { unref: true });
  const leave = (): void => stop.abort(signal?.reason);
  signal?.addEventListener('abort', leave, { once: true });
  if (signal?.aborted) leave();
  try {
    const response = await connection.fetch(urlOf(connection, call), {
      method,
      headers: {
        ...headers,
        Authorization: `Bearer ${token}`,
        Accept: stream === undefined ? 'application/json' : 'text/event-stream',
        ...(body !== undefined && { 'Content-Type': 'application/json' }),
        ...(key !== undefined && { 'Idempotency-Key': key }),
        ...(ifMatch !== undefined && { 'If-Match': `"${ifMatch}"` }),
        ...(stream?.after !== undefined && { 'Last-Event-ID': stream.after }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      // A server that answers from elsewhere is not the one that the token is for.
      redirect: 'error',
      signal: stop.signal,
    });
    if (response.ok) return response;
    throw await failureOf(response, connection);
  } catch (error) {
    if (stop.signal.aborted) throw stop.signal.reason;
    if (isCoded(error)) throw error;
    throw unreachable(connection.url, error);
  } finally {
    cancel();
    // A stream is stopped by its reader.
    if (stream === undefined) signal?.removeEventListener('abort', leave);
  }
}

function urlOf({ url }: Connection, { path, query = {} }: Call): string {
  const known = Object.entries(query).flatMap(([name, value = []]): [string, string][] =>
    [value].flat().map((one) => [name, String(one)]),
  );
  const words = new URLSearchParams(known).toString();
  return `${url}/v1${path}${words === '' ? '' : `?${words}`}`;
}

export function unreachable(url: string, cause: unknown): RepriseError {
  return new RepriseError('NETWORK', `The connection to ${url} failed.`, {
    cause,
    hint: 'See that the server runs there: reprise serve',
  });
}

async function bodyOf(response: Response, { url }: Connection): Promise<string> {
  try {
    return await response.text();
  } catch (error) {
    throw unreachable(url, error);
  }
}

async function failureOf(response: Response, connection: Connection): Promise<Coded> {
  const text = await bodyOf(response, connection);
  if (response.headers.get('content-type')?.includes('problem+json')) {
    const problem = errorOf(parsed(text, connection));
    if (problem !== undefined) return problem;
  }
  return new RepriseError(
    'NETWORK',
    `${connection.url} answered ${response.status}, and not as a Reprise server does.`,
    {
      hint: 'See that the URL is that of the server, and what stands in between.',
      details: { status: response.status },
    },
  );
}

/** The error that problem details (RFC 9457) tell of; `undefined` for anything else. */
export function errorOf(problem: unknown): Coded | undefined {
  const { code, detail, hint, retryAt, details } = Object(problem) as Record<string, unknown>;
  if (typeof code !== 'string' || typeof detail !== 'string') return undefined;
  return new RepriseError(code as ErrorCode, detail, {
    ...(typeof hint === 'string' && { hint }),
    ...(typeof retryAt === 'string' && { retryAt }),
    ...(typeof details === 'object' && details !== null && { details: details as Record<string, unknown> }),
  });
}

function parsed(text: string, { url }: Connection): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new RepriseError('NETWORK', `${url} answered with what is no JSON.`, { cause: error });
  }
}
