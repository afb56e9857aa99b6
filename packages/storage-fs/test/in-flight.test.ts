import { existsSync } from 'node:fs';
import type { Lease, SessionStorage } from '@reprise/core';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { fsStorage, verifySession } from '../src/index.ts';
import { takeLock } from '../src/lock.ts';
import { heldSyncs } from './faulty.ts';
import { append, make, OWNER, text, textsOf } from './moves.ts';
import { temporaryStorage } from './temporary.ts';

let made: ReturnType<typeof temporaryStorage>;
let storage: SessionStorage;
let lease: Lease;
let syncs: ReturnType<typeof heldSyncs>;

beforeEach(async () => {
  made = temporaryStorage();
  ({ storage } = made);
  await make(storage, 'one', [text(1)]);
  await make(storage, 'two', [text(1)]);
  lease = await storage.acquire('one', { owner: OWNER, expect: 'existing' });
  syncs = heldSyncs();
});
afterEach(async () => {
  syncs.undo();
  await storage.close();
  made.cleanup();
});

const acquire = (id: string): Promise<Lease> => storage.acquire(id, { owner: OWNER, expect: 'existing' });
const atDisk = (count: number): Promise<void> => vi.waitFor(() => expect(syncs.waiting()).toBe(count));
const state = async (work: Promise<unknown>): Promise<string> => {
  const turn = new Promise((resolve) => setImmediate(resolve, 'waits'));
  return (await Promise.race([work.then(() => 'done'), turn])) as string;
};

test('an append is acknowledged once the disk has it, and nobody else waits for that', async () => {
  const slow = append(storage, lease, 1, [text(2)]);
  await atDisk(1);
  syncs.undo();
  syncs = heldSyncs();
  await slow;
  const stuck = append(storage, lease, 2, [text(3)]);
  expect(await state(stuck)).toBe('waits');
  // The disk of one session is not waited for by another one, nor by a reader.
  const other = await acquire('two');
  const beside = append(storage, other, 1, [text(2)]);
  await atDisk(2);
  expect(await textsOf(storage, 'two')).toHaveLength(2);
  syncs.letGo();
  await Promise.all([stuck, beside]);
});

test('appends that are asked for while one waits for the disk are stored behind it, in order', async () => {
  const all = [2, 3, 4].map((n) => append(storage, lease, n - 1, [text(n)]));
  await atDisk(1);
  syncs.undo();
  await Promise.all(all);
  expect(await textsOf(storage, 'one')).toEqual([1, 2, 3, 4].map((n) => text(n)));
});

test('of appends that wait, one behind a failed one is a CONFLICT, and the lease goes on', async () => {
  const first = append(storage, lease, 1, [text(2)]);
  const second = append(storage, lease, 2, [text(3)]);
  const ends = Promise.allSettled([first, second]);
  await atDisk(1);
  syncs.letGo('EIO');
  const [failed, behind] = await ends;
  expect(failed).toMatchObject({ status: 'rejected', reason: { code: 'STORAGE_FAILED' } });
  expect(behind).toMatchObject({ status: 'rejected', reason: { code: 'CONFLICT' } });
  syncs.undo();
  await append(storage, lease, 1, [text(2)]);
  expect(await textsOf(storage, 'one')).toEqual([text(1), text(2)]);
});

test('a lease that is released while an append waits is free once that is stored', async () => {
  const stored = append(storage, lease, 1, [text(2)]);
  const released = lease.release();
  expect(await state(released)).toBe('waits');
  await expect(append(storage, lease, 2, [text(3)])).rejects.toMatchObject({ code: 'FENCED' });
  await expect(acquire('one')).rejects.toMatchObject({ code: 'SESSION_BUSY' });
  syncs.undo();
  await Promise.all([stored, released]);
  const next = await acquire('one');
  expect(next.head?.seq).toBe(2);
  await next.release();
  expect(verifySession('one', { root: made.root })).toEqual([]);
});

test('a lease that is released twice, and a store that is closed twice, is free once either says so', async () => {
  const stored = append(storage, lease, 1, [text(2)]);
  const ends = [lease.release(), lease.release(), storage.close(), storage.close()];
  expect(await Promise.all(ends.map(state))).toEqual(['waits', 'waits', 'waits', 'waits']);
  syncs.undo();
  await stored;
  for (const end of ends) {
    await end;
    const lock = takeLock(`${made.root}/one`, 'one', OWNER, Date.now);
    expect(lock).toBeDefined();
    lock?.free();
  }
});

test('a session that is removed while an append waits is gone, and what is asked for behind that is FENCED', async () => {
  const stored = append(storage, lease, 1, [text(2)]);
  const removed = storage.remove(lease);
  const late = append(storage, lease, 2, [text(3)]);
  const ends = Promise.allSettled([stored, removed, late]);
  syncs.undo();
  expect((await ends).map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected']);
  await expect(late).rejects.toMatchObject({ code: 'FENCED' });
  expect(existsSync(`${made.root}/one`)).toBe(false);
});

test('a lease that is released while its session is removed leaves alone what is made in its place', async () => {
  const folder = heldSyncs('fsync');
  const ends = [append(storage, lease, 1, [text(2)]), storage.remove(lease), lease.release()];
  await atDisk(1);
  syncs.undo();
  await vi.waitFor(() => expect(folder.waiting()).toBe(1));
  folder.stop();
  const other = fsStorage({ root: made.root });
  await make(other, 'one', [text(7)]);
  folder.letGo();
  await Promise.all(ends);
  expect(await textsOf(other, 'one')).toEqual([text(7)]);
  await other.close();
});

test('a store that is closed while an append waits stores it, and gives its leases back', async () => {
  const stored = append(storage, lease, 1, [text(2)]);
  const closed = storage.close();
  expect(await state(closed)).toBe('waits');
  await expect(storage.head('one')).rejects.toMatchObject({ code: 'STORAGE_FAILED' });
  syncs.undo();
  await Promise.all([stored, closed]);
  expect(verifySession('one', { root: made.root })).toEqual([]);
});
