import type { LiveSession } from '../session/live.ts';
import { readable } from '../session/load.ts';
import { mayHold } from '../state/keys.ts';

/** Whether a message of this key is stored, wherever in the log. */
export async function knows(live: LiveSession, key: string): Promise<boolean> {
  return (await seqOf(live, key)) !== undefined;
}

/** The record of the message of this key. The log is read only for a key that is not in the window and that the state may remember. */
export async function seqOf(live: LiveSession, key: string): Promise<number | undefined> {
  const { entries, keys } = live.state;
  if (!mayHold(keys, key)) return undefined;
  for (const { seq, record } of entries) if (record.type === 'message' && record.key === key) return seq;
  const quoted = JSON.stringify(key);
  for await (const stored of live.records(0, [])) {
    // Nothing else is parsed.
    const record = stored.json.includes(quoted) ? readable(stored, []) : undefined;
    if (record?.type === 'message' && record.key === key) return stored.seq;
  }
  return undefined;
}
