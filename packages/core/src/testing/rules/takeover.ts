import assert from 'node:assert/strict';
import { rejects, text, texts, within, type Rule } from '../stage.ts';

export const takeoverRules: readonly Rule[] = [
  {
    name: 'takeover: a lease whose holder no longer answers can be taken; the old one is told, and writes nothing more',
    async run(stage) {
      const { expire } = stage.faults;
      if (!stage.storage.supports.takeover || expire === undefined || stage.reopen === undefined) return;
      await stage.make('one', texts(2));
      const old = await stage.acquire('one');
      const other = await stage.reopen();
      await rejects('SESSION_BUSY', () => stage.acquire('one', 'existing', other));
      const told = new Promise<void>((done) => old.lost.addEventListener('abort', () => done(), { once: true }));
      await expire(stage.storage, 'one');
      const next = await stage.acquire('one', 'existing', other);
      assert.ok(next.epoch > old.epoch, 'the epoch grows');
      assert.equal(next.head?.seq, 2);
      await rejects('FENCED', () => stage.append(old, 2, [text(7)]));
      await within(5000, 'telling the old holder', told);
      await stage.append(next, 2, [text(3)], {}, other);
      await rejects('FENCED', () => stage.append(old, 3, [text(8)]));
      await old.release();
      await rejects('SESSION_BUSY', () => stage.acquire('one'));
      await next.release();
      for (const storage of [stage.storage, other]) assert.deepEqual(await stage.texts('one', storage), texts(3));
    },
  },
];
