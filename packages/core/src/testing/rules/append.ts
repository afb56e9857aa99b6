import assert from 'node:assert/strict';
import type { Lease } from '../../contracts/storage.ts';
import { headOf, rejects, text, texts, type Rule } from '../stage.ts';

const BAD_TEXTS = [
  '',
  'x',
  '{',
  '{"a":}',
  '{"a":1}{"b":2}',
  '{"a":1}\n',
  '{"a":\n1}',
  '{"a":\r1}',
  '[]',
  '[{}]',
  'null',
  '1',
  '"{}"',
  '{"a":"\ud800"}',
  '{"a":"\udc00x"}',
  '{"a":"raw \u0000"}',
  "{'a':1}",
];

export const appendRules: readonly Rule[] = [
  {
    name: 'append: records get the seqs expected+1…, in the order given',
    async run(stage) {
      const lease = await stage.acquire('one', 'new');
      await stage.append(lease, 0, texts(3));
      await stage.append(lease, 3, texts(1, 4));
      await stage.append(lease, 4, texts(2, 5));
      const records = await stage.read('one');
      assert.deepEqual(
        records.map(({ seq }) => seq),
        [1, 2, 3, 4, 5, 6],
      );
      assert.deepEqual(
        records.map(({ json }) => json),
        texts(6),
      );
    },
  },
  {
    name: 'append: CONFLICT when `expected` is not the last seq, and nothing is stored',
    async run(stage) {
      await rejectsAt(stage, 'fresh', await stage.acquire('fresh', 'new'), [1, 5]);
      await stage.make('one', texts(2));
      await rejectsAt(stage, 'one', await stage.acquire('one'), [0, 1, 3]);
    },
  },
  {
    name: 'append: FENCED when the lease was released',
    async run(stage) {
      const lease = await stage.acquire('one', 'new');
      await stage.append(lease, 0, [text(1)]);
      await lease.release();
      await rejects('FENCED', () => stage.append(lease, 1, [text(2)]));
      const next = await stage.acquire('one');
      await rejects('FENCED', () => stage.append(lease, 1, [text(2)]));
      await stage.append(next, 1, [text('next'.length)]);
      assert.equal((await stage.read('one')).length, 2);
    },
  },
  {
    name: 'append: a lease that this store never gave is FENCED',
    async run(stage) {
      await stage.make('one');
      const own = await stage.acquire('one');
      const forged: Lease = {
        id: 'one',
        epoch: own.epoch,
        head: own.head,
        lost: own.lost,
        release: async () => undefined,
      };
      await rejects('FENCED', () => stage.append(forged, 1, [text(2)]));
      assert.equal((await stage.read('one')).length, 1);
    },
  },
  {
    name: 'append: text that is not one line of well-formed JSON object is INVALID_INPUT; all of a batch or none',
    async run(stage) {
      const lease = await stage.acquire('one', 'new');
      await stage.append(lease, 0, [text(1)]);
      for (const bad of BAD_TEXTS) {
        await rejects('INVALID_INPUT', () => stage.append(lease, 1, [text(2), bad, text(3)]));
        assert.deepEqual(await stage.texts('one'), [text(1)], `nothing of the batch with ${JSON.stringify(bad)}`);
      }
      await stage.append(lease, 1, [text(2)]);
      assert.deepEqual(await stage.texts('one'), texts(2), 'and the same lease goes on');
    },
  },
  {
    name: 'append: an empty batch stores the head alone',
    async run(stage) {
      await stage.make('one');
      const lease = await stage.acquire('one');
      await stage.append(lease, 1, [], { title: 'Renamed' });
      await lease.release();
      assert.equal((await stage.storage.head('one'))?.title, 'Renamed');
      assert.equal((await stage.read('one')).length, 1);
    },
  },
  {
    name: 'append: an empty batch at the wrong seq is CONFLICT',
    async run(stage) {
      await stage.make('one', texts(2));
      const lease = await stage.acquire('one');
      await rejects('CONFLICT', () => stage.append(lease, 1, []));
    },
  },
  {
    name: 'append: the stored head never leads the log, and is exact once the lease is released',
    async run(stage) {
      const lease = await stage.acquire('one', 'new');
      for (let seq = 0; seq < 5; seq += 1) {
        await stage.append(lease, seq, [text(seq + 1)], { messageCount: seq + 1 });
        const stored = await stage.storage.head('one');
        assert.ok(stored !== undefined, 'a session has a head from its first append on');
        assert.ok(stored.seq <= seq + 1, `head at ${stored.seq}, log at ${seq + 1}`);
      }
      await lease.release();
      for (const storage of await stage.instances()) {
        assert.deepEqual(await storage.head('one'), headOf('one', 5, { messageCount: 5 }));
      }
    },
  },
  {
    name: 'append: a refused batch leaves the stored head too',
    async run(stage) {
      await stage.make('one', [text(1)], { title: 'Before' });
      const lease = await stage.acquire('one');
      await rejects('CONFLICT', () => stage.append(lease, 7, [text(2)], { title: 'After' }));
      await rejects('INVALID_INPUT', () => stage.append(lease, 1, ['no'], { title: 'After' }));
      await lease.release();
      assert.deepEqual(await stage.storage.head('one'), headOf('one', 1, { title: 'Before' }));
    },
  },
  {
    name: 'append: what the caller does with its arguments afterwards changes nothing stored',
    async run(stage) {
      const lease = await stage.acquire('one', 'new');
      const records = [text(1)];
      const tools = ['read'];
      await stage.append(lease, 0, records, { tools });
      records[0] = text(9);
      tools.push('bash');
      await lease.release();
      assert.deepEqual(await stage.texts('one'), [text(1)]);
      assert.deepEqual((await stage.storage.head('one'))?.tools, ['read']);
    },
  },
  {
    name: 'append: two appends called one after the other are stored in that order',
    async run(stage) {
      const lease = await stage.acquire('one', 'new');
      await Promise.all([0, 1, 2, 3].map((seq) => stage.append(lease, seq, [text(seq + 1)])));
      assert.deepEqual(await stage.texts('one'), texts(4));
    },
  },
  {
    name: 'append: one whose lease is released meanwhile is stored or FENCED, and the next lease knows which',
    async run(stage) {
      const lease = await stage.acquire('one', 'new');
      await stage.append(lease, 0, [text(1)]);
      const appended = stage.append(lease, 1, [text(2)]).then(
        () => 'stored',
        (error: { readonly code?: unknown }) => error.code,
      );
      await lease.release();
      const outcome = await appended;
      assert.ok(outcome === 'stored' || outcome === 'FENCED', `it was ${String(outcome)}`);
      const next = await stage.acquire('one');
      const count = outcome === 'stored' ? 2 : 1;
      assert.equal(next.head?.seq, count, `it was ${outcome}`);
      await stage.append(next, count, [text(count + 1)]);
      assert.deepEqual(await stage.texts('one'), texts(count + 1));
    },
  },
  {
    name: 'append: records of 2 MiB come back whole',
    async run(stage) {
      const large = text(1, { pad: 'é'.repeat(1 << 20) });
      await stage.make('one', [large, text(2), large]);
      const stored = await stage.texts('one');
      assert.ok(stored.length === 3 && stored[0] === large && stored[1] === text(2) && stored[2] === large);
    },
  },
];

async function rejectsAt(
  stage: Parameters<Rule['run']>[0],
  id: string,
  lease: Lease,
  expected: readonly number[],
): Promise<void> {
  const before = lease.head === undefined ? [] : await stage.read(id);
  for (const seq of expected) await rejects('CONFLICT', () => stage.append(lease, seq, [text(99)]));
  const after = lease.head === undefined ? [] : await stage.read(id);
  assert.deepEqual(after, before);
}
