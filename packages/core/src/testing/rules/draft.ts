import assert from 'node:assert/strict';
import type { Piece } from '../../contracts/storage.ts';
import { rejects, text, type Rule } from '../stage.ts';

const piece = (step: string, offset: number, json = `{"at":${offset}}`): Piece => ({ step, attempt: 1, offset, json });

export const draftRules: readonly Rule[] = [
  {
    name: 'draft: pieces come back whole and in order, without a lease',
    async run(stage) {
      const { draft } = stage.storage;
      if (draft === undefined) return;
      await stage.make('one');
      const lease = await stage.acquire('one');
      const pieces = [piece('s', 0), piece('s', 3, '{"odd":"\\n\\u0000 é 漢"}'), { ...piece('s', 0), attempt: 2 }];
      for (const each of pieces) await draft.add(lease, each);
      for (const storage of await stage.instances()) assert.deepEqual(await storage.draft?.read('one'), pieces);
      await lease.release();
      for (const storage of await stage.instances()) assert.deepEqual(await storage.draft?.read('one'), pieces);
    },
  },
  {
    name: 'draft: a piece of another step makes the earlier ones obsolete',
    async run(stage) {
      const { draft } = stage.storage;
      if (draft === undefined) return;
      await stage.make('one');
      const lease = await stage.acquire('one');
      await draft.add(lease, piece('first', 0));
      await draft.add(lease, piece('first', 3));
      await draft.add(lease, piece('second', 0));
      assert.deepEqual(await draft.read('one'), [piece('second', 0)]);
    },
  },
  {
    name: 'draft: a step goes on under the next lease',
    async run(stage) {
      const { draft } = stage.storage;
      if (draft === undefined) return;
      await stage.make('one');
      const lease = await stage.acquire('one');
      await draft.add(lease, piece('s', 0));
      await lease.release();
      await draft.add(await stage.acquire('one'), piece('s', 1));
      assert.deepEqual(await draft.read('one'), [piece('s', 0), piece('s', 1)]);
    },
  },
  {
    name: 'draft: clear drops every piece; nothing there is an empty list',
    async run(stage) {
      const { draft } = stage.storage;
      if (draft === undefined) return;
      assert.deepEqual(await draft.read('none'), []);
      await stage.make('one');
      assert.deepEqual(await draft.read('one'), []);
      const lease = await stage.acquire('one');
      await draft.clear(lease);
      await draft.add(lease, piece('s', 0));
      await draft.clear(lease);
      assert.deepEqual(await draft.read('one'), []);
      await draft.add(lease, piece('s', 5));
      assert.deepEqual(await draft.read('one'), [piece('s', 5)]);
    },
  },
  {
    name: 'draft: FENCED without a live lease; the log and the draft are apart',
    async run(stage) {
      const { draft } = stage.storage;
      if (draft === undefined) return;
      await stage.make('one');
      const lease = await stage.acquire('one');
      await draft.add(lease, piece('s', 0));
      await stage.append(lease, 1, [text(2)]);
      assert.equal((await stage.read('one')).length, 2);
      assert.equal((await draft.read('one')).length, 1);
      await lease.release();
      await rejects('FENCED', () => draft.add(lease, piece('s', 1)));
      await rejects('FENCED', () => draft.clear(lease));
      assert.equal((await draft.read('one')).length, 1);
    },
  },
];
