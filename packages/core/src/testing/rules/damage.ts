import assert from 'node:assert/strict';
import type { Damage, Range, SessionStorage } from '../../contracts/storage.ts';
import { isCoded } from '../../errors.ts';
import { headOf, rejects, text, texts, type Rule, type Stage } from '../stage.ts';

/** What a damaged session gives: its readable records, and the places that are told afterwards. */
async function salvage(
  storage: SessionStorage,
  range: Range,
  id = 'one',
): Promise<{ readonly seqs: readonly number[]; readonly damage: readonly Damage[] | undefined }> {
  const seqs: number[] = [];
  try {
    for await (const page of storage.read(id, range)) {
      for (const { seq, json } of page) {
        assert.equal(json, text(seq), `record ${seq} is as it was stored`);
        seqs.push(seq);
      }
    }
  } catch (error) {
    assert.ok(isCoded(error) && error.code === 'STORAGE_DAMAGED', `damage has its code: ${String(error)}`);
    const places = (error as { readonly details?: { readonly damage?: unknown } }).details?.damage;
    assert.ok(Array.isArray(places) && places.length > 0, '`details.damage` names the places');
    for (const place of places as Damage[])
      assert.ok(typeof place.kind === 'string' && typeof place.note === 'string', 'each with its kind and a note');
    return { seqs, damage: places as Damage[] };
  }
  return { seqs, damage: undefined };
}

/** Every record but `lost` is given, in both directions, and the loss is told. */
async function hidesOnlyItself(stage: Stage, lost: number, tip: number): Promise<void> {
  const others = Array.from({ length: tip }, (_, at) => at + 1).filter((seq) => seq !== lost);
  for (const storage of await stage.instances()) {
    for (const reverse of [false, true]) {
      const { seqs, damage } = await salvage(storage, { reverse });
      assert.deepEqual(seqs, reverse ? others.toReversed() : others);
      assert.ok(damage !== undefined, 'damage is told');
    }
  }
}

export const damageRules: readonly Rule[] = [
  {
    name: 'damage: hides only itself: every other record is given, then STORAGE_DAMAGED names the places',
    async run(stage) {
      if (stage.faults.damage === undefined) return;
      await stage.make('one', texts(8));
      await stage.faults.damage(stage.storage, 'one', 4);
      await hidesOnlyItself(stage, 4, 8);
      for (const storage of await stage.instances()) {
        assert.deepEqual(await salvage(storage, { after: 5 }), { seqs: [6, 7, 8], damage: undefined });
        assert.deepEqual(await salvage(storage, { before: 3, reverse: true }), { seqs: [2, 1], damage: undefined });
      }
    },
  },
  {
    name: 'damage: a lost record keeps its number, also the last one, and the session goes on behind it',
    async run(stage) {
      if (stage.faults.damage === undefined) return;
      await stage.make('one', texts(5));
      await stage.faults.damage(stage.storage, 'one', 5);
      for (const tip of [5, 6]) {
        const lease = await stage.acquire('one');
        assert.equal(lease.head?.seq, tip);
        await stage.append(lease, tip, [text(tip + 1)]);
        await lease.release();
        await hidesOnlyItself(stage, 5, tip + 1);
      }
    },
  },
  {
    name: 'damage: a copy of a damaged session holds what can be read, or is STORAGE_DAMAGED and makes no session',
    async run(stage) {
      const { storage } = stage;
      if (stage.faults.damage === undefined || storage.copy === undefined) return;
      await stage.make('one', texts(8));
      await stage.faults.damage(storage, 'one', 4);
      for (const through of [2, 3, 4, 5, 8]) {
        const id = `to-${through}`;
        const to = await stage.acquire(id, 'new');
        try {
          await storage.copy({ id: 'one', through }, to, headOf(id, through));
        } catch (error) {
          assert.ok(isCoded(error) && error.code === 'STORAGE_DAMAGED', `damage has its code: ${String(error)}`);
          assert.equal(await storage.head(id), undefined);
          continue;
        }
        await stage.append(to, through, [text(through + 1)]);
        const found = await salvage(storage, {}, id);
        const wanted = Array.from({ length: through + 1 }, (_, at) => at + 1);
        // The copier may have put something in the place of the lost one, but no other record's text.
        assert.deepEqual(
          found.seqs.filter((seq) => seq !== 4 || through < 4),
          wanted.filter((seq) => seq !== 4 || through < 4),
        );
      }
    },
  },
  {
    name: 'damage: what a newer version wrote is FORMAT_TOO_NEW for every member that opens it, and stays as it is',
    async run(stage) {
      if (stage.faults.newer === undefined) return;
      await stage.make('one', texts(2));
      await stage.make('two');
      const undo = await stage.faults.newer(stage.storage, 'one');
      for (const storage of await stage.instances()) {
        await rejects('FORMAT_TOO_NEW', () => stage.acquire('one', 'existing', storage));
        await rejects('FORMAT_TOO_NEW', () => stage.read('one', undefined, storage));
        await rejects('FORMAT_TOO_NEW', () => storage.head('one'));
        assert.ok(
          (await storage.list()).items.some(({ id }) => id === 'two'),
          'it hides no other session',
        );
      }
      await undo();
      for (const storage of await stage.instances()) assert.deepEqual(await stage.texts('one', storage), texts(2));
    },
  },
];
