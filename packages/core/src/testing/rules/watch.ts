import assert from 'node:assert/strict';
import { text, within, type Rule } from '../stage.ts';

export const watchRules: readonly Rule[] = [
  {
    name: 'watch: a follower who reads at each hint misses no record',
    async run(stage) {
      const { storage } = stage;
      if (storage.watch === undefined) return;
      await stage.make('one');
      const stop = new AbortController();
      let seen = 0;
      const following = (async () => {
        for await (const _ of storage.watch!('one', stop.signal)) {
          for (const { seq } of await stage.read('one', { after: seen })) seen = seq;
          if (seen === 20) break;
        }
      })();
      const writer = stage.reopen === undefined ? storage : await stage.reopen();
      const lease = await stage.acquire('one', 'existing', writer);
      for (let seq = 1; seq < 20; seq += 1) {
        await stage.append(lease, seq, [text(seq + 1)], {}, writer);
        await new Promise((resolve) => setImmediate(resolve));
      }
      await within(5000, 'the hint', following);
      assert.equal(seen, 20);
      stop.abort();
    },
  },
  {
    name: 'watch: ends with its signal',
    async run(stage) {
      const { storage } = stage;
      if (storage.watch === undefined) return;
      await stage.make('one');
      const stop = new AbortController();
      const following = (async () => {
        for await (const _ of storage.watch!('one', stop.signal)) setImmediate(() => stop.abort());
      })();
      setTimeout(() => stop.abort(), 50).unref();
      await within(5000, 'the end', following);
      for await (const _ of storage.watch('one', AbortSignal.abort())) assert.fail('a hint after the end');
    },
  },
];
