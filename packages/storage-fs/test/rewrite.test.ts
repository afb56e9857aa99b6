import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { SessionStorage, StoredRecord } from '@reprise/core';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { verifySession } from '../src/index.ts';
import { append, headOf, make, OWNER, text, textsOf } from './moves.ts';
import { temporaryStorage } from './temporary.ts';

let made: ReturnType<typeof temporaryStorage>;
let storage: SessionStorage;
beforeEach(() => {
  made = temporaryStorage();
  storage = made.storage;
});
afterEach(async () => {
  await storage.close();
  made.cleanup();
});

async function* pages(...numbers: readonly (readonly number[])[]): AsyncGenerator<readonly StoredRecord[]> {
  let seq = 0;
  for (const page of numbers) yield page.map((n) => ({ seq: (seq += 1), json: text(n) }));
}

const rewrite = (...args: Parameters<NonNullable<SessionStorage['rewrite']>>) => storage.rewrite!(...args);
const existing = () => storage.acquire('one', { owner: OWNER, expect: 'existing' });

test('the new log is whole, a reader of the old one goes on reading it, and nothing else is left', async () => {
  await make(
    storage,
    'one',
    [1, 2, 3].map((n) => text(n, 600_000)),
  );
  const lease = await existing();
  const reader = storage.read('one')[Symbol.asyncIterator]();
  await reader.next();
  await rewrite(lease, pages([7], [], [8, 9]), headOf('one', 3, { title: 'New' }));
  expect((await reader.next()).value?.[0]).toMatchObject({ seq: 2, json: text(2, 600_000) });
  await reader.return?.();
  expect(await textsOf(storage, 'one')).toEqual([text(7), text(8), text(9)]);
  expect(await storage.head('one')).toEqual(headOf('one', 3, { title: 'New' }));
  await append(storage, lease, 3, [text(10)]);
  await lease.release();
  expect(verifySession('one', { root: made.root })).toEqual([]);
  expect(readdirSync(join(made.root, 'one')).sort()).toEqual([
    ...['holder', 'lock', 'messages.json', 'metadata.json', 'state.json'],
  ]);
});

test('a source that fails, gaps, bad text, no record and a wrong head leave everything as it was', async () => {
  await make(storage, 'one', [text(1), text(2)]);
  const lease = await existing();
  const log = readFileSync(join(made.root, 'one', 'messages.json'));
  const gap = (async function* () {
    yield [{ seq: 2, json: text(1) }];
  })();
  const bad = (async function* () {
    yield [{ seq: 1, json: 'no' }];
  })();
  for (const [records, head] of [
    [gap, headOf('one', 1)],
    [bad, headOf('one', 1)],
    [pages(), headOf('one', 0)],
    [pages([1]), headOf('one', 5)],
  ] as const) {
    await expect(rewrite(lease, records, head)).rejects.toMatchObject({ code: 'INVALID_INPUT' });
    expect(readFileSync(join(made.root, 'one', 'messages.json'))).toEqual(log);
  }
  expect(readdirSync(join(made.root, 'one')).filter((name) => name.startsWith('.'))).toEqual([]);
  await append(storage, lease, 2, [text(3)]);
});

test('an append while the records come is not lost: CONFLICT; a lease that ends meanwhile: FENCED', async () => {
  await make(storage, 'one', [text(1)]);
  const lease = await existing();
  const slow = (meanwhile: () => Promise<void>) =>
    (async function* () {
      yield [{ seq: 1, json: text(5) }];
      await meanwhile();
    })();
  const appending = slow(() => append(storage, lease, 1, [text(2)]));
  await expect(rewrite(lease, appending, headOf('one', 1))).rejects.toMatchObject({ code: 'CONFLICT' });
  const releasing = slow(() => lease.release());
  await expect(rewrite(lease, releasing, headOf('one', 1))).rejects.toMatchObject({ code: 'FENCED' });
  expect(await textsOf(storage, 'one')).toEqual([text(1), text(2)]);
});

test('a log that another program changed is not replaced', async () => {
  await make(storage, 'one', [text(1)]);
  const lease = await existing();
  writeFileSync(join(made.root, 'one', 'messages.json'), 'theirs, and longer than ours');
  await expect(rewrite(lease, pages([1]), headOf('one', 1))).rejects.toMatchObject({ code: 'FENCED' });
  expect(readFileSync(join(made.root, 'one', 'messages.json'), 'utf8')).toContain('theirs');
});

test('a new session has nothing to rewrite', async () => {
  const lease = await storage.acquire('new', { owner: OWNER, expect: 'new' });
  await expect(rewrite(lease, pages([1]), headOf('new', 1))).rejects.toMatchObject({ code: 'CONFLICT' });
});
