import assert from 'node:assert/strict';
import { text, type Rule } from '../stage.ts';

export const searchRules: readonly Rule[] = [
  {
    name: 'search: finds the record that holds a word, and no removed one',
    async run(stage) {
      const { storage } = stage;
      if (storage.search === undefined) return;
      await stage.make('one', [
        text(1),
        JSON.stringify({ type: 'message', role: 'user', content: 'the heliotrope blooms' }),
      ]);
      await stage.make('two');
      const found = await storage.search('heliotrope');
      assert.deepEqual(
        found.items.map(({ id, seq }) => ({ id, seq })),
        [{ id: 'one', seq: 2 }],
      );
      await storage.remove(await stage.acquire('one'));
      assert.deepEqual((await storage.search('heliotrope')).items, []);
    },
  },
];
