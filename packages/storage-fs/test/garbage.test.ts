import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { SessionStorage } from '@reprise/core';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { collectGarbage, verifySession } from '../src/index.ts';
import { append, headOf, make, OWNER, text, textsOf } from './moves.ts';
import { temporaryStorage } from './temporary.ts';

let made: ReturnType<typeof temporaryStorage>;
let storage: SessionStorage;
let root: string;
beforeEach(() => {
  made = temporaryStorage();
  ({ storage, root } = made);
});
afterEach(async () => {
  await storage.close();
  made.cleanup();
});

const later = (): number => Date.now() + 7_200_000;

/** A blob put and, where `named`, a record that names it. */
async function attach(content: string, named: boolean): Promise<string> {
  const lease = await storage.acquire('one', { owner: OWNER, expect: 'existing' });
  const bytes = (async function* () {
    yield Buffer.from(content);
  })();
  const { sha256 } = await storage.blobs!.put(lease, bytes);
  const tip = lease.head?.seq ?? 0;
  if (named)
    await append(storage, lease, tip, [JSON.stringify({ type: 'message', image: { blob: `sha256:${sha256}` } })]);
  await lease.release();
  return sha256;
}

async function litter(): Promise<{ named: string; unnamed: string }> {
  await make(storage, 'one', [text(1)]);
  const named = await attach('named', true);
  const unnamed = await attach('unnamed', false);
  mkdirSync(join(root, '.trash-gone-1'));
  writeFileSync(join(root, '.trash-gone-1', 'messages.json'), '12345');
  mkdirSync(join(root, 'half'));
  writeFileSync(join(root, 'half', 'messages.json'), '[{"seq":1,"ty');
  writeFileSync(join(root, 'one', '.tmp-99-1'), 'x');
  writeFileSync(join(root, 'one', 'draft'), '{}\n');
  return { named, unnamed };
}

test('what crashes left behind is removed, and nothing else', async () => {
  const { named, unnamed } = await litter();
  const log = readFileSync(join(root, 'one', 'messages.json'));
  const dry = await collectGarbage({ root, dryRun: true, now: later });
  expect(dry.items.map(({ kind, path, bytes }) => [kind, path.slice(root.length + 1), bytes]).sort()).toEqual([
    ['blob', `one/blobs/${unnamed}`, 7],
    ['draft', 'one/draft', 3],
    ['half-made', 'half', 13],
    ['removed-session', '.trash-gone-1', 5],
    ['temporary', 'one/.tmp-99-1', 1],
  ]);
  expect(existsSync(join(root, 'half'))).toBe(true);
  expect(existsSync(join(root, 'one', 'blobs', unnamed))).toBe(true);
  const done = await collectGarbage({ root, now: later });
  expect(done).toEqual({ ...dry, dryRun: false });
  expect(readdirSync(root)).toEqual(['one']);
  expect(readdirSync(join(root, 'one', 'blobs'))).toEqual([named]);
  expect(readFileSync(join(root, 'one', 'messages.json'))).toEqual(log);
  expect((await collectGarbage({ root, now: later })).items).toEqual([]);
});

test('what is young may be at work: it stays', async () => {
  await litter();
  const { items } = await collectGarbage({ root });
  expect(items.map(({ kind }) => kind).sort()).toEqual(['draft', 'removed-session']);
  expect(existsSync(join(root, 'half'))).toBe(true);
});

test('a session in use is passed over, with the reason; a draft in an open turn stays', async () => {
  await litter();
  const lease = await storage.acquire('one', { owner: OWNER, expect: 'existing' });
  const { skipped } = await collectGarbage({ root, now: later });
  expect(skipped).toEqual([{ id: 'one', why: expect.stringContaining('in use by test') }]);
  expect(existsSync(join(root, 'one', 'draft'))).toBe(true);
  await storage.append(lease, { expected: 2, records: [], head: headOf('one', 2, { status: 'active' }) });
  await lease.release();
  expect((await collectGarbage({ root, now: later })).items.map(({ kind }) => kind)).toEqual(['blob']);
});

test('the draft of a turn that a crash ended stays, also where the stored head does not know of the turn yet', async () => {
  const session = { type: 'session', format: 1, at: '2026-04-30T00:00:00.000Z', model: { requested: 'm', name: 'm' } };
  await make(storage, 'one', [JSON.stringify({ ...session, system: [], tools: [], named: true, settings: {} })]);
  const state = readFileSync(join(root, 'one', 'state.json'));
  const lease = await storage.acquire('one', { owner: OWNER, expect: 'existing' });
  const opened = { type: 'message', id: 'm', role: 'user', content: 'go', timestamp: session.at, turn: 't' };
  await append(storage, lease, 1, [JSON.stringify(opened)]);
  await storage.draft!.add(lease, { step: 's', attempt: 1, offset: 0, json: '{}' });
  await lease.release();
  writeFileSync(join(root, 'one', 'state.json'), state);
  expect((await collectGarbage({ root, now: later })).items).toEqual([]);
  expect(await storage.draft!.read('one')).toHaveLength(1);
});

test('a damaged session keeps its attachments; bytes that were put aside, and records without a first one, always stay', async () => {
  const { unnamed } = await litter();
  const path = join(root, 'one', 'messages.json');
  writeFileSync(path, readFileSync(path, 'utf8').replace('note', 'nope'));
  mkdirSync(join(root, 'aside', 'damaged'), { recursive: true });
  await make(storage, 'rescue', [text(1), text(2)]);
  const log = join(root, 'rescue', 'messages.json');
  writeFileSync(log, readFileSync(log, 'utf8').replace('"n":1', '"n":7'));
  writeFileSync(join(root, 'rescue', 'metadata.json'), '');
  for (const id of ['aside', 'rescue']) utimesSync(join(root, id), 1, 1);
  await collectGarbage({ root, now: later });
  expect(readdirSync(root).sort()).toEqual(['aside', 'one', 'rescue']);
  expect(existsSync(join(root, 'one', 'blobs', unnamed))).toBe(true);
});

test('an empty or missing store has no garbage, and none is made', async () => {
  expect(await collectGarbage({ root })).toEqual({ dryRun: false, items: [], skipped: [] });
  expect(existsSync(root)).toBe(false);
});

test('a blob that a fork shares stays where it is named', async () => {
  await make(storage, 'one', [text(1)]);
  const sha256 = await attach('shared', true);
  const to = await storage.acquire('two', { owner: OWNER, expect: 'new' });
  await storage.copy!({ id: 'one', through: 1 }, to, headOf('two', 1));
  await to.release();
  const { items } = await collectGarbage({ root, now: later });
  expect(items.map(({ path }) => path.slice(root.length + 1))).toEqual([`two/blobs/${sha256}`]);
  const parts: Uint8Array[] = [];
  for await (const part of storage.blobs!.get('one', sha256)) parts.push(part);
  expect(createHash('sha256').update(Buffer.concat(parts)).digest('hex')).toBe(sha256);
  expect(verifySession('one', { root })).toEqual([]);
  expect(await textsOf(storage, 'two')).toEqual([text(1)]);
});
