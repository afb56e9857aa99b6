import { createParser } from 'eventsource-parser';
import { RepriseError, isCoded, sleep } from '@reprise/core/turn';
import type { Call, Connection } from './http.ts';
import { errorOf, request, unreachable } from './http.ts';

/** One event of a stream. */
export interface Told {
  /** A position in the session, for what is stored or shown. */
  readonly id?: string;
  readonly event: string;
  readonly data: unknown;
}

/** Characters of one event; a longer one is no event of ours. */
const LONGEST_EVENT = 256 * 1024 * 1024;
const BASE_MS = 100;
const LONGEST_WAIT_MS = 5000;
/** A server may ask for so long a wait, and no longer. */
const LONGEST_ASKED_MS = 60_000;

/**
 * The events of a session's stream, across broken connections: each begins right behind the last event of the one before it. `callFor` gives the
 * request for a position. Ends when its reader leaves or `signal` aborts; rejects with the server's error, or with NETWORK once the server could not
 * be reached for `patienceMs`.
 */
export async function* resuming(
  connection: Connection,
  callFor: (after: string | undefined) => Call,
  signal: AbortSignal,
  from?: string,
): AsyncGenerator<Told, void, void> {
  const { clock, random, patienceMs } = connection;
  let after = from;
  let failures = 0;
  let since: number | undefined;
  let heard = false;
  while (!signal.aborted) {
    let broken: unknown;
    let wait = 0;
    let asking = true;
    try {
      const response = await request(connection, { ...callFor(after), signal });
      asking = false;
      for await (const told of eventsOf(response, connection, signal)) {
        failures = 0;
        since = undefined;
        heard = true;
        if (told.event === 'error')
          throw errorOf(told.data) ?? new RepriseError('INTERNAL', 'The server told of an error without a code.');
        if (told.id !== undefined) after = told.id;
        yield told;
      }
    } catch (error) {
      if (signal.aborted) return;
      // What was begun goes on once the server has room again; who only begins is told.
      if (asking && heard) wait = waitOf(error, clock.now());
      if (wait === 0 && (!isCoded(error) || error.code !== 'NETWORK')) throw error;
      broken = error;
    }
    since ??= clock.now();
    if (clock.now() - since >= patienceMs) throw broken ?? unreachable(connection.url, undefined);
    failures += 1;
    wait = Math.max(wait, random() * Math.min(LONGEST_WAIT_MS, BASE_MS * 2 ** failures));
    await sleep(clock, wait, signal).catch(() => undefined);
  }
}

/** Milliseconds after which a server that has no room now may be asked again; 0 for every other error. */
function waitOf(error: unknown, now: number): number {
  if (!isCoded(error) || (error.code !== 'RATE_LIMIT' && error.code !== 'OVERLOADED')) return 0;
  const wait = Date.parse(error.retryAt ?? '') - now;
  return wait > 0 ? Math.min(wait, LONGEST_ASKED_MS) : BASE_MS;
}

/** The events of one answer, to its end. NETWORK where the connection breaks, or says nothing for `idleMs`: a living one has heartbeats. */
async function* eventsOf(
  response: Response,
  connection: Connection,
  signal: AbortSignal,
): AsyncGenerator<Told, void, void> {
  const reader = response.body?.getReader();
  if (reader === undefined) return;
  const ready: Told[] = [];
  const parser = createParser({
    maxBufferSize: LONGEST_EVENT,
    onEvent: ({ id, event = 'message', data }) =>
      void ready.push({ event, data: JSON.parse(data), ...(id !== undefined && { id }) }),
  });
  const decoder = new TextDecoder();
  const leave = (): void => void reader.cancel().catch(() => undefined);
  signal.addEventListener('abort', leave, { once: true });
  try {
    for (;;) {
      const { done, value } = await inTime(connection, reader.read());
      if (done) return;
      parser.feed(decoder.decode(value, { stream: true }));
      for (const told of ready.splice(0)) {
        if (signal.aborted) return;
        yield told;
      }
    }
  } catch (error) {
    throw isCoded(error) ? error : unreachable(connection.url, error);
  } finally {
    signal.removeEventListener('abort', leave);
    leave();
  }
}

async function inTime<T>({ clock, idleMs, url }: Connection, read: Promise<T>): Promise<T> {
  const late = Promise.withResolvers<never>();
  const cancel = clock.timer(
    idleMs,
    () => late.reject(unreachable(url, new Error(`Nothing came for ${idleMs / 1000} s.`))),
    { unref: true },
  );
  try {
    return await Promise.race([read, late.promise]);
  } finally {
    cancel();
  }
}
