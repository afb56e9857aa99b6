import assert from 'node:assert/strict';
import { all, headOf, rejects, text, texts, type Rule } from '../stage.ts';

export const copyRules: readonly Rule[] = [
  {
    name: 'copy: records 1…through keep seq and text, and both sessions go on apart',
    async run(stage) {
      const { storage } = stage;
      if (storage.copy === undefined) return;
      await stage.make('from', texts(8));
      for (const through of [1, 3, 7, 8]) {
        const id = `to-${through}`;
        const to = await stage.acquire(id, 'new');
        await storage.copy({ id: 'from', through }, to, headOf(id, through, { parent: { id: 'from', seq: through } }));
        for (const each of await stage.instances()) assert.deepEqual(await stage.texts(id, each), texts(through));
        await stage.append(to, through, [text(100)]);
        await to.release();
        const records = await stage.read(id);
        assert.deepEqual(records.at(-1), { seq: through + 1, json: text(100) });
        assert.equal(records.length, through + 1);
      }
      const lease = await stage.acquire('from');
      await stage.append(lease, 8, [text(9)]);
      assert.deepEqual(await stage.texts('from'), texts(9));
    },
  },
  {
    name: 'copy: stores the head, and the source may be in use',
    async run(stage) {
      const { storage } = stage;
      if (storage.copy === undefined) return;
      await stage.make('from', texts(2));
      await stage.acquire('from');
      const to = await stage.acquire('to', 'new');
      const head = headOf('to', 2, { title: 'Fork', parent: { id: 'from', seq: 2 } });
      await storage.copy({ id: 'from', through: 2 }, to, head);
      await to.release();
      for (const each of await stage.instances()) assert.deepEqual(await each.head('to'), head);
    },
  },
  {
    name: 'copy: blobs come along, and outlive the source',
    async run(stage) {
      const { storage } = stage;
      if (storage.copy === undefined || storage.blobs === undefined) return;
      const from = await stage.acquire('from', 'new');
      const { sha256 } = await storage.blobs.put(
        from,
        (async function* () {
          yield new TextEncoder().encode('attached');
        })(),
      );
      await stage.append(from, 0, [text(1)]);
      const to = await stage.acquire('to', 'new');
      await storage.copy({ id: 'from', through: 1 }, to, headOf('to', 1));
      await storage.remove(from);
      assert.equal(Buffer.concat(await all(storage.blobs.get('to', sha256))).toString(), 'attached');
    },
  },
  {
    name: 'copy: only what is there, into a new and empty session',
    async run(stage) {
      const { storage } = stage;
      if (storage.copy === undefined) return;
      const copy = storage.copy.bind(storage);
      await stage.make('from', texts(2));
      const to = await stage.acquire('to', 'new');
      await rejects('SESSION_NOT_FOUND', () => copy({ id: 'none', through: 1 }, to, headOf('to', 1)));
      await assert.rejects(copy({ id: 'from', through: 3 }, to, headOf('to', 3)), 'more than there is');
      assert.equal(await storage.head('to'), undefined, 'a failed copy makes no session');
      await stage.append(to, 0, [text(7)]);
      await assert.rejects(copy({ id: 'from', through: 2 }, to, headOf('to', 2)), 'not empty');
      await to.release();
      await rejects('FENCED', () => copy({ id: 'from', through: 2 }, to, headOf('to', 2)));
      assert.deepEqual(await stage.texts('to'), [text(7)]);
    },
  },
];
