import { RepriseError, isCoded } from '../errors.ts';
import { sleep } from '../session/clock.ts';
import type { Parts } from '../session/parts.ts';
import { ready } from '../session/ready.ts';
import { AGAIN_MS, cancelEntry, letterEntry } from './entries.ts';
import { knows } from './kept-keys.ts';

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

/** Takes a message back that nobody has taken up. */
export async function withdraw({ live, runtime }: Parts, key: string): Promise<void> {
  const { inbox } = runtime.storage;
  if (inbox === undefined || !live.autoSave) {
    throw new RepriseError('UNSUPPORTED', 'This store keeps no messages for a busy session.');
  }
  await live.refresh();
  if (await knows(live, key)) {
    throw new RepriseError('CONFLICT', `The message ${key} was taken up already.`, {
      hint: 'Abort the turn that answers it.',
    });
  }
  await inbox.put(live.id, cancelEntry(key));
}
