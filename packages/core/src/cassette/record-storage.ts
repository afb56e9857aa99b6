import type { SessionStorage } from '../contracts/storage.ts';
import type { Rec } from '../records/types.ts';
import { readable, records } from '../session/load.ts';
import type { Log } from './log.ts';
import { over } from './over.ts';

/** So many sessions are remembered. One that was forgotten is introduced again, which says the same twice. */
const KNOWN = 10_000;

/** The same store. Nothing that goes wrong with the recording reaches who appends. */
export function recordedStorage(storage: SessionStorage, log: Log, most = KNOWN): SessionStorage {
  /** Sessions whose records so far are recorded, the one that was written last at the end. */
  const known = new Set<string>();
  const add = (session: string, seq: number, json: string, before?: true): void => {
    const record = JSON.parse(json) as Rec;
    log.add({ type: 'record', session, seq, ...(before && { before }), record });
  };
  /** What was there before the first record of ours. */
  const introduce = async (id: string, through: number): Promise<void> => {
    const before = known.delete(id);
    known.add(id);
    if (known.size > most) known.delete(known.values().next().value as string);
    if (before || through === 0) return;
    try {
      // What can't be read is not there when it is played again either.
      for await (const stored of records(storage.read(id, { before: through + 1 }), []))
        if (readable(stored, []) !== undefined) add(id, stored.seq, stored.json, true);
    } catch (error) {
      log.stop(error);
    }
  };
  return over<SessionStorage>(storage, {
    async append(lease, batch) {
      await introduce(lease.id, batch.expected);
      await storage.append(lease, batch);
      batch.records.forEach((json, i) => add(lease.id, batch.expected + i + 1, json));
    },
  });
}
