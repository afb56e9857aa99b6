import assert from 'node:assert/strict';
import { rejects, text, texts, type Rule } from '../stage.ts';

export const lifecycleRules: readonly Rule[] = [
  {
    name: 'lifecycle: names its contract and what it supports',
    async run({ storage }) {
      assert.equal(storage.contract, 1);
      assert.equal(typeof storage.supports.durable, 'boolean');
      assert.ok(['one', 'many'].includes(storage.supports.processes));
      assert.equal(typeof storage.supports.takeover, 'boolean');
    },
  },
  {
    name: 'lifecycle: a session exists from its first append on',
    async run(stage) {
      const lease = await stage.acquire('one', 'new');
      for (const storage of await stage.instances()) {
        assert.equal(await storage.head('one'), undefined);
        assert.deepEqual((await storage.list()).items, []);
        await rejects('SESSION_NOT_FOUND', () => stage.read('one', undefined, storage));
      }
      await stage.append(lease, 0, [text(1)]);
      for (const storage of await stage.instances()) {
        assert.equal((await storage.head('one'))?.seq, 1);
        assert.equal((await storage.list()).items.length, 1);
        assert.deepEqual(await stage.texts('one', storage), [text(1)]);
      }
    },
  },
  {
    name: 'lifecycle: a new lease released before its first append leaves nothing that blocks the id',
    async run(stage) {
      for (const storage of await stage.instances()) {
        const lease = await stage.acquire('one', 'new', storage);
        await storage.draft?.add(lease, { step: 's', attempt: 1, offset: 0, json: '{}' });
        await lease.release();
        assert.equal(await storage.head('one'), undefined);
        assert.deepEqual((await storage.list()).items, []);
        assert.deepEqual((await storage.draft?.read('one')) ?? [], []);
        await rejects('SESSION_NOT_FOUND', () => stage.acquire('one', 'existing', storage));
      }
      await stage.make('one');
    },
  },
  {
    name: 'lifecycle: a first append that is refused makes no session, and the lease may try again',
    async run(stage) {
      const lease = await stage.acquire('one', 'new');
      await rejects('INVALID_INPUT', () => stage.append(lease, 0, ['no']));
      await rejects('CONFLICT', () => stage.append(lease, 1, [text(1)]));
      assert.equal(await stage.storage.head('one'), undefined);
      await stage.append(lease, 0, [text(1)]);
      assert.deepEqual(await stage.texts('one'), [text(1)]);
    },
  },
  {
    name: 'lifecycle: instances alternate on one session without anybody closing anything',
    async run(stage) {
      const instances = await stage.instances();
      for (let turn = 0; turn < 6; turn += 1) {
        const storage = instances[turn % instances.length] as (typeof instances)[number];
        const lease = await stage.acquire('one', turn === 0 ? 'new' : 'existing', storage);
        assert.equal(lease.head?.seq ?? 0, turn);
        await stage.append(lease, turn, [text(turn + 1)], {}, storage);
        await lease.release();
      }
      for (const storage of instances) assert.deepEqual(await stage.texts('one', storage), texts(6));
    },
  },
];
