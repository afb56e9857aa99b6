import assert from 'node:assert/strict';
import type { Query, SessionStorage } from '../../contracts/storage.ts';
import { rejects, text, type Rule, type Stage } from '../stage.ts';

const at = (minute: number): string => new Date(Date.UTC(2026, 0, 1, 0, minute)).toISOString();

/** The ids of a whole listing, page by page. */
async function walk(storage: SessionStorage, query: Query = {}): Promise<readonly string[]> {
  const ids: string[] = [];
  let cursor: string | undefined;
  do {
    const page = await storage.list({ ...query, ...(cursor === undefined ? {} : { cursor }) });
    assert.ok(page.items.length <= (query.limit ?? 100), 'no page is longer than its limit');
    assert.ok(page.items.length > 0 || page.cursor === undefined, 'an empty page is the last one');
    ids.push(...page.items.map(({ id }) => id));
    cursor = page.cursor;
  } while (cursor !== undefined);
  return ids;
}

async function several(stage: Stage): Promise<void> {
  await stage.make('a', [text(1)], { createdAt: at(1), lastMessage: at(9), cwd: '/x', tags: ['red'] });
  await stage.make('b', [text(1)], { createdAt: at(2), lastMessage: at(5), model: 'm/other', status: 'error' });
  await stage.make('c', [text(1)], { createdAt: at(3), lastMessage: at(5), cwd: '/x', tags: ['red', 'blue'] });
  await stage.make('d', [text(1)], {
    createdAt: at(3),
    lastMessage: at(7),
    parent: { id: 'a', seq: 1 },
    status: 'active',
  });
}

/** A copy of `a` and a sub-session of it. */
async function relatives(stage: Stage): Promise<void> {
  await several(stage);
  await stage.make('e', [text(1)], {
    createdAt: at(4),
    lastMessage: at(8),
    parent: { id: 'a', seq: 1, kind: 'spawn' },
  });
}

export const listRules: readonly Rule[] = [
  {
    name: 'list: newest last message first, ties by id; by creation where asked',
    async run(stage) {
      await several(stage);
      for (const storage of await stage.instances()) {
        assert.deepEqual(await walk(storage), ['a', 'd', 'b', 'c']);
        assert.deepEqual(await walk(storage, { order: 'created' }), ['c', 'd', 'b', 'a']);
      }
    },
  },
  {
    name: 'list: pages of any limit give every session once; no cursor on the last page',
    async run(stage) {
      await several(stage);
      for (const order of ['lastMessage', 'created'] as const) {
        const whole = await walk(stage.storage, { order });
        for (const limit of [1, 2, 3, 4, 1000]) assert.deepEqual(await walk(stage.storage, { order, limit }), whole);
      }
      assert.equal((await stage.storage.list({ limit: 4 })).cursor, undefined);
    },
  },
  {
    name: 'list: 100 sessions a page unless asked otherwise',
    async run(stage) {
      for (let n = 0; n < 101; n += 1) await stage.make(`s${n}`);
      const page = await stage.storage.list();
      assert.equal(page.items.length, 100);
      assert.equal((await walk(stage.storage)).length, 101);
    },
  },
  {
    name: 'list: each condition of `where` counts, all together',
    async run(stage) {
      await several(stage);
      const found = (where: NonNullable<Query['where']>, more: Query = {}): Promise<readonly string[]> =>
        walk(stage.storage, { ...more, where });
      assert.deepEqual(await found({ cwd: '/x' }), ['a', 'c']);
      assert.deepEqual(await found({ parent: 'a' }), ['d']);
      assert.deepEqual(await found({ tag: 'red' }), ['a', 'c']);
      assert.deepEqual(await found({ tag: 're' }), []);
      assert.deepEqual(await found({ model: 'm/other' }), ['b']);
      assert.deepEqual(await found({ status: 'active' }), ['d']);
      assert.deepEqual(await found({ since: at(7) }), ['a', 'd']);
      assert.deepEqual(await found({ since: at(3) }, { order: 'created', limit: 1 }), ['c', 'd']);
      assert.deepEqual(await found({ cwd: '/x', tag: 'blue' }), ['c']);
    },
  },
  {
    name: 'list: sub-sessions alone, or without them; a head keeps what it is',
    async run(stage) {
      await relatives(stage);
      for (const storage of await stage.instances()) {
        assert.deepEqual(await walk(storage), ['a', 'e', 'd', 'b', 'c']);
        assert.deepEqual(await walk(storage, { where: { spawned: false }, limit: 2 }), ['a', 'd', 'b', 'c']);
        assert.deepEqual(await walk(storage, { where: { spawned: true } }), ['e']);
        assert.deepEqual(await walk(storage, { where: { spawned: true, parent: 'b' } }), []);
        assert.deepEqual(await walk(storage, { where: { parent: ['b', 'a', 'none'] } }), ['e', 'd']);
        assert.deepEqual((await storage.head('e'))?.parent, { id: 'a', seq: 1, kind: 'spawn' });
      }
    },
  },
  {
    name: 'list: a bad cursor is INVALID_INPUT',
    async run(stage) {
      await several(stage);
      for (const cursor of ['', 'x', '%', 'e30', '{}', 'AAAA']) {
        await rejects('INVALID_INPUT', () => stage.storage.list({ cursor }));
      }
    },
  },
  {
    name: 'list: sessions without a record and removed ones are passed over',
    async run(stage) {
      await stage.acquire('begun', 'new');
      await stage.make('gone');
      await stage.make('here');
      await stage.storage.remove(await stage.acquire('gone'));
      for (const storage of await stage.instances()) assert.deepEqual(await walk(storage), ['here']);
    },
  },
  {
    name: 'list: an empty store gives an empty last page',
    async run(stage) {
      assert.deepEqual(await stage.storage.list(), { items: [] });
    },
  },
];
