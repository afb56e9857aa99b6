import type { Outcome } from '../contracts/turn.ts';
import { RepriseError, isCoded } from '../errors.ts';
import { sleep } from '../session/clock.ts';
import type { Parts } from '../session/parts.ts';
import { answerWaiting, nothing, perform } from '../session/perform.ts';
import { ready } from '../session/ready.ts';
import { NO_USAGE } from '../state/state.ts';
import { lastMessage } from '../turn/outcome.ts';
import type { TurnHandle } from '../turn/handle.ts';
import { runTurn } from '../turn/run.ts';
import { letterEntry } from './entries.ts';
import { waitingMessages } from './holder.ts';

/** Whoever waits for a busy session looks again so often. */
const AGAIN_MS = 200;

export interface Waiting {
  readonly key: string;
  readonly mode: 'queue' | 'steer';
  readonly text: string;
}

/**
 * Leaves a message for whoever works on the session, and sees to it that it is answered: by the turn that runs there, or by a turn of ours
 * as soon as the session is free. Stored before anything else, so it survives this process too.
 */
export async function sendAndWait(parts: Parts, handle: TurnHandle, message: Waiting): Promise<Outcome> {
  const { live, runtime } = parts;
  const { inbox } = runtime.storage;
  if (inbox === undefined || !live.autoSave) {
    throw new RepriseError('UNSUPPORTED', 'This store keeps no messages for a busy session.', {
      hint: 'Send the message again when the turn has ended.',
    });
  }
  const { key } = message;
  await inbox.put(live.id, letterEntry({ kind: 'message', ...message }));
  handle.queued(key);
  for (;;) {
    const outcome = await whenFree(parts, handle, message);
    if (outcome !== undefined) return outcome;
    try {
      await sleep(runtime.clock, AGAIN_MS, handle.signal);
    } catch {
      await inbox.put(live.id, letterEntry({ kind: 'cancel', key: `cancel_${key}`.slice(0, 128), message: key }));
      return nothing('aborted', handle.signal.reason as RepriseError);
    }
  }
}

/** The outcome once the session is free: of our turn, or of the one that took the message up. `undefined` while it is busy. */
async function whenFree(parts: Parts, handle: TurnHandle, message: Waiting): Promise<Outcome | undefined> {
  const { live } = parts;
  try {
    return await live.exclusive(async () => {
      handle.signal.throwIfAborted();
      await ready(parts);
      const waits = (await waitingMessages(live)).some(({ key }) => key === message.key);
      if (!waits) return takenUp(parts, message.key);
      await answerWaiting(parts, message.key);
      return perform(parts, handle, (context) => runTurn(context, message.text, message.key));
    });
  } catch (error) {
    if (isCoded(error) && error.code === 'SESSION_BUSY') return undefined;
    throw error;
  }
}

/** How the turn ended that somebody else answered the message in. */
function takenUp({ live }: Parts, key: string): Outcome {
  const entries = live.state.entries.toArray();
  const at = entries.findIndex(({ record }) => record.type === 'message' && record.key === key);
  const record = entries[at]?.record;
  const turn = record?.type === 'message' ? record.turn : undefined;
  const last = entries
    .slice(at + 1)
    .findLast((entry) => entry.record.type === 'step' && entry.record.turn === turn)?.record;
  if (at < 0) return nothing('aborted', new RepriseError('ABORTED', 'The message was taken back.'));
  const message = last?.type === 'step' ? { message: lastMessage(live.state, last) } : {};
  const finishReason = last?.type === 'step' ? last.finishReason : 'other';
  return { status: 'done', finishReason, ...message, tokens: 0, usage: NO_USAGE, steps: 0 };
}

/** Ends the turn that runs on a session, in whichever process. Resolves once nothing runs there. */
export async function abortTurns(parts: Parts, reason: string): Promise<void> {
  const { live, runtime, running } = parts;
  if (running.size > 0) {
    await Promise.all([...running].map((turn) => turn.abort(reason)));
    return;
  }
  const { inbox } = runtime.storage;
  const deadline = runtime.clock.now() + ABORT_MS;
  let told = false;
  for (;;) {
    try {
      return await live.exclusive(() => ready(parts));
    } catch (error) {
      if (!isCoded(error) || error.code !== 'SESSION_BUSY' || inbox === undefined) throw error;
    }
    if (!told) await inbox.put(live.id, letterEntry({ kind: 'abort', key: runtime.ids('message'), reason }));
    told = true;
    if (runtime.clock.now() > deadline) {
      throw new RepriseError('TIMEOUT', 'The other process did not end its turn.', { hint: 'Stop that process.' });
    }
    await sleep(runtime.clock, AGAIN_MS, new AbortController().signal);
  }
}

/** Tools have two seconds to stop, and the holder looks twice a second. */
const ABORT_MS = 10_000;
