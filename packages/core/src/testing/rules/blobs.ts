import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { all, rejects, text, type Rule } from '../stage.ts';

async function* parts(...bytes: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* bytes;
}

const bytes = Uint8Array.from({ length: 700_000 }, (_, at) => (at * 31) % 251);
const sha256Of = (data: Uint8Array): string => createHash('sha256').update(data).digest('hex');

export const blobRules: readonly Rule[] = [
  {
    name: 'blobs: bytes come back under their SHA-256, whole, also before the first record',
    async run(stage) {
      const { blobs } = stage.storage;
      if (blobs === undefined) return;
      const lease = await stage.acquire('one', 'new');
      const put = await blobs.put(lease, parts(bytes.subarray(0, 3), new Uint8Array(0), bytes.subarray(3)));
      assert.deepEqual(put, { sha256: sha256Of(bytes), size: bytes.length });
      const none = await blobs.put(lease, parts());
      assert.deepEqual(none, { sha256: sha256Of(new Uint8Array(0)), size: 0 });
      assert.deepEqual(await blobs.put(lease, parts(bytes)), put, 'the same bytes again');
      await stage.append(lease, 0, [text(1)]);
      await lease.release();
      for (const storage of await stage.instances()) {
        assert.ok(Buffer.concat(await all(storage.blobs!.get('one', put.sha256))).equals(bytes));
        assert.equal(Buffer.concat(await all(storage.blobs!.get('one', none.sha256))).length, 0);
      }
    },
  },
  {
    name: 'blobs: STORAGE_FAILED where the session has no such blob',
    async run(stage) {
      const { blobs } = stage.storage;
      if (blobs === undefined) return;
      const lease = await stage.acquire('one', 'new');
      await stage.append(lease, 0, [text(1)]);
      const { sha256 } = await blobs.put(lease, parts(bytes));
      await stage.make('two');
      await rejects('STORAGE_FAILED', () => all(blobs.get('two', sha256)));
      await rejects('STORAGE_FAILED', () => all(blobs.get('one', sha256Of(bytes.subarray(1)))));
    },
  },
  {
    name: 'blobs: a source that fails stores nothing; FENCED without a live lease',
    async run(stage) {
      const { blobs } = stage.storage;
      if (blobs === undefined) return;
      const lease = await stage.acquire('one', 'new');
      await stage.append(lease, 0, [text(1)]);
      await assert.rejects(
        blobs.put(
          lease,
          (async function* () {
            yield bytes;
            throw new Error('the source broke');
          })(),
        ),
      );
      await rejects('STORAGE_FAILED', () => all(blobs.get('one', sha256Of(bytes))));
      await lease.release();
      await rejects('FENCED', () => blobs.put(lease, parts(bytes)));
    },
  },
];
