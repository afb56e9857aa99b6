import assert from 'node:assert/strict';
import { headOf, rejects, text, texts, type Rule } from '../stage.ts';

export const rewriteRules: readonly Rule[] = [
  {
    name: 'rewrite: replaces the whole log, or nothing when its source fails',
    async run(stage) {
      const { storage } = stage;
      if (storage.rewrite === undefined) return;
      const rewrite = storage.rewrite.bind(storage);
      await stage.make('one', texts(5));
      const lease = await stage.acquire('one');
      const broken = (async function* () {
        yield [{ seq: 1, json: text(9) }];
        throw new Error('the source broke');
      })();
      await assert.rejects(rewrite(lease, broken, headOf('one', 1)));
      assert.deepEqual(await stage.texts('one'), texts(5));
      const fresh = (async function* () {
        yield [{ seq: 1, json: text(11) }];
        yield [{ seq: 2, json: text(12) }];
      })();
      await rewrite(lease, fresh, headOf('one', 2));
      await stage.append(lease, 2, [text(13)]);
      for (const each of await stage.instances()) assert.deepEqual(await stage.texts('one', each), texts(3, 11));
      await lease.release();
      await rejects('FENCED', () => rewrite(lease, (async function* () {})(), headOf('one', 0)));
    },
  },
];
