import type { SessionStorage } from '../contracts/storage.ts';
import { encode } from '../records/codec.ts';
import type { Rec } from '../records/types.ts';
import { headOf } from '../state/head.ts';
import { memoryStorage } from '../storage/memory.ts';
import { isAside } from './aside.ts';
import { over } from './over.ts';
import type { TurnScene } from './scene.ts';

/** A store in memory with the history before the turn. `appended` is told of each append after that. */
export async function storeBefore(
  { session: id, before, state }: TurnScene,
  appended: (store: SessionStorage, count: number) => Promise<void>,
): Promise<{ readonly storage: SessionStorage; added(): Promise<Rec[]> }> {
  const memory = memoryStorage();
  const lease = await memory.acquire(id, { owner: { name: 'replay' }, expect: 'new' });
  const records = before.map(({ record }) => encode(record));
  await memory.append(lease, { expected: 0, records, head: headOf(id, state) });
  await lease.release();
  const storage = over<SessionStorage>(memory, {
    async append(held, batch) {
      await memory.append(held, batch);
      const told = batch.records.filter((json) => !isAside(JSON.parse(json) as Rec));
      if (told.length > 0) await appended(memory, told.length);
    },
  });
  return {
    storage,
    async added() {
      const found: Rec[] = [];
      for await (const page of memory.read(id, { after: before.length }))
        for (const { json } of page) found.push(JSON.parse(json) as Rec);
      return found.filter((record) => !isAside(record));
    },
  };
}
