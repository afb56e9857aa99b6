import { cpSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Query, SessionHead, SessionStorage } from '@reprise/core';
import fc from 'fast-check';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { fsStorage } from '../src/index.ts';
import { append, headOf, OWNER } from './moves.ts';
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

const message = (content: string): string => JSON.stringify({ type: 'message', role: 'user', content });
const indexFile = (): string => join(root, '.index');

async function make(id: string, texts: readonly string[], more: Partial<SessionHead> = {}): Promise<void> {
  const lease = await storage.acquire(id, { owner: OWNER, expect: 'new' });
  const head = headOf(id, texts.length, more);
  await storage.append(lease, { expected: 0, records: texts.map(message), head });
  await lease.release();
}

async function add(id: string, texts: readonly string[], more: Partial<SessionHead> = {}): Promise<void> {
  const lease = await storage.acquire(id, { owner: OWNER, expect: 'existing' });
  const expected = lease.head?.seq ?? 0;
  const head = headOf(id, expected + texts.length, more);
  await storage.append(lease, { expected, records: texts.map(message), head });
  await lease.release();
}

/** What a search gives, as `id:seq`, page by page. */
async function hits(text: string, query: Query = {}, from = storage): Promise<readonly string[]> {
  const found: string[] = [];
  let cursor: string | undefined;
  do {
    const page = await from.search!(text, { ...query, ...(cursor === undefined ? {} : { cursor }) });
    found.push(...page.items.map(({ id, seq }) => `${id}:${seq}`));
    cursor = page.cursor;
  } while (cursor !== undefined);
  return found;
}

/** A storage that can't make an index in a copy of the present files. */
async function withoutIndex<T>(use: (storage: SessionStorage) => Promise<T>): Promise<T> {
  const copy = `${root}-copy`;
  cpSync(root, copy, { recursive: true, preserveTimestamps: true });
  for (const name of ['.index', '.touched']) rmSync(join(copy, name), { force: true });
  mkdirSync(join(copy, '.index'));
  const other = fsStorage({ root: copy });
  try {
    return await use(other);
  } finally {
    await other.close();
    rmSync(copy, { recursive: true });
  }
}

test('a word is found in every session that holds it, newest session and newest record first, with its surroundings', async () => {
  await make('old', ['The heliotrope blooms', 'nothing'], { lastMessage: '2026-01-01T00:00:00.000Z' });
  const long = `${'before '.repeat(50)}heliotropes${' after'.repeat(50)}`;
  await make('new', [long, 'no', 'Héliotrope!'], { lastMessage: '2026-02-01T00:00:00.000Z' });
  const { items } = await storage.search!('HELIOTROPE');
  expect(items.map(({ id, seq }) => [id, seq])).toEqual([
    ['new', 3],
    ['new', 1],
    ['old', 1],
  ]);
  expect(items.map(({ excerpt }) => excerpt)).toEqual([
    'Héliotrope!',
    expect.stringMatching(/^….*before heliotropes after.*…$/),
    'The heliotrope blooms',
  ]);
  expect(items[1]?.excerpt.length).toBeLessThan(200);
});

test('all words must be in one message; signs of scripts without spaces are found anywhere; marks and operators are only text', async () => {
  await make('one', ['alpha beta', 'alpha', 'beta', '東京都に住んでいます', 'a "quoted" OR -b* NEAR(c) foo_bar x.y']);
  expect(await hits('beta alpha')).toEqual(['one:1']);
  expect(await hits('京都')).toEqual(['one:4']);
  expect(await hits('都京')).toEqual([]);
  expect(await hits('"quoted" OR')).toEqual(['one:5']);
  expect(await hits('foo_bar')).toEqual(['one:5']);
  expect(await hits('y.x')).toEqual([]);
  await expect(storage.search!(' "*" ')).rejects.toMatchObject({ code: 'INVALID_INPUT' });
  await expect(storage.search!('alpha', { cursor: 'x' })).rejects.toMatchObject({ code: 'INVALID_INPUT' });
});

test('only the messages are searched, also those of a model and edited ones', async () => {
  const lease = await storage.acquire('one', { owner: OWNER, expect: 'new' });
  await append(storage, lease, 0, [
    ...[
      { type: 'note', content: 'heliotrope' },
      { type: 'result', result: 'heliotrope' },
    ].map((each) => JSON.stringify(each)),
    ...[
      { type: 'step', role: 'assistant', content: 'heliotrope' },
      { type: 'edit', content: 'heliotrope' },
    ].map((each) => JSON.stringify(each)),
  ]);
  expect(await hits('heliotrope')).toEqual(['one:4', 'one:3']);
});

test('what another instance writes is there at once: new records, also of a lease that is held or was never given back', async () => {
  await make('one', ['apple']);
  const reader = fsStorage({ root });
  expect(await hits('apple', {}, reader)).toEqual(['one:1']);
  const lease = await storage.acquire('one', { owner: OWNER, expect: 'existing' });
  await append(storage, lease, 1, [message('apple too')]);
  expect(await hits('apple', {}, reader)).toEqual(['one:2', 'one:1']);
  await append(storage, lease, 2, [message('apple three')]);
  expect(await hits('apple', {}, reader)).toEqual(['one:3', 'one:2', 'one:1']);
  await lease.release();
  expect((await reader.list()).items).toEqual([headOf('one', 3)]);
  await add('one', ['pear'], { title: 'Fruit' });
  expect((await reader.list()).items).toEqual([headOf('one', 4, { title: 'Fruit' })]);
  await storage.remove(await storage.acquire('one', { owner: OWNER, expect: 'existing' }));
  expect(await hits('apple', {}, reader)).toEqual([]);
  await make('one', ['pear', 'apple']);
  expect(await hits('apple', {}, reader)).toEqual(['one:2']);
  await reader.close();
});

test('a rewritten log is searched as it is now', async () => {
  await make('one', ['apple', 'pear', 'apple']);
  expect(await hits('apple')).toEqual(['one:3', 'one:1']);
  const lease = await storage.acquire('one', { owner: OWNER, expect: 'existing' });
  const records = (async function* () {
    yield [{ seq: 1, json: message('plum') }];
    yield [{ seq: 2, json: message('apple') }];
  })();
  await storage.rewrite!(lease, records, headOf('one', 2));
  expect(await hits('apple')).toEqual(['one:2']);
  expect(await hits('pear')).toEqual([]);
});

test('the index is made by the first search, for its owner alone, and a turn never writes it', async () => {
  await make('one', ['apple']);
  await storage.list();
  expect(() => statSync(indexFile())).toThrow();
  await hits('apple');
  for (const name of ['.index', '.touched']) expect(statSync(join(root, name)).mode & 0o777).toBe(0o600);
  const before = readFileSync(indexFile());
  await add('one', ['pear']);
  await make('two', ['apple']);
  expect(readFileSync(indexFile())).toEqual(before);
  expect(await hits('apple')).toEqual(['one:1', 'two:1']);
});

test('an index that was deleted, cut, overwritten or made by a newer version is made again; one of its marks lost, too', async () => {
  await make('one', ['apple']);
  const harms: (() => void)[] = [
    () => rmSync(indexFile()),
    () => writeFileSync(indexFile(), ''),
    () => writeFileSync(indexFile(), 'not a database, but long enough to look like one'.repeat(100)),
    () => writeFileSync(indexFile(), readFileSync(indexFile()).subarray(0, 5000)),
    () => {
      const bytes = readFileSync(indexFile());
      bytes.fill(0xff, 4096);
      writeFileSync(indexFile(), bytes);
    },
    () => {
      const { DatabaseSync } = process.getBuiltinModule('node:sqlite');
      const database = new DatabaseSync(indexFile());
      database.exec('PRAGMA user_version = 99');
      database.close();
    },
    () => rmSync(join(root, '.touched')),
    () => writeFileSync(join(root, '.touched'), ''),
  ];
  for (const [at, harm] of harms.entries()) {
    await hits('apple');
    harm();
    await add('one', ['apple again'], { title: `after ${at}` });
    expect(await hits('apple'), `harm ${at}`).toHaveLength(at + 2);
    expect((await storage.list()).items, `harm ${at}`).toEqual([headOf('one', at + 2, { title: `after ${at}` })]);
    expect((await fsStorage({ root }).list()).items).toHaveLength(1);
  }
});

test('while another program keeps the index to itself, everything works without it', async () => {
  await make('one', ['apple']);
  await hits('apple');
  const { DatabaseSync } = process.getBuiltinModule('node:sqlite');
  const other = new DatabaseSync(indexFile());
  other.exec('BEGIN EXCLUSIVE');
  await add('one', ['apple'], { title: 'Late' });
  expect(await hits('apple')).toEqual(['one:2', 'one:1']);
  expect((await storage.list()).items).toEqual([headOf('one', 2, { title: 'Late' })]);
  other.close();
  expect(await hits('apple')).toEqual(['one:2', 'one:1']);
});

test('a folder put back from a backup is noticed when it is listed', async () => {
  await make('one', ['apple'], { title: 'Before' });
  cpSync(join(root, 'one'), `${root}-backup`, { recursive: true, preserveTimestamps: true });
  await add('one', ['pear'], { title: 'After' });
  await hits('apple');
  rmSync(join(root, 'one'), { recursive: true });
  cpSync(`${root}-backup`, join(root, 'one'), { recursive: true, preserveTimestamps: true });
  rmSync(`${root}-backup`, { recursive: true });
  expect((await storage.list()).items).toEqual([headOf('one', 1, { title: 'Before' })]);
  expect(await hits('pear')).toEqual([]);
});

test('with and without the index, listing and search say the same after any changes', async () => {
  const ids = ['a', 'b', 'c', 'd'];
  const words = ['apple', 'pear', 'Äpfel', '東京', 'plum-tree'];
  const time = fc.integer({ min: 0, max: 5 }).map((n) => new Date(Date.UTC(2026, 0, 1, n)).toISOString());
  const change = fc.record({
    id: fc.constantFrom(...ids),
    what: fc.constantFrom('write', 'write', 'write', 'remove'),
    texts: fc.array(fc.array(fc.constantFrom(...words), { minLength: 1, maxLength: 3 }), {
      minLength: 1,
      maxLength: 3,
    }),
    more: fc.record({ lastMessage: time, createdAt: time, cwd: fc.constantFrom('/x', '/y'), tags: fc.constant(['t']) }),
  });
  const ask = fc.record({
    text: fc.array(fc.constantFrom('app', 'pear', 'apfel', '東', '京', 'plum tree', 'plum-t'), {
      minLength: 1,
      maxLength: 2,
    }),
    limit: fc.integer({ min: 1, max: 3 }),
    order: fc.constantFrom('created' as const, 'lastMessage' as const),
    where: fc.constantFrom({}, { cwd: '/x' }, { tag: 't' }, { since: '2026-01-01T02:00:00.000Z' }),
  });
  await make('always', ['apple pear']);
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(change, ask), { minLength: 1, maxLength: 8 }), async (steps) => {
      for (const [{ id, what, texts, more }, { text, ...query }] of steps) {
        const there = (await storage.head(id)) !== undefined;
        const lines = texts.map((each) => each.join(' '));
        if (what === 'remove' && there)
          await storage.remove(await storage.acquire(id, { owner: OWNER, expect: 'existing' }));
        else if (what === 'write') await (there ? add(id, lines, more) : make(id, lines, more));
        const found = await hits(text.join(' '), query);
        const listed = (await storage.list({ ...query, limit: 10 })).items;
        const [scanned, read] = await withoutIndex(async (other) => [
          await hits(text.join(' '), query, other),
          (await other.list({ ...query, limit: 10 })).items,
        ]);
        expect(found).toEqual(scanned);
        expect(listed).toEqual(read);
      }
      for (const id of ids) {
        if ((await storage.head(id)) !== undefined)
          await storage.remove(await storage.acquire(id, { owner: OWNER, expect: 'existing' }));
      }
    }),
    { numRuns: 15 },
  );
}, 60_000);

test('a store of many sessions is listed from the index, page by page, as from the files', async () => {
  for (let n = 0; n < 300; n += 1) {
    const minute = (n * 7919) % 300;
    await make(`s${n}`, [`text ${n}`], { lastMessage: new Date(Date.UTC(2026, 0, 1, 0, minute)).toISOString() });
  }
  const walk = async (from: SessionStorage): Promise<readonly SessionHead[]> => {
    const heads: SessionHead[] = [];
    let cursor: string | undefined;
    do {
      const page = await from.list({ limit: 70, ...(cursor === undefined ? {} : { cursor }) });
      heads.push(...page.items);
      cursor = page.cursor;
    } while (cursor !== undefined);
    return heads;
  };
  await hits('text');
  const listed = await walk(storage);
  expect(statSync(indexFile()).size).toBeGreaterThan(0);
  expect(listed).toHaveLength(300);
  expect(await withoutIndex(walk)).toEqual(listed);
  const first = await storage.list({ limit: 10 });
  rmSync(indexFile());
  const second = await storage.list({ limit: 10, ...(first.cursor === undefined ? {} : { cursor: first.cursor }) });
  expect([...first.items, ...second.items]).toEqual(listed.slice(0, 20));
}, 30_000);
