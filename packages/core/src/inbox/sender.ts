import type { Outcome } from '../contracts/turn.ts';
import { RepriseError, isCoded } from '../errors.ts';
import { sleep } from '../session/clock.ts';
import type { Parts } from '../session/parts.ts';
import { answerWaiting, nothing, perform } from '../session/perform.ts';
import { ready } from '../session/ready.ts';
import type { TurnHandle } from '../turn/handle.ts';
import { runTurn } from '../turn/run.ts';
import type { Said } from '../turn/said.ts';
import { letterEntry } from './entries.ts';
import { waitingMessages } from './holder.ts';
import { takenUp } from './taken-up.ts';

/** Whoever waits for a busy session looks again so often. */
export const AGAIN_MS = 200;

export interface Waiting extends Said {
  readonly key: string;
  readonly mode: 'queue' | 'steer';
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
      if (!waits) return takenUp(parts, handle, message.key, message.text);
      await answerWaiting(parts, message.key);
      return perform(parts, handle, (context) => runTurn(context, message));
    });
  } catch (error) {
    if (isCoded(error) && error.code === 'SESSION_BUSY') return undefined;
    throw error;
  }
}
