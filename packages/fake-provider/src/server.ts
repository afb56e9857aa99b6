import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { chunksOf } from './encode.ts';
import { strayFields } from './lists.ts';
import { routeOf } from './route.ts';
import { DIALECTS, toReply } from './script.ts';
import type { Dialect, Endpoint, RecordedRequest, Reply, Scripted } from './script.ts';
import { validateRequest } from './validate.ts';

export interface FakeProviderOptions {
  /** Requests that break a rule of their dialect get a 400 that names the rules, as the real API does. */
  readonly strict?: boolean;
}

export interface FakeProvider {
  /** `http://127.0.0.1:PORT`, without a path. */
  readonly url: string;
  /** Every request of a known dialect, in order of arrival. */
  readonly requests: readonly RecordedRequest[];
  /** Queues one reply per request. A request beyond the script gets a 400 that says so (so that nobody retries it). */
  script(dialect: Dialect, ...replies: readonly Scripted[]): void;
  /** Answers whatever comes when the queue is empty. */
  fallback(dialect: Dialect, reply: Scripted): void;
  /** What a model list, a token count or a key check answers, until told otherwise. Unset: a 404, as from a server without one. */
  answer(dialect: Dialect, endpoint: Exclude<Endpoint, 'generate'>, reply: Scripted): void;
  /** The `n`th request (from 0), now or once it arrives. */
  received(n: number): Promise<RecordedRequest>;
  /** Scripted replies that nobody has fetched. */
  pending(dialect: Dialect): number;
  /** Takes back what was scripted for requests that never came, and the fallback. */
  forget(dialect: Dialect): void;
  /** Cuts every connection and stops listening. */
  close(): Promise<void>;
}

/** A server on loopback that speaks the providers' wire formats from a script. */
export async function startFakeProvider(options: FakeProviderOptions = {}): Promise<FakeProvider> {
  const requests: RecordedRequest[] = [];
  const waiting = new Map<number, ((request: RecordedRequest) => void)[]>();
  const queues = new Map<Dialect, Scripted[]>(DIALECTS.map((dialect) => [dialect, []]));
  const fallbacks = new Map<Dialect, Scripted>();
  const standing = new Map<string, Scripted>();
  const stop = new AbortController();

  const serve = async (incoming: IncomingMessage, response: ServerResponse): Promise<void> => {
    const route = routeOf(incoming);
    const bytes = await readAll(incoming);
    if (!route) {
      await send(response, failure(404, 'not_found_error', `No such path: ${incoming.url}`), stop.signal);
      return;
    }
    const request = record(route, incoming, response, bytes);
    requests.push(request);
    for (const wake of waiting.get(requests.length - 1) ?? []) wake(request);
    await send(response, await choose(request), stop.signal);
  };

  const choose = async (request: RecordedRequest): Promise<Reply> => {
    if (request.endpoint !== 'generate') return chooseStanding(request, standing);
    if (options.strict) {
      const broken = validateRequest(request);
      if (broken.length > 0)
        return failure(400, 'invalid_request_error', broken.map((b) => `${b.path}: ${b.note} [${b.rule}]`).join('; '));
    }
    const scripted = queues.get(request.dialect)?.shift() ?? fallbacks.get(request.dialect);
    if (scripted === undefined)
      return failure(400, 'invalid_request_error', `fake provider: nothing is scripted for request ${requests.length}`);
    return toReply(typeof scripted === 'function' ? await scripted(request) : scripted);
  };

  const server = createServer((incoming, response) => {
    serve(incoming, response).catch((error: unknown) => {
      if (response.headersSent) response.destroy();
      else response.writeHead(400, { 'content-type': 'text/plain' }).end(`fake provider: ${String(error)}`);
    });
  });
  server.keepAliveTimeout = 1_000;
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));

  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    script: (dialect, ...replies) => void queues.get(dialect)?.push(...replies),
    fallback: (dialect, reply) => void fallbacks.set(dialect, reply),
    answer: (dialect, endpoint, reply) => void standing.set(`${dialect} ${endpoint}`, reply),
    pending: (dialect) => queues.get(dialect)?.length ?? 0,
    forget: (dialect) => {
      queues.set(dialect, []);
      fallbacks.delete(dialect);
    },
    received: (n) => {
      const there = requests[n];
      if (there) return Promise.resolve(there);
      return new Promise((resolve) => waiting.set(n, [...(waiting.get(n) ?? []), resolve]));
    },
    close: async () => {
      stop.abort();
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      });
    },
  };
}

async function chooseStanding(request: RecordedRequest, standing: ReadonlyMap<string, Scripted>): Promise<Reply> {
  const stray = request.endpoint === 'count' ? strayFields(request) : [];
  if (stray.length > 0)
    return failure(400, 'invalid_request_error', `${stray.join(', ')}: Extra inputs are not permitted`);
  const scripted = standing.get(`${request.dialect} ${request.endpoint}`);
  if (scripted === undefined) return failure(404, 'not_found_error', `Nothing is scripted for ${request.path}`);
  return toReply(typeof scripted === 'function' ? await scripted(request) : scripted);
}

async function readAll(incoming: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

function record(
  route: Pick<RecordedRequest, 'dialect' | 'endpoint'>,
  incoming: IncomingMessage,
  response: ServerResponse,
  bytes: Buffer,
): RecordedRequest {
  const text = bytes.toString('utf8');
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    json = undefined;
  }
  return {
    ...route,
    method: incoming.method ?? '',
    path: incoming.url ?? '',
    headers: incoming.headers,
    rawHeaders: incoming.rawHeaders,
    bytes,
    text,
    json,
    at: performance.now(),
    closed: new Promise((resolve) => {
      response.once('close', () => resolve({ at: performance.now(), whole: response.writableFinished }));
    }),
  };
}

function failure(status: number, type: string, message: string): Reply {
  return { status, body: { type: 'error', error: { type, message } } };
}

async function send(response: ServerResponse, reply: Reply, stop: AbortSignal): Promise<void> {
  const gone = new AbortController();
  response.once('close', () => gone.abort());
  const signal = AbortSignal.any([gone.signal, stop]);
  const wait = (ms: number): Promise<unknown> => sleep(ms, undefined, { signal }).catch(() => undefined);

  if (reply.delayMs) await wait(reply.delayMs);
  if (signal.aborted) return;
  if (reply.events === undefined) {
    const text = typeof reply.body === 'string' ? reply.body : JSON.stringify(reply.body ?? {});
    response.writeHead(reply.status ?? 200, { 'content-type': 'application/json', ...reply.headers }).end(text);
    return;
  }
  response.writeHead(reply.status ?? 200, {
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-cache',
    ...reply.headers,
  });
  response.flushHeaders();
  response.socket?.setNoDelay(true);
  for (const chunk of chunksOf(reply)) {
    if (signal.aborted) return;
    // Each write is one HTTP chunk, and a reader gets one piece per HTTP chunk.
    if (!response.write(chunk)) await new Promise<void>((resolve) => onceEither(response, 'drain', 'close', resolve));
    if (reply.dripMs !== undefined) await wait(reply.dripMs);
    // A turn of the event loop, else the client's kernel and its stream join the pieces again.
    else if (reply.cuts !== undefined) await new Promise<void>((resolve) => setImmediate(resolve));
  }
  await finish(response, reply, signal, wait);
}

async function finish(
  response: ServerResponse,
  reply: Reply,
  signal: AbortSignal,
  wait: (ms: number) => Promise<unknown>,
): Promise<void> {
  const ending = reply.fault && reply.fault.then !== 'resume' ? (reply.fault.then ?? 'end') : (reply.ending ?? 'end');
  if (ending === 'end') response.end();
  else if (ending === 'reset') {
    // Let what was written leave first: a reset drops unsent bytes.
    await new Promise<void>((resolve) => setImmediate(resolve));
    response.socket?.resetAndDestroy();
  } else if (ending === 'keep-alive') {
    while (!signal.aborted) {
      response.write(': keep-alive\n\n');
      await wait(20);
    }
  }
}

function onceEither(response: ServerResponse, one: string, other: string, done: () => void): void {
  const settle = (): void => {
    response.off(one, settle).off(other, settle);
    done();
  };
  response.on(one, settle).on(other, settle);
}
