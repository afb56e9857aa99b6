import type { Outcome } from '../contracts/turn.ts';
import type { RepriseError } from '../errors.ts';
import { isCoded } from '../errors.ts';
import { storedAfter } from '../follow/others.ts';
import type { MessageRecord } from '../records/types.ts';
import { sleep } from '../session/clock.ts';
import type { Parts } from '../session/parts.ts';
import { nothing } from '../session/perform.ts';
import { ready } from '../session/ready.ts';
import { AGAIN_MS } from './entries.ts';
import { seqOf } from './kept-keys.ts';
import type { Sent } from './taken-up.ts';
import { answered, turnOf } from './taken-up.ts';

/** How the turn ended of a message that may have been sent before; `undefined` where it was not. A turn that a crash left open is ended first. */
export async function answeredBefore(parts: Parts, ...[handle, again]: Sent): Promise<Outcome | undefined> {
  const seq = await seqOf(parts.live, again.key);
  if (seq === undefined) return undefined;
  await ready(parts);
  return answered(parts.live, seq, again, handle);
}

/**
 * The same where the session is busy: the message is joined at once, and its end waited for. Leaving ends nothing.
 * `undefined` where nothing was sent under this key, as far as the log tells.
 */
export async function underWay(parts: Parts, ...[handle, again]: Sent): Promise<Outcome | undefined> {
  const { live, running, runtime } = parts;
  const sent = live.autoSave ? await sentAs(parts, again.key) : undefined;
  if (sent === undefined) return undefined;
  const { seq, said } = sent;
  const turn = await turnOf(said, again);
  if (turn !== undefined) handle.joined(turn, seq);
  running.settled(handle);
  while (!handle.signal.aborted) {
    try {
      return await live.exclusive(async () => {
        handle.signal.throwIfAborted();
        await ready(parts);
        return answered(live, seq, again);
      });
    } catch (error) {
      if (handle.signal.aborted || !isCoded(error) || error.code !== 'SESSION_BUSY') throw error;
      await sleep(runtime.clock, AGAIN_MS, handle.signal).catch(() => undefined);
    }
  }
  return nothing('aborted', handle.signal.reason as RepriseError);
}

/** The message of this key, also of those that the process that works on the session has stored since this one last read. */
async function sentAs(
  { live, runtime }: Parts,
  key: string,
): Promise<{ readonly seq: number; readonly said?: MessageRecord } | undefined> {
  const known = await seqOf(live, key);
  const after = known === undefined ? live.state.seq : known - 1;
  for await (const { seq, record } of storedAfter(runtime.storage, live.id, after)) {
    if (record?.type === 'message' && record.key === key) return { seq, said: record };
    if (known !== undefined) break;
  }
  return known === undefined ? undefined : { seq: known };
}
