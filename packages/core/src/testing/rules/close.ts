import assert from 'node:assert/strict';
import { headOf, rejects, text, texts, type Rule } from '../stage.ts';

export const closeRules: readonly Rule[] = [
  {
    name: 'close: idempotent; every later call is STORAGE_FAILED',
    async run(stage) {
      const { storage } = stage;
      const lease = await stage.acquire('one', 'new');
      await stage.append(lease, 0, [text(1)]);
      await storage.close();
      await storage.close();
      await rejects('STORAGE_FAILED', () => stage.acquire('one'));
      await rejects('STORAGE_FAILED', () => stage.acquire('two', 'new'));
      await rejects('STORAGE_FAILED', () => stage.append(lease, 1, [text(2)]));
      await rejects('STORAGE_FAILED', () => stage.read('one'));
      await rejects('STORAGE_FAILED', () => storage.head('one'));
      await rejects('STORAGE_FAILED', () => storage.list());
      await rejects('STORAGE_FAILED', () => storage.remove(lease));
      await lease.release();
    },
  },
  {
    name: 'close: releases every lease of the instance',
    async run(stage) {
      if (stage.reopen === undefined) return;
      const other = await stage.reopen();
      const lease = await stage.acquire('one', 'new');
      await stage.append(lease, 0, [text(1)]);
      await stage.append(lease, 1, [text(2)], { title: 'Last' });
      await stage.acquire('unborn', 'new');
      await stage.storage.close();
      assert.deepEqual(await other.head('one'), headOf('one', 2, { title: 'Last' }), 'the head is exact then');
      const next = await stage.acquire('one', 'existing', other);
      await stage.append(next, 2, [text(3)], {}, other);
      assert.deepEqual(await stage.texts('one', other), texts(3));
      await stage.acquire('unborn', 'new', other);
    },
  },
];
