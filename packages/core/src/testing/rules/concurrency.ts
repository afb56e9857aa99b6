import assert from 'node:assert/strict';
import { isCoded } from '../../errors.ts';
import { text, texts, type Rule } from '../stage.ts';

/** The codes of all that failed; the values of all that didn't. */
async function outcomes<T>(
  work: readonly Promise<T>[],
): Promise<{ readonly won: readonly T[]; readonly codes: readonly string[] }> {
  const settled = await Promise.allSettled(work);
  const won = settled.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
  const codes = settled.flatMap((each) => {
    if (each.status === 'fulfilled') return [];
    return [isCoded(each.reason) ? each.reason.code : String(each.reason)];
  });
  return { won, codes };
}

export const concurrencyRules: readonly Rule[] = [
  {
    name: 'concurrency: of many who acquire at once exactly one wins',
    async run(stage) {
      const instances = await stage.instances();
      const fresh = await outcomes(
        Array.from({ length: 10 }, (_, at) => stage.acquire('one', 'new', instances[at % instances.length])),
      );
      assert.equal(fresh.won.length, 1);
      assert.deepEqual(new Set(fresh.codes), new Set(['SESSION_BUSY']));
      await fresh.won[0]?.release();
      await stage.make('two');
      const again = await outcomes(
        Array.from({ length: 10 }, (_, at) => stage.acquire('two', 'existing', instances[at % instances.length])),
      );
      assert.equal(again.won.length, 1);
      assert.deepEqual(new Set(again.codes), new Set(['SESSION_BUSY']));
    },
  },
  {
    name: 'concurrency: of many appends at one expected seq exactly one wins',
    async run(stage) {
      await stage.make('one', texts(3));
      const lease = await stage.acquire('one');
      const { won, codes } = await outcomes(
        Array.from({ length: 50 }, (_, at) => stage.append(lease, 3, [text(100 + at)])),
      );
      assert.equal(won.length, 1);
      assert.deepEqual(new Set(codes), new Set(['CONFLICT']));
      assert.equal((await stage.read('one')).length, 4);
    },
  },
  {
    name: 'concurrency: readers beside a writer see whole records in order, at any moment',
    async run(stage) {
      const lease = await stage.acquire('one', 'new');
      await stage.append(lease, 0, [text(1)]);
      const instances = await stage.instances();
      let writing = true;
      const readers = instances.map(async (storage) => {
        while (writing) {
          const records = await stage.read('one', undefined, storage);
          assert.ok(records.every(({ seq, json }, at) => seq === at + 1 && json === text(at + 1)));
          await new Promise((resolve) => setImmediate(resolve));
        }
      });
      const reading = Promise.allSettled(readers);
      try {
        for (let seq = 1; seq < 60; seq += 3) {
          await stage.append(lease, seq, texts(3, seq + 1));
          await new Promise((resolve) => setImmediate(resolve));
        }
      } finally {
        writing = false;
      }
      for (const each of await reading) if (each.status === 'rejected') throw each.reason;
    },
  },
];
