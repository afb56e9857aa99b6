import type { Outcome } from '../contracts/turn.ts';
import { RepriseError, isCoded } from '../errors.ts';
import { sleep } from '../session/clock.ts';
import type { Parts } from '../session/parts.ts';
import { answerWaiting, nothing, perform } from '../session/perform.ts';
import { ready } from '../session/ready.ts';
import type { TurnHandle } from '../turn/handle.ts';
import { runTurn } from '../turn/run.ts';
import type { Said } from '../turn/said.ts';
import { AGAIN_MS, cancelEntry, letterEntry } from './entries.ts';
import { waitingMessages } from './holder.ts';
import { takenUp } from './taken-up.ts';

export interface Waiting extends Said {
  readonly key: string;
  readonly mode: 'queue' | 'steer';
}

/**
 * Leaves a message for whoever works on the session, and sees to it that it is answered: by the turn that runs there, or by a turn of ours
 * as soon as the session is free. Stored before anything else, so it survives this process too.
 */
export async function sendAndWait(parts: Parts, handle: TurnHandle, message: Waiting): Promise<Outcome> {
  const { live, runtime, running } = parts;
  const { inbox } = runtime.storage;
  if (inbox === undefined || !live.autoSave) {
    throw new RepriseError('UNSUPPORTED', 'This store keeps no messages for a busy session.', {
      hint: 'Send the message again when the turn has ended.',
    });
  }
  const { key } = message;
  await inbox.put(live.id, letterEntry({ kind: 'message', ...message }));
  running.settled(handle);
  handle.queued(key);
  for (;;) {
    const outcome = await whenFreeOrLeft(parts, handle, message);
    if (outcome === 'left') break;
    if (outcome !== undefined) return outcome;
    if (!(await again(parts, handle))) break;
  }
  await inbox.put(live.id, cancelEntry(key));
  return nothing('aborted', handle.signal.reason as RepriseError);
}

async function again({ runtime }: Parts, { signal }: TurnHandle): Promise<boolean> {
  return sleep(runtime.clock, AGAIN_MS, signal).then(
    () => true,
    () => false,
  );
}

/** As `whenFree`; `left` where the handle is aborted while the message waits: the turn that runs before it is not waited for. */
function whenFreeOrLeft(parts: Parts, handle: TurnHandle, message: Waiting): Promise<Outcome | 'left' | undefined> {
  return new Promise((resolve, reject) => {
    const leave = (): void => resolve('left');
    handle.signal.addEventListener('abort', leave, { once: true });
    if (handle.signal.aborted) leave();
    const stay = (): void => handle.signal.removeEventListener('abort', leave);
    whenFree(parts, handle, message, stay).then(resolve, reject).finally(stay);
  });
}

/**
 * The outcome once the session is free: of our turn, or of the one that took the message up. `undefined` while it is busy. `begun`: whatever
 * follows is the turn's to end.
 */
async function whenFree(
  parts: Parts,
  handle: TurnHandle,
  message: Waiting,
  begun: () => void,
): Promise<Outcome | undefined> {
  const { live } = parts;
  try {
    return await live.exclusive(async () => {
      handle.signal.throwIfAborted();
      begun();
      await ready(parts);
      const waits = (await waitingMessages(live)).some(({ key }) => key === message.key);
      if (!waits) return takenUp(parts, handle, message);
      await answerWaiting(parts, handle, message.key);
      return perform(parts, handle, (context) => runTurn(context, message));
    });
  } catch (error) {
    if (isCoded(error) && error.code === 'SESSION_BUSY') return undefined;
    throw error;
  }
}
