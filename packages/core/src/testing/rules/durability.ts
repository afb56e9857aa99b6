import assert from 'node:assert/strict';
import { headOf, text, texts, type Rule } from '../stage.ts';

export const durabilityRules: readonly Rule[] = [
  {
    name: 'durability: an acknowledged append is there for a second instance, while the lease is held',
    async run(stage) {
      if (stage.reopen === undefined || !stage.storage.supports.durable) return;
      const lease = await stage.acquire('one', 'new');
      for (let seq = 0; seq < 5; seq += 1) {
        await stage.append(lease, seq, [text(seq + 1)]);
        assert.deepEqual(await stage.texts('one', await stage.reopen()), texts(seq + 1));
      }
    },
  },
  {
    name: 'durability: everything is there after close and reopen',
    async run(stage) {
      if (stage.reopen === undefined || !stage.storage.supports.durable) return;
      await stage.make('one', texts(20), { title: 'Kept', messageCount: 7 });
      await stage.make('two');
      await stage.storage.remove(await stage.acquire('two'));
      await stage.storage.close();
      const storage = await stage.reopen();
      assert.deepEqual(await stage.texts('one', storage), texts(20));
      assert.deepEqual(await storage.head('one'), headOf('one', 20, { title: 'Kept', messageCount: 7 }));
      assert.deepEqual(
        (await storage.list()).items.map(({ id }) => id),
        ['one'],
      );
      const lease = await stage.acquire('one', 'existing', storage);
      await stage.append(lease, 20, [text(21)], {}, storage);
      assert.deepEqual(await stage.texts('one', storage), texts(21));
    },
  },
];
