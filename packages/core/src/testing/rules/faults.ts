import assert from 'node:assert/strict';
import type { Lease } from '../../contracts/storage.ts';
import { isCoded } from '../../errors.ts';
import type { Fault } from '../faults.ts';
import { all, headOf, rejects, text, texts, type Rule, type Stage } from '../stage.ts';

/** More than any store keeps in reserve. */
const LARGE = { pad: 'x'.repeat(300_000) };
const YEAR = 365 * 24 * 3_600_000;

/** Runs `work` with `fault` in force. */
async function under<T>(stage: Stage, fault: Fault, work: () => Promise<T>): Promise<T> {
  const undo = await fault(stage.storage);
  try {
    return await work();
  } finally {
    await undo();
  }
}

/** The code that an append fails with, or `stored`. */
async function attempt(stage: Stage, lease: Lease, expected: number, records: readonly string[]): Promise<string> {
  try {
    await stage.append(lease, expected, records);
    return 'stored';
  } catch (error) {
    assert.ok(isCoded(error), `a failure has a code: ${String(error)}`);
    return error.code;
  }
}

/** The readable records; damage is no matter here. */
async function readable(stage: Stage, id: string, storage = stage.storage): Promise<readonly string[]> {
  const found: string[] = [];
  let last = 0;
  try {
    for await (const page of storage.read(id)) {
      for (const { seq, json } of page) {
        assert.equal(seq, last + 1, 'each record once, in order');
        last = seq;
        found.push(json);
      }
    }
  } catch (error) {
    if (!isCoded(error) || error.code !== 'STORAGE_DAMAGED') throw error;
  }
  return found;
}

/** After a failed append nothing of it is there, for any instance, and the same lease goes on once the fault is over. */
async function failsWhole(stage: Stage, fault: Fault, code: string): Promise<void> {
  await stage.make('one', texts(3));
  const lease = await stage.acquire('one');
  await under(stage, fault, async () => {
    for (let tries = 0; tries < 3; tries += 1) {
      assert.equal(await attempt(stage, lease, 3, [text(4, LARGE), text(5)]), code);
      for (const each of await stage.instances()) assert.deepEqual(await stage.texts('one', each), texts(3));
    }
  });
  await stage.append(lease, 3, texts(2, 4));
  await lease.release();
  for (const each of await stage.instances()) {
    assert.deepEqual(await stage.texts('one', each), texts(5));
    assert.deepEqual(await each.head('one'), headOf('one', 5));
  }
}

/** A session that can't be made is not there, and can be made once the fault is over. */
async function makesNothing(stage: Stage, fault: Fault, code: string): Promise<void> {
  await under(stage, fault, async () => {
    let lease: Lease;
    try {
      lease = await stage.acquire('one', 'new');
    } catch (error) {
      assert.ok(isCoded(error) && error.code === code, `acquire fails with ${code}: ${String(error)}`);
      return;
    }
    assert.equal(await attempt(stage, lease, 0, [text(1, LARGE)]), code);
    await lease.release();
    for (const each of await stage.instances()) {
      assert.equal(await each.head('one'), undefined);
      assert.deepEqual((await each.list()).items, []);
    }
  });
  await stage.make('one', texts(2));
  assert.deepEqual(await stage.texts('one'), texts(2));
}

export const faultRules: readonly Rule[] = [
  {
    name: 'faults: on a full disk an append is STORAGE_FULL, leaves the log as it was, and the same lease goes on once there is space',
    async run(stage) {
      if (stage.faults.full !== undefined) await failsWhole(stage, stage.faults.full, 'STORAGE_FULL');
    },
  },
  {
    name: 'faults: on a full disk no session is half made',
    async run(stage) {
      if (stage.faults.full !== undefined) await makesNothing(stage, stage.faults.full, 'STORAGE_FULL');
    },
  },
  {
    name: 'faults: when a sync fails an append is STORAGE_FAILED, leaves the log as it was, and the same lease may try again',
    async run(stage) {
      if (stage.faults.syncFails === undefined) return;
      await stage.make('one', texts(3));
      const lease = await stage.acquire('one');
      const code = await under(stage, stage.faults.syncFails, () => attempt(stage, lease, 3, [text(4)]));
      assert.equal(code, 'STORAGE_FAILED');
      // Whether the medium could be brought back is the store's to say, but never with the record that was refused.
      if ((await attempt(stage, lease, 3, [text(14)])) !== 'stored') {
        await lease.release();
        const next = await stage.acquire('one');
        assert.equal(next.head?.seq, 3);
        await stage.append(next, 3, [text(14)]);
      }
      for (const each of await stage.instances()) {
        assert.deepEqual(await stage.texts('one', each), [...texts(3), text(14)]);
      }
    },
  },
  {
    name: 'faults: when a sync fails no session is half made',
    async run(stage) {
      if (stage.faults.syncFails !== undefined) await makesNothing(stage, stage.faults.syncFails, 'STORAGE_FAILED');
    },
  },
  {
    name: 'faults: when a file cannot be replaced no record is lost, the stored head never leads, and it is exact after the next lease',
    async run(stage) {
      if (stage.faults.renameFails === undefined) return;
      await stage.make('one', texts(2), { title: 'Old' });
      await under(stage, stage.faults.renameFails, async () => {
        const lease = await stage.acquire('one');
        await attempt(stage, lease, 2, [text(3)]);
        await attempt(stage, lease, 3, []);
        await lease.release();
        for (const each of await stage.instances()) {
          const count = (await stage.texts('one', each)).length;
          assert.ok(((await each.head('one'))?.seq ?? 0) <= count, 'the head does not lead');
        }
      });
      const lease = await stage.acquire('one');
      const tip = lease.head?.seq ?? 0;
      assert.equal((await stage.texts('one')).length, tip);
      await stage.append(lease, tip, [text(9)], { title: 'New' });
      await lease.release();
      for (const each of await stage.instances())
        assert.deepEqual(await each.head('one'), headOf('one', tip + 1, { title: 'New' }));
    },
  },
  {
    name: 'faults: an unfinished append is no damage, is left out by readers, and is gone after the next one',
    async run(stage) {
      if (stage.faults.tear === undefined) return;
      await stage.make('one', texts(3));
      await stage.faults.tear(stage.storage, 'one');
      for (const each of await stage.instances()) {
        assert.deepEqual(await stage.texts('one', each), texts(3));
        assert.equal((await each.head('one'))?.seq, 3);
      }
      const lease = await stage.acquire('one');
      assert.equal(lease.head?.seq, 3);
      await stage.append(lease, 3, [text(4)]);
      await lease.release();
      for (const each of await stage.instances()) assert.deepEqual(await stage.texts('one', each), texts(4));
    },
  },
  {
    name: 'faults: a record that is on the medium twice is given once, and the next one gets the next seq',
    async run(stage) {
      if (stage.faults.double === undefined) return;
      await stage.make('one', texts(3));
      await stage.faults.double(stage.storage, 'one');
      for (const each of await stage.instances()) assert.deepEqual(await readable(stage, 'one', each), texts(3));
      const lease = await stage.acquire('one');
      assert.equal(lease.head?.seq, 3);
      await stage.append(lease, 3, [text(4)]);
      await lease.release();
      for (const each of await stage.instances()) assert.deepEqual(await readable(stage, 'one', each), texts(4));
    },
  },
  {
    name: 'faults: a holder notices that somebody else wrote: FENCED, and nothing of either is destroyed',
    async run(stage) {
      if (stage.faults.intrude === undefined) return;
      await stage.make('one', texts(3));
      const lease = await stage.acquire('one');
      await stage.append(lease, 3, [text(4)]);
      await stage.faults.intrude(stage.storage, 'one');
      const before = await readable(stage, 'one');
      assert.deepEqual(before.slice(0, 4), texts(4));
      await rejects('FENCED', () => stage.append(lease, 4, [text(5)]));
      await rejects('FENCED', () => stage.append(lease, 4, [text(5)]));
      assert.deepEqual(await readable(stage, 'one'), before);
      await lease.release();
      assert.deepEqual(await readable(stage, 'one'), before);
    },
  },
  {
    name: 'faults: a clock that jumps changes neither order nor epochs',
    async run(stage) {
      if (stage.faults.clock === undefined) return;
      const { clock } = stage.faults;
      let epoch = 0;
      let seq = 0;
      for (const years of [0, 40, -20, 0, -50, 1]) {
        await under(
          stage,
          (storage) => clock(storage, Date.UTC(2026, 0, 1) + years * YEAR),
          async () => {
            const lease = await stage.acquire('one', seq === 0 ? 'new' : 'existing');
            assert.ok(lease.epoch > epoch, 'the epoch grows');
            epoch = lease.epoch;
            await stage.append(lease, seq, texts(2, seq + 1));
            seq += 2;
            await lease.release();
          },
        );
      }
      for (const each of await stage.instances()) {
        assert.deepEqual(await stage.texts('one', each), texts(seq));
        assert.deepEqual(await each.head('one'), headOf('one', seq));
      }
    },
  },
  {
    name: 'faults: what was acknowledged survives a power cut, whole and in order',
    async run(stage) {
      const { cutPower } = stage.faults;
      if (cutPower === undefined || !stage.storage.supports.durable) return;
      await stage.make('kept', texts(2), { title: 'Kept' });
      await stage.make('gone');
      await stage.storage.remove(await stage.acquire('gone'));
      for (const [tip, size] of [
        [2, 1],
        [3, 40],
        [43, 2],
      ] as const) {
        const lease = await stage.acquire('kept');
        await stage.append(lease, tip, texts(size, tip + 1), { title: 'Kept' });
        await lease.release();
      }
      const storage = await cutPower(stage.storage);
      try {
        assert.deepEqual(await stage.texts('kept', storage), texts(45));
        assert.deepEqual(await storage.head('kept'), headOf('kept', 45, { title: 'Kept' }));
        assert.deepEqual(
          (await storage.list()).items.map(({ id }) => id),
          ['kept'],
        );
        const lease = await stage.acquire('kept', 'existing', storage);
        await stage.append(lease, 45, [text(46)], {}, storage);
        assert.deepEqual(await stage.texts('kept', storage), texts(46));
      } finally {
        await storage.close();
      }
    },
  },
  {
    name: 'faults: what a capability acknowledged survives a power cut: attachments, messages, copies, rewritten logs',
    async run(stage) {
      const { cutPower } = stage.faults;
      const { storage } = stage;
      const { blobs, inbox, copy, rewrite } = storage;
      if (cutPower === undefined || !storage.supports.durable) return;
      await stage.make('one', texts(4));
      const lease = await stage.acquire('one');
      const blob = await blobs?.put(
        lease,
        (async function* () {
          yield new TextEncoder().encode('attached');
        })(),
      );
      await lease.release();
      await inbox?.put('one', { key: 'k', json: '{"asks":1}' });
      const to = await stage.acquire('copied', 'new');
      await copy?.call(storage, { id: 'one', through: 3 }, to, headOf('copied', 3));
      await to.release();
      await stage.make('shorter', texts(4));
      const again = await stage.acquire('shorter');
      const page = [{ seq: 1, json: text(9) }];
      await rewrite?.call(
        storage,
        again,
        (async function* () {
          yield page;
        })(),
        headOf('shorter', 1),
      );
      await again.release();
      const left = await cutPower(storage);
      try {
        if (blob !== undefined) {
          const bytes = await all(left.blobs!.get('one', blob.sha256));
          assert.equal(Buffer.concat(bytes).toString(), 'attached');
        }
        if (copy !== undefined) assert.deepEqual(await stage.texts('copied', left), texts(3));
        if (rewrite !== undefined) assert.deepEqual(await stage.texts('shorter', left), [text(9)]);
        const next = await stage.acquire('one', 'existing', left);
        if (inbox !== undefined) assert.deepEqual(await left.inbox!.peek(next), [{ key: 'k', json: '{"asks":1}' }]);
      } finally {
        await left.close();
      }
    },
  },
];
