import assert from 'node:assert/strict';
import { rejects, text, texts, type Rule } from '../stage.ts';

export const removeRules: readonly Rule[] = [
  {
    name: 'remove: the session is gone for every member and every instance',
    async run(stage) {
      await stage.make('one', texts(3));
      await stage.make('two');
      await stage.storage.remove(await stage.acquire('one'));
      for (const storage of await stage.instances()) {
        assert.equal(await storage.head('one'), undefined);
        assert.deepEqual(
          (await storage.list()).items.map(({ id }) => id),
          ['two'],
        );
        await rejects('SESSION_NOT_FOUND', () => stage.read('one', undefined, storage));
        await rejects('SESSION_NOT_FOUND', () => stage.acquire('one', 'existing', storage));
      }
    },
  },
  {
    name: 'remove: the lease ends with the session',
    async run(stage) {
      await stage.make('one');
      const lease = await stage.acquire('one');
      await stage.storage.remove(lease);
      await rejects('FENCED', () => stage.append(lease, 1, [text(2)]));
      await rejects('FENCED', () => stage.storage.remove(lease));
      await lease.release();
      const fresh = await stage.acquire('one', 'new');
      await lease.release();
      await stage.append(fresh, 0, [text(1)]);
    },
  },
  {
    name: 'remove: a session made again under the id begins empty',
    async run(stage) {
      const { storage } = stage;
      const first = await stage.acquire('one', 'new');
      await stage.append(first, 0, texts(3), { title: 'Old' });
      await storage.draft?.add(first, { step: 's', attempt: 1, offset: 0, json: '{}' });
      await storage.inbox?.put('one', { key: 'k', json: '{}' });
      await storage.remove(first);
      const again = await stage.acquire('one', 'new');
      assert.equal(again.head, undefined);
      await stage.append(again, 0, [text(7)]);
      assert.deepEqual(await stage.texts('one'), [text(7)]);
      assert.deepEqual((await storage.draft?.read('one')) ?? [], []);
      assert.deepEqual((await storage.inbox?.peek(again)) ?? [], []);
      await again.release();
      assert.equal((await storage.head('one'))?.title, undefined);
    },
  },
  {
    name: 'remove: needs a live lease',
    async run(stage) {
      await stage.make('one');
      const lease = await stage.acquire('one');
      await lease.release();
      await rejects('FENCED', () => stage.storage.remove(lease));
      assert.deepEqual(await stage.texts('one'), [text(1)]);
    },
  },
];
