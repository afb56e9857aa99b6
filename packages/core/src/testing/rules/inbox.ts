import assert from 'node:assert/strict';
import { rejects, type Rule } from '../stage.ts';

const entry = (key: string): { key: string; json: string } => ({
  key,
  json: JSON.stringify({ from: key, odd: '\0 é\n' }),
});

export const inboxRules: readonly Rule[] = [
  {
    name: 'inbox: anybody puts without a lease, the holder peeks in the order of arrival',
    async run(stage) {
      if (stage.storage.inbox === undefined) return;
      await stage.make('one');
      const lease = await stage.acquire('one');
      const keys = ['z', 'a', 'M-1_x', '10', '9', 'k'.repeat(128)];
      const instances = await stage.instances();
      for (const [at, key] of keys.entries()) await instances[at % instances.length]?.inbox?.put('one', entry(key));
      assert.deepEqual(await stage.storage.inbox.peek(lease), keys.map(entry));
      assert.deepEqual(await stage.storage.inbox.peek(lease), keys.map(entry), 'peeking takes nothing');
    },
  },
  {
    name: 'inbox: idempotent by key, and the first one counts',
    async run(stage) {
      const { inbox } = stage.storage;
      if (inbox === undefined) return;
      await stage.make('one');
      await inbox.put('one', entry('k'));
      await inbox.put('one', { key: 'k', json: '{"other":1}' });
      await Promise.all([1, 2, 3].map(() => inbox.put('one', entry('k'))));
      assert.deepEqual(await inbox.peek(await stage.acquire('one')), [entry('k')]);
    },
  },
  {
    name: 'inbox: drop takes the named entries and no other; unknown keys are nothing',
    async run(stage) {
      const { inbox } = stage.storage;
      if (inbox === undefined) return;
      await stage.make('one');
      for (const key of ['a', 'b', 'c']) await inbox.put('one', entry(key));
      const lease = await stage.acquire('one');
      await inbox.drop(lease, ['a', 'c', 'unknown']);
      assert.deepEqual(await inbox.peek(lease), [entry('b')]);
      await inbox.drop(lease, []);
      assert.deepEqual(await inbox.peek(lease), [entry('b')]);
    },
  },
  {
    name: 'inbox: entries wait for the next holder',
    async run(stage) {
      if (stage.storage.inbox === undefined) return;
      await stage.make('one');
      await stage.storage.inbox.put('one', entry('k'));
      for (const storage of await stage.instances()) {
        const lease = await stage.acquire('one', 'existing', storage);
        assert.deepEqual(await storage.inbox?.peek(lease), [entry('k')]);
        await lease.release();
      }
    },
  },
  {
    name: 'inbox: SESSION_NOT_FOUND, INVALID_INPUT for a bad key, FENCED without a live lease',
    async run(stage) {
      const { inbox } = stage.storage;
      if (inbox === undefined) return;
      await rejects('SESSION_NOT_FOUND', () => inbox.put('none', entry('k')));
      await stage.make('one');
      for (const key of ['', '.', '../x', 'a/b', 'a b', 'é', 'x'.repeat(129)]) {
        await rejects('INVALID_INPUT', () => inbox.put('one', entry(key)));
      }
      const lease = await stage.acquire('one');
      await lease.release();
      await rejects('FENCED', () => inbox.peek(lease));
      await rejects('FENCED', () => inbox.drop(lease, ['k']));
    },
  },
];
