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
  {
    name: 'search: pages of any limit give every hit once, newest session first, of the sessions that fit',
    async run(stage) {
      const { storage } = stage;
      if (storage.search === undefined) return;
      const says = (n: number): string =>
        JSON.stringify({ type: 'message', id: `m${n}`, role: 'user', content: `a heliotrope, number ${n}` });
      await stage.make('old', [says(1), text(2), says(3)], { lastMessage: '2026-01-01T00:00:00.000Z', cwd: '/x' });
      await stage.make('new', [text(1), says(2)], { lastMessage: '2026-02-01T00:00:00.000Z', cwd: '/y' });
      for (const limit of [1, 2, 3, 100]) {
        const found: string[] = [];
        let cursor: string | undefined;
        do {
          const page = await storage.search('heliotrope', { limit, ...(cursor === undefined ? {} : { cursor }) });
          assert.ok(page.items.length <= limit, 'no page is longer than its limit');
          for (const { id, seq, excerpt } of page.items) {
            assert.match(excerpt, /heliotrope/);
            found.push(`${id} ${seq}`);
          }
          ({ cursor } = page);
        } while (cursor !== undefined);
        assert.equal(found[0], 'new 2');
        assert.deepEqual(found.toSorted(), ['new 2', 'old 1', 'old 3']);
      }
      const here = await storage.search('heliotrope', { where: { cwd: '/y' } });
      assert.deepEqual(
        here.items.map(({ id }) => id),
        ['new'],
      );
      assert.deepEqual((await storage.search('heliotropes-and-more')).items, []);
    },
  },
];
