import assert from 'node:assert/strict';
import { OWNER, rejects, text, within, type Rule } from '../stage.ts';

const BAD_IDS = [
  '',
  '.',
  '..',
  '../up',
  'a/b',
  'a\\b',
  '/etc',
  'A',
  'ä',
  '-a',
  '_a',
  'a.b',
  'a b',
  'a\0',
  'a\n',
  'x'.repeat(129),
];

export const acquireRules: readonly Rule[] = [
  {
    name: 'acquire: at most one live lease a session, over all instances; others get SESSION_BUSY with the holder',
    async run(stage) {
      await stage.make('one');
      const lease = await stage.acquire('one');
      for (const storage of await stage.instances()) {
        const busy = await within(
          1000,
          'a busy answer',
          rejects('SESSION_BUSY', () => stage.acquire('one', 'existing', storage)),
        );
        const holder = busy.details?.holder as { name?: unknown; pid?: unknown } | undefined;
        assert.equal(holder?.name, OWNER.name, 'details.holder names the owner');
        assert.equal(holder?.pid, OWNER.pid, 'details.holder gives its process');
      }
      await lease.release();
    },
  },
  {
    name: 'acquire: a new session that is being made is busy too',
    async run(stage) {
      await stage.acquire('one', 'new');
      for (const storage of await stage.instances()) {
        await rejects('SESSION_BUSY', () => stage.acquire('one', 'new', storage));
      }
    },
  },
  {
    name: 'acquire: a lease on one session keeps nobody from another',
    async run(stage) {
      await stage.acquire('one', 'new');
      await stage.append(await stage.acquire('two', 'new'), 0, [text(1)]);
    },
  },
  {
    name: 'acquire: "new" on a taken id is SESSION_EXISTS',
    async run(stage) {
      await stage.make('one');
      for (const storage of await stage.instances()) {
        await rejects('SESSION_EXISTS', () => stage.acquire('one', 'new', storage));
      }
      assert.deepEqual(await stage.texts('one'), [text(1)], 'and the session is as it was');
    },
  },
  {
    name: 'acquire: "existing" without a session is SESSION_NOT_FOUND and makes none',
    async run(stage) {
      await rejects('SESSION_NOT_FOUND', () => stage.acquire('none'));
      assert.equal(await stage.storage.head('none'), undefined);
      await stage.acquire('none', 'new');
    },
  },
  {
    name: 'acquire: an id that breaks SESSION_ID is INVALID_INPUT, in every member that takes one',
    async run({ storage, acquire, read }) {
      for (const id of BAD_IDS) {
        await rejects('INVALID_INPUT', () => acquire(id, 'new', storage));
        await rejects('INVALID_INPUT', () => acquire(id, 'existing', storage));
        await rejects('INVALID_INPUT', () => read(id, undefined, storage));
        await rejects('INVALID_INPUT', () => storage.head(id));
        if (storage.draft) await rejects('INVALID_INPUT', () => storage.draft?.read(id) as Promise<unknown>);
        if (storage.inbox)
          await rejects('INVALID_INPUT', () => storage.inbox?.put(id, { key: 'k', json: '{}' }) as Promise<void>);
      }
    },
  },
  {
    name: 'acquire: names that mean something to a language are plain ids',
    async run(stage) {
      for (const id of ['constructor', 'toString'.toLowerCase(), 'a', '0', 'con', 'x'.repeat(128)]) {
        assert.equal(await stage.storage.head(id), undefined);
        await stage.make(id, [text(1, { id })]);
        assert.deepEqual(await stage.texts(id), [text(1, { id })]);
      }
    },
  },
  {
    name: 'acquire: the epoch grows with each lease of a session',
    async run(stage) {
      let epoch = -Infinity;
      for (let turn = 0; turn < 4; turn += 1) {
        for (const storage of await stage.instances()) {
          const lease = await stage.acquire('one', epoch === -Infinity ? 'new' : 'existing', storage);
          assert.ok(lease.epoch > epoch, `${lease.epoch} after ${epoch}`);
          if (epoch === -Infinity) await stage.append(lease, 0, [text(1)], {}, storage);
          epoch = lease.epoch;
          await lease.release();
        }
      }
    },
  },
  {
    name: 'acquire: the lease names its session and gives the exact last record',
    async run(stage) {
      const first = await stage.acquire('one', 'new');
      assert.equal(first.id, 'one');
      assert.equal(first.head, undefined, 'no head in a new session');
      await stage.append(first, 0, [text(1), text(2)], { title: 'Two' });
      await first.release();
      for (const storage of await stage.instances()) {
        const lease = await stage.acquire('one', 'existing', storage);
        assert.equal(lease.id, 'one');
        assert.equal(lease.head?.seq, 2);
        assert.equal(lease.head?.title, 'Two');
        await lease.release();
      }
    },
  },
  {
    name: 'acquire: a lease without takeover never aborts its `lost`',
    async run(stage) {
      const lease = await stage.acquire('one', 'new');
      assert.equal(lease.lost.aborted, false);
      await stage.append(lease, 0, [text(1)]);
      await lease.release();
      if (!stage.storage.supports.takeover) assert.equal(lease.lost.aborted, false);
    },
  },
  {
    name: 'release: idempotent, and the lease is free once resolved',
    async run(stage) {
      await stage.make('one');
      for (const storage of await stage.instances()) {
        const lease = await stage.acquire('one');
        await lease.release();
        await lease.release();
        const next = await stage.acquire('one', 'existing', storage);
        await lease.release();
        await rejects('SESSION_BUSY', () => stage.acquire('one'));
        await next.release();
      }
    },
  },
];
