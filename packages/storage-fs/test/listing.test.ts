import {
  appendFileSync,
  cpSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { pageOfHeads, SESSION_ID, type Query, type SessionHead, type SessionStorage } from '@reprise/core';
import fc from 'fast-check';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { fsStorage } from '../src/index.ts';
import { noteRow } from '../src/index-rows.ts';
import { lookAt } from '../src/look.ts';
import { SessionIndex } from '../src/session-index.ts';
import { countedCalls, frozenFile, frozenTimes, recordSyncs } from './faulty.ts';
import { headOf, OWNER } from './moves.ts';
import { temporaryStorage } from './temporary.ts';

let made: ReturnType<typeof temporaryStorage>;
let storage: SessionStorage;
let root: string;
beforeEach(() => {
  made = temporaryStorage();
  ({ storage, root } = made);
});
afterEach(async () => {
  vi.useRealTimers();
  await storage.close();
  made.cleanup();
});

async function make(head: SessionHead, from = storage): Promise<void> {
  const lease = await from.acquire(head.id, { owner: OWNER, expect: 'new' });
  await from.append(lease, { expected: 0, records: ['{"type":"note"}'], head });
  await lease.release();
}

async function fill(count: number): Promise<void> {
  for (let n = 0; n < count; n += 1) await make(headOf(`s${String(n).padStart(3, '0')}`, 1));
  // Makes the index, which small stores do without.
  await storage.search!('nothing');
}

/** The clock moves on, so that what changed in the root before is long ago. */
function wait(): void {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 10_000 });
}

const idsIn = async (from: SessionStorage, query: Query = {}): Promise<readonly string[]> =>
  (await from.list({ limit: 1000, ...query })).items.map(({ id }) => id);

/** A folder as an editor or a backup would put it there. */
function copyOf(id: string, name: string): void {
  cpSync(join(root, id), `${root}-copy`, { recursive: true });
  for (const file of ['state.json', 'metadata.json']) {
    const text = JSON.stringify({ ...headOf(name, 1), format: 1 });
    writeFileSync(join(`${root}-copy`, file), text);
  }
  renameSync(`${root}-copy`, join(root, name));
}

test('where nothing changes, a page looks at the sessions on it and at no others, and never reads the folder of all', async () => {
  await fill(150);
  wait();
  await storage.list({ limit: 5 });
  const calls = countedCalls('readdirSync', 'lstatSync', 'openSync');
  try {
    expect(await idsIn(storage, { limit: 5 })).toHaveLength(5);
    expect(calls.counts).toMatchObject({ readdirSync: 0 });
    expect(calls.counts['lstatSync']).toBeLessThan(30);
    expect(calls.counts['openSync']).toBeLessThan(5);
  } finally {
    calls.undo();
  }
});

test('where one session changes, only that one is looked at, also while somebody writes to it', async () => {
  await fill(150);
  wait();
  await storage.list();
  const calls = countedCalls('readdirSync', 'lstatSync');
  try {
    const lease = await storage.acquire('s077', { owner: OWNER, expect: 'existing' });
    for (const [n, model] of ['first', 'second', 'third'].entries()) {
      const head = headOf('s077', n + 2, { model, checkpoint: n + 2 });
      await storage.append(lease, { expected: n + 1, records: ['{"type":"note"}'], head });
      expect(await idsIn(storage, { where: { model } })).toEqual(['s077']);
    }
    await lease.release();
    expect(await idsIn(storage, { where: { model: 'third' } })).toEqual(['s077']);
    expect(calls.counts['readdirSync']).toBe(0);
    expect(calls.counts['lstatSync']).toBeLessThan(150);
    rmSync(join(root, 's000'), { recursive: true });
    calls.counts['lstatSync'] = 0;
    expect(await idsIn(storage, { limit: 10 })).toHaveLength(10);
    expect(calls.counts['lstatSync']).toBeLessThan(50);
  } finally {
    calls.undo();
  }
});

test('what another program did to the index is noticed', async () => {
  await fill(3);
  wait();
  await storage.list();
  const { DatabaseSync } = process.getBuiltinModule('node:sqlite');
  const other = new DatabaseSync(join(root, '.index'));
  other.exec("PRAGMA journal_mode = TRUNCATE; DELETE FROM sessions WHERE id = 's001'");
  other.close();
  expect(await idsIn(storage)).toEqual(['s000', 's001', 's002']);
});

test('whatever comes, goes or changes is seen by one who has looked before: by this instance, another one, or other means', async () => {
  await fill(3);
  const other = fsStorage({ root });
  const all = ['s000', 's001', 's002'];
  const steps: [() => unknown, readonly string[]][] = [
    [() => make(headOf('made', 1)), ['made', ...all]],
    [() => make(headOf('elsewhere', 1), other), ['elsewhere', 'made', ...all]],
    [() => copyOf('s000', 'copied'), ['copied', 'elsewhere', 'made', ...all]],
    [() => rmSync(join(root, 'made'), { recursive: true }), ['copied', 'elsewhere', ...all]],
    [
      async () => other.remove(await other.acquire('s001', { owner: OWNER, expect: 'existing' })),
      [...['copied', 'elsewhere', 's000', 's002']],
    ],
    [() => renameSync(join(root, 's000'), `${root}-away`), ['copied', 'elsewhere', 's002']],
    [() => renameSync(`${root}-away`, join(root, 's000')), ['copied', 'elsewhere', 's000', 's002']],
  ];
  for (const [at, [step, ids]] of steps.entries()) {
    await step();
    expect(await idsIn(storage), `step ${at}`).toEqual(ids);
    wait();
    expect(await idsIn(storage), `step ${at}, later`).toEqual(ids);
    expect(await idsIn(other), `step ${at}, elsewhere`).toEqual(ids);
  }
  await other.close();
});

test('a folder that held no session is looked at again: it may become one without another change of the root', async () => {
  await fill(2);
  mkdirSync(join(root, 'half'));
  wait();
  expect(await idsIn(storage)).toEqual(['s000', 's001']);
  for (const name of ['messages.json', 'metadata.json', 'state.json']) {
    cpSync(join(root, 's000', name), join(root, 'half', name));
  }
  writeFileSync(join(root, 'half', 'state.json'), JSON.stringify(headOf('half', 1)));
  expect(await idsIn(storage)).toEqual(['half', 's000', 's001']);
});

test.each([
  ['within the tick of a fine clock', 0.25, 90],
  ['within the seconds of a coarse one', 0, 2000],
])('what changes the root twice %s is not missed', async (_, fraction, later) => {
  await fill(2);
  // As if both had come within one tick of the file system's clock, and this were looked at later.
  const changed = Math.floor(Date.now() / 1000) * 1000 + fraction;
  vi.useFakeTimers({ toFake: ['Date'], now: changed + later });
  const undo = frozenTimes(root, changed);
  try {
    expect(await idsIn(storage)).toEqual(['s000', 's001']);
    copyOf('s000', 'copied');
    expect(await idsIn(storage)).toEqual(['copied', 's000', 's001']);
  } finally {
    undo();
  }
});

test('what is written twice within one tick of the clock, in its place, is seen', async () => {
  await fill(2);
  await storage.list();
  const undo = frozenFile(join(root, 's001', 'state.json'));
  try {
    for (const [n, title] of ['a', 'b', 'c'].entries()) {
      const lease = await storage.acquire('s001', { owner: OWNER, expect: 'existing' });
      const head = headOf('s001', n + 2, { title });
      await storage.append(lease, { expected: n + 1, records: ['{"type":"note"}'], head });
      await lease.release();
      expect((await storage.list()).items.map(({ title }) => title)).toEqual([undefined, title]);
    }
  } finally {
    undo();
  }
});

test('what another process noted while this one looked is newer, and stays', async () => {
  await fill(1);
  for (let n = 0; n < 100; n += 1) copyOf('s000', `copy-${n}`);
  const [first = ''] = readdirSync(root).filter((name) => SESSION_ID.test(name) && name !== 's000');
  const index = new SessionIndex(root);
  const looking = index.catchUp();
  // It looks up from its work for the first time: it has seen the first folder, and stored nothing.
  const state = join(root, first, 'state.json');
  rmSync(state);
  writeFileSync(state, JSON.stringify({ ...headOf(first, 1), model: 'newer' }));
  appendFileSync(join(root, '.touched'), `+${first}\n-${first}\n`);
  const other = new SessionIndex(root);
  other.file.change(() => {
    noteRow(other.file, first, lookAt(root, first, undefined), false);
    other.file.sql('UPDATE place SET offset = ?').run(statSync(join(root, '.touched')).size);
  });
  other.file.close();
  await looking;
  expect((await index.page({ where: { model: 'newer' } }))?.items.map(({ id }) => id)).toEqual([first]);
  expect((await index.page({ limit: 1000 }))?.items).toHaveLength(101);
  index.file.close();
});

test('a folder that cannot be looked into hides itself alone, and costs the index nothing', async () => {
  await fill(2);
  const index = new SessionIndex(root);
  index.file.sql('CREATE TABLE kept(n)').run();
  symlinkSync('loop', join(root, 'loop'));
  expect(await idsIn(storage)).toEqual(['s000', 's001']);
  expect((await storage.search!('nothing')).items).toEqual([]);
  expect(index.file.sql('SELECT n FROM kept').all()).toEqual([]);
  index.file.close();
});

test('who asks while others are being answered sees what was made before it asked', async () => {
  await fill(1);
  for (let n = 0; n < 100; n += 1) copyOf('s000', `copy-${n}`);
  const first = storage.list();
  copyOf('s000', 'made');
  const second = idsIn(storage);
  await first;
  expect(await second).toContain('made');
});

test('an index that somebody else made in the place of a bad one is not thrown away for that one', async () => {
  await fill(1);
  writeFileSync(join(root, '.index'), 'no index');
  const [one, another] = [new SessionIndex(root), new SessionIndex(root)];
  expect(() => one.file.sql('SELECT 1')).toThrow();
  await another.page({});
  one.file.discard();
  expect(one.file.sql('SELECT id FROM sessions').all()).toEqual([{ id: 's000' }]);
  one.file.close();
  another.file.close();
});

test('an index that somebody throws away in the middle of a change is not changed by the rest of it', async () => {
  await fill(1);
  const index = new SessionIndex(root);
  await index.catchUp();
  const other = new SessionIndex(root);
  other.file.sql('SELECT 1');
  index.file.change(() => {
    index.file.sql('UPDATE sessions SET hot = 1').run();
    other.file.discard();
    other.file.sql('SELECT 1');
    noteRow(index.file, 's000', lookAt(root, 's000', undefined), false);
  });
  expect(other.file.sql('SELECT id FROM sessions').all()).toEqual([]);
  index.file.close();
  other.file.close();
});

const said = (content: string): string => JSON.stringify({ type: 'message', content });

test.each([['.index'], ['.touched'], ['.index', '.touched']])(
  'what is written under a lease that began before %s %s was made anew is found',
  async (...names) => {
    await fill(2);
    const lease = await storage.acquire('s001', { owner: OWNER, expect: 'existing' });
    await storage.append(lease, { expected: 1, records: [said('early')], head: headOf('s001', 2) });
    const reader = fsStorage({ root });
    for (const name of names) rmSync(join(root, name));
    expect((await reader.search!('early')).items).toHaveLength(1);
    // Its process may end here without giving the lease back.
    const head = headOf('s001', 3, { model: 'late', checkpoint: 3 });
    await storage.append(lease, { expected: 2, records: [said('late')], head });
    expect((await reader.search!('late')).items).toHaveLength(1);
    expect(await idsIn(reader, { where: { model: 'late' } })).toEqual(['s001']);
    await reader.close();
    await lease.release();
  },
);

test('marks that a power cut takes after they were read hide no others', async () => {
  const { synced, undo } = recordSyncs();
  try {
    await fill(3);
    const leases = await Promise.all(
      ['s000', 's001'].map(async (id) => {
        const lease = await storage.acquire(id, { owner: OWNER, expect: 'existing' });
        await storage.append(lease, { expected: 1, records: ['{"type":"note"}'], head: headOf(id, 2) });
        return lease;
      }),
    );
    for (const lease of leases) await lease.release();
    await storage.list();
    const { ino, birthtimeMs } = statSync(join(root, '.touched'));
    writeFileSync(join(root, '.touched'), synced.files.get(`${ino} ${birthtimeMs}`) ?? '');
  } finally {
    undo();
  }
  const lease = await storage.acquire('s002', { owner: OWNER, expect: 'existing' });
  const head = headOf('s002', 2, { model: 'late' });
  await storage.append(lease, { expected: 1, records: ['{"type":"note"}'], head });
  await lease.release();
  expect(await idsIn(storage, { where: { model: 'late' } })).toEqual(['s002']);
});

test('the index answers every query as the heads themselves do, page by page', async () => {
  const time = (n: number): string => new Date(Date.UTC(2026, 0, 1, n)).toISOString();
  const hour = fc.integer({ min: 0, max: 4 });
  const tag = fc.constantFrom('a', 'b', 'ä"[]', '');
  const tags = fc.array(tag, { maxLength: 3 });
  const id = fc.constantFrom('p', 'q', 's01', 's02');
  const model = fc.constantFrom('m', 'n');
  const status = fc.constantFrom('idle' as const, 'active' as const, 'error' as const);
  const some = <T>(of: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> => fc.option(of, { nil: undefined, freq: 1 });
  const head = fc
    .record({
      ...{ created: hour, last: hour, cwd: some(fc.constantFrom('/x', '/y')), tags: some(tags), model, status },
      parent: some(fc.record({ id, seq: fc.constant(1) }, { requiredKeys: ['id', 'seq'] })),
      spawned: fc.boolean(),
    })
    .map(({ created, last, cwd, tags, parent, spawned, ...rest }): Partial<SessionHead> => ({
      ...{ ...rest, createdAt: time(created), lastMessage: time(last) },
      ...(cwd !== undefined && { cwd }),
      ...(tags !== undefined && { tags }),
      ...(parent !== undefined && { parent: { ...parent, ...(spawned && { kind: 'spawn' as const }) } }),
    }));
  const heads = fc.sample(head, { numRuns: 40, seed: 7 }).map((more, n) => headOf(`s${n}`, 1, more));
  for (const each of heads) await make(each);
  await storage.search!('nothing');
  const query = fc.record(
    {
      limit: fc.integer({ min: 1, max: 12 }),
      order: fc.constantFrom('created' as const, 'lastMessage' as const),
      where: fc.record(
        {
          ...{ cwd: fc.constantFrom('/x', '/z'), spawned: fc.boolean(), model, status },
          tag: fc.oneof(tag, fc.array(tag, { maxLength: 2 })),
          parent: fc.oneof(id, fc.array(id, { maxLength: 3 })),
          since: hour.map(time),
        },
        { requiredKeys: [] },
      ),
    },
    { requiredKeys: [] },
  );
  await fc.assert(
    fc.asyncProperty(query, async (asked) => {
      for (let cursor: string | undefined; ;) {
        const given = { ...asked, ...(cursor !== undefined && { cursor }) };
        const page = await storage.list(given);
        expect(page).toEqual(pageOfHeads(heads, given));
        ({ cursor } = page);
        if (cursor === undefined) return;
      }
    }),
    { numRuns: 300 },
  );
}, 30_000);

test('an index is done without where the disk is full or fails, and thrown away only where it is bad itself', async () => {
  await fill(2);
  const index = new SessionIndex(root);
  const which = (): number => statSync(join(root, '.index')).ino;
  const first = which();
  const failing = (errcode?: number) => () => {
    throw Object.assign(new Error('planted'), errcode === undefined ? {} : { errcode });
  };
  // SQLITE_FULL, SQLITE_IOERR_FSYNC, SQLITE_CANTOPEN, SQLITE_READONLY.
  for (const code of [13, 1034, 14, 8]) {
    expect(await index.using(failing(code))).toBeUndefined();
    expect(which()).toBe(first);
  }
  // SQLITE_CORRUPT, and what is no error of SQLite's.
  for (const code of [11, undefined]) {
    const discard = vi.spyOn(index.file, 'discard');
    expect(await index.using(failing(code))).toBeUndefined();
    expect(discard).toHaveBeenCalledTimes(1);
    discard.mockRestore();
  }
  index.file.close();
});
