import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { SessionStorage } from '@reprise/core';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { verifySession } from '../src/index.ts';
import { append, make, OWNER, salvage, text, textsOf } from './moves.ts';
import { temporaryStorage } from './temporary.ts';

const BEFORE = [text(1), text(2), text(3)];
const BATCH = [text(4, 700), text(5, 30), text(6, 1200)];

let made: ReturnType<typeof temporaryStorage>;
let storage: SessionStorage;
let path: string;
/** The log with the batch, and the byte at which the batch begins. */
let whole: Buffer;
let start: number;

beforeEach(async () => {
  made = temporaryStorage();
  ({ storage } = made);
  path = join(made.root, 'one', 'messages.json');
  await make(storage, 'one', BEFORE);
  start = readFileSync(path).length - ']\n'.length;
  const lease = await storage.acquire('one', { owner: OWNER, expect: 'existing' });
  await append(storage, lease, 3, BATCH);
  await lease.release();
  whole = readFileSync(path);
});
afterEach(async () => {
  await storage.close();
  made.cleanup();
});

/** The records before the batch are there and nothing of it; the next writer goes on behind them. */
async function expectNoBatch(what: string): Promise<void> {
  // As a crash leaves it: the stored head lags.
  const state = join(made.root, 'one', 'state.json');
  writeFileSync(state, readFileSync(state, 'utf8').replace(/"seq": \d/, '"seq": 3'));
  expect(await salvage(storage, 'one'), what).toEqual({ seqs: [1, 2, 3], damage: [] });
  expect(verifySession('one', { root: made.root }).map(({ kind }) => kind)).toEqual(['torn-tail']);
  const lease = await storage.acquire('one', { owner: OWNER, expect: 'existing' });
  expect(lease.head?.seq, what).toBe(3);
  await append(storage, lease, 3, [text(4)]);
  await lease.release();
  expect(await textsOf(storage, 'one'), what).toEqual([...BEFORE, text(4)]);
  expect(verifySession('one', { root: made.root })).toEqual([]);
}

test('a batch whose last byte was not written is not there, however much of it is', async () => {
  const unfinished = Buffer.from(whole);
  unfinished[start] = 0x5d;
  for (let end = start + 3; end <= whole.length; end += 37) {
    writeFileSync(path, unfinished.subarray(0, Math.min(end, whole.length)));
    await expectNoBatch(`cut at ${end}`);
  }
  writeFileSync(path, unfinished);
  await expectNoBatch('whole but for that byte');
  const holed = Buffer.from(unfinished);
  holed.fill(0, start + 900, start + 1100);
  writeFileSync(path, holed);
  await expectNoBatch('with a hole');
});

test('a batch that was acknowledged is there, and damage within it takes no other record', async () => {
  expect(await textsOf(storage, 'one')).toEqual([...BEFORE, ...BATCH]);
  const holed = Buffer.from(whole);
  const second = holed.indexOf('"n":5');
  holed.fill(0, second, second + 8);
  writeFileSync(path, holed);
  expect((await salvage(storage, 'one')).seqs).toEqual([1, 2, 3, 4, 6]);
  const lease = await storage.acquire('one', { owner: OWNER, expect: 'existing' });
  expect(lease.head?.seq).toBe(6);
  await append(storage, lease, 6, [text(7)]);
  await lease.release();
  expect((await salvage(storage, 'one')).seqs).toEqual([1, 2, 3, 4, 6, 7]);
});

test('a single record of which a power cut kept the first block only, or lost it, is not there', async () => {
  const closer = Buffer.from(whole);
  // The block with the beginning of the append stayed as it was: a closing text, then nothing up to the next block.
  closer.write(']\n', start);
  closer.fill(0, start + 2, start + 200);
  writeFileSync(path, closer);
  await expectNoBatch('first block lost');
  const rest = Buffer.from(whole.subarray(0, start + 300));
  writeFileSync(path, Buffer.concat([rest, Buffer.alloc(1000)]));
  await expectNoBatch('first block kept');
});
