import type { Coded, Outcome } from '@reprise/core';
import { RepriseError, isCoded, sleep, toCoded } from '@reprise/core/turn';
import type { TurnHandle } from '@reprise/core/turn';
import type { Call, Connection } from './http.ts';
import { ask } from './http.ts';
import type { SessionSide, TurnTold } from './reader.ts';
import { TurnReader } from './reader.ts';
import type { Sending } from './sending.ts';
import { resuming } from './stream.ts';

/** The server has so long to say that an aborted turn ended, once it has taken the abort. */
const ABORTED_MS = 10_000;
const NO_USAGE = { input: 0, output: 0, cached: 0, reasoning: 0, total: 0 };

/** Sends a message and tells the handle what becomes of it, until its turn ends. Never rejects. */
export async function conduct(
  connection: Connection,
  handle: TurnHandle,
  sending: Sending,
  side: SessionSide,
): Promise<Outcome> {
  const { session, key } = sending;
  const path = `/sessions/${session}`;
  const reader = new TurnReader(handle, key, side);
  const stop = new AbortController();
  // Until something is known of the message it may be sent again: under its key it is one message.
  let post: Call | undefined;
  const callFor = (after?: string): Call =>
    after === undefined && post !== undefined
      ? post
      : { method: 'GET', path: `${path}/events`, stream: { after: after ?? '0' } };
  if (handle.signal.aborted) return nothing('aborted', handle.signal.reason as Coded);
  const abort = (): void => void stopTurn(connection, path, key, reader, handle, stop);
  let heard = false;
  try {
    post = { method: 'POST', path: `${path}/messages`, body: await sending.body(), key, stream: {} };
    for await (const told of resuming(connection, callFor, stop.signal)) {
      if (!heard && handle.signal.aborted) abort();
      else if (!heard) handle.signal.addEventListener('abort', abort, { once: true });
      heard = true;
      const outcome = reader.take(told.data as TurnTold);
      if (outcome !== undefined) return outcome;
    }
    return nothing('aborted', (stop.signal.reason ?? handle.signal.reason) as Coded);
  } catch (error) {
    return nothing(handle.signal.aborted ? 'aborted' : 'failed', toCoded(error));
  } finally {
    handle.signal.removeEventListener('abort', abort);
    stop.abort();
  }
}

/** Takes the message back if it waits, else ends the turn where it runs; the stream then tells how that ended. */
async function stopTurn(
  connection: Connection,
  path: string,
  key: string,
  reader: TurnReader,
  handle: TurnHandle,
  stop: AbortController,
): Promise<void> {
  const reason = (handle.signal.reason as Error).message;
  try {
    if (reader.waits && (await takenBack(connection, `${path}/waiting/${key}`)))
      return stop.abort(handle.signal.reason);
    await ask(connection, {
      method: 'POST',
      path: `${path}/abort`,
      body: { reason },
      key: `${key.slice(0, 90)}_abort`,
    });
    await sleep(connection.clock, ABORTED_MS, stop.signal);
    stop.abort(new RepriseError('TIMEOUT', 'The server ended the turn and did not say so.'));
  } catch (error) {
    stop.abort(error);
  }
}

/** False where somebody has taken it up. */
function takenBack(connection: Connection, path: string): Promise<boolean> {
  return ask(connection, { method: 'DELETE', path }).then(
    () => true,
    (error: unknown) => {
      if (isCoded(error) && error.code === 'CONFLICT') return false;
      throw error;
    },
  );
}

/** The outcome of a message of which nothing is known. */
function nothing(status: 'aborted' | 'failed', error: Coded): Outcome {
  const finishReason = status === 'aborted' ? 'interrupted' : 'error';
  return { status, finishReason, error, tokens: 0, usage: NO_USAGE, steps: 0 };
}
