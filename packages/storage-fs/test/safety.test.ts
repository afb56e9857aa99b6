import { execFileSync } from 'node:child_process';
import {
  copyFileSync,
  renameSync,
  chmodSync,
  chownSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { fsStorage, verifySession } from '../src/index.ts';
import { append, headOf, make, OWNER, text, textsOf } from './moves.ts';
import { temporaryStorage } from './temporary.ts';

let made: ReturnType<typeof temporaryStorage>;
beforeEach(() => (made = temporaryStorage()));
afterEach(async () => {
  await made.storage.close();
  made.cleanup();
});

const REFUSED = { code: 'STORAGE_FAILED', hint: expect.any(String) };

test('ids that lead out of the store are refused before anything is touched', async () => {
  await make(made.storage, 'one', [text(1)]);
  writeFileSync(join(made.root, '..', 'messages.json'), '[]\n');
  for (const id of ['..', '../home', 'one/../one', '/etc', 'one/', '.trash-x', 'One']) {
    await expect(made.storage.acquire(id, { owner: OWNER, expect: 'new' })).rejects.toMatchObject({
      code: 'INVALID_INPUT',
    });
    await expect(textsOf(made.storage, id)).rejects.toMatchObject({ code: 'INVALID_INPUT' });
    expect(() => verifySession(id, { root: made.root })).toThrow(expect.objectContaining({ code: 'INVALID_INPUT' }));
  }
});

test('a session folder that is a link is refused', async () => {
  await make(made.storage, 'one', [text(1)]);
  symlinkSync(join(made.root, 'one'), join(made.root, 'two'));
  await expect(textsOf(made.storage, 'two')).rejects.toMatchObject(REFUSED);
  await expect(made.storage.head('two')).rejects.toMatchObject(REFUSED);
  for (const expect_ of ['new', 'existing'] as const) {
    await expect(made.storage.acquire('two', { owner: OWNER, expect: expect_ })).rejects.toMatchObject(REFUSED);
  }
  expect((await made.storage.list()).items.map(({ id }) => id)).toEqual(['one']);
});

test('a file that is a link is refused, and what it leads to stays as it is', async () => {
  const elsewhere = join(made.root, '..', 'elsewhere');
  for (const name of ['messages.json', 'metadata.json', 'state.json', 'lock', 'holder', 'draft']) {
    await make(made.storage, 'one', [text(1)]);
    writeFileSync(elsewhere, 'mine');
    rmSync(join(made.root, 'one', name), { force: true });
    symlinkSync(elsewhere, join(made.root, 'one', name));
    const use = async (): Promise<void> => {
      const lease = await made.storage.acquire('one', { owner: OWNER, expect: 'existing' });
      await append(made.storage, lease, 1, [text(2)]);
      await made.storage.draft?.add(lease, { step: 's', attempt: 1, offset: 0, json: '{}' });
      await lease.release();
    };
    await expect(use(), name).rejects.toMatchObject({ code: 'STORAGE_FAILED' });
    expect(readFileSync(elsewhere, 'utf8'), name).toBe('mine');
    await made.storage.close();
    rmSync(join(made.root, 'one'), { recursive: true });
    made.storage = fsStorage({ root: made.root });
  }
});

test('a folder within a session that is a link is refused, and what it leads to stays as it is', async () => {
  const { storage, root } = made;
  const elsewhere = join(root, '..', 'elsewhere');
  mkdirSync(elsewhere, { recursive: true });
  const name = 'a'.repeat(64);
  for (const file of ['0000000001.k', name]) writeFileSync(join(elsewhere, file), '{}');
  await make(storage, 'one', [text(1)]);
  for (const folder of ['inbox', 'blobs']) symlinkSync(elsewhere, join(root, 'one', folder));
  const lease = await storage.acquire('one', { owner: OWNER, expect: 'existing' });
  const to = await storage.acquire('two', { owner: OWNER, expect: 'new' });
  const get = async (): Promise<void> => {
    for await (const part of storage.blobs?.get('one', name) ?? []) void part;
  };
  const uses: readonly (() => Promise<unknown> | undefined)[] = [
    () => storage.inbox?.put('one', { key: 'x', json: '{}' }),
    () => storage.inbox?.peek(lease),
    () => storage.inbox?.drop(lease, ['k']),
    () => storage.blobs?.put(lease, (async function* () {})()),
    get,
    () => storage.copy?.({ id: 'one', through: 1 }, to, headOf('two', 1)),
  ];
  for (const use of uses) await expect(use(), String(use)).rejects.toMatchObject(REFUSED);
  expect(readdirSync(elsewhere).sort()).toEqual(['0000000001.k', name]);
});

test.skipIf(process.platform === 'win32')(
  'what is no file is refused at once, and hides no other session',
  async () => {
    const { storage, root } = made;
    await make(storage, 'good', [text(1)]);
    for (const put of [(path: string) => execFileSync('mkfifo', [path]), (path: string) => mkdirSync(path)]) {
      for (const name of ['messages.json', 'state.json', 'metadata.json']) {
        await make(storage, 'one', [text(1)]);
        const path = join(root, 'one', name);
        rmSync(path);
        put(path);
        const refused = { ...REFUSED, message: expect.stringContaining('is not a file') };
        await expect(storage.acquire('one', { owner: OWNER, expect: 'existing' }), name).rejects.toMatchObject(refused);
        if (name === 'messages.json') await expect(textsOf(storage, 'one'), name).rejects.toMatchObject(refused);
        expect((await storage.list()).items.map(({ id }) => id)).toContain('good');
        rmSync(join(root, 'one'), { recursive: true });
      }
    }
  },
);

test('a log that a backup of hard links shares is written under its own name alone', async () => {
  const { storage, root } = made;
  await make(storage, 'one', [text(1)]);
  const backup = join(root, '..', 'backup.json');
  linkSync(join(root, 'one', 'messages.json'), backup);
  const before = readFileSync(backup, 'utf8');
  const lease = await storage.acquire('one', { owner: OWNER, expect: 'existing' });
  await append(storage, lease, 1, [text(2)]);
  await lease.release();
  expect(readFileSync(backup, 'utf8')).toBe(before);
  expect(await textsOf(storage, 'one')).toEqual([text(1), text(2)]);
  expect(statSync(join(root, 'one', 'messages.json')).mode & 0o777).toBe(0o600);
  expect(readdirSync(join(root, 'one')).filter((name) => name.startsWith('.tmp'))).toEqual([]);
});

test('the root may be reached through a link, and is resolved once', async () => {
  const { root } = made;
  mkdirSync(root, { recursive: true, mode: 0o700 });
  const link = join(dirname(root), 'link');
  symlinkSync(root, link);
  const storage = fsStorage({ root: link });
  await make(storage, 'one', [text(1)]);
  rmSync(link);
  symlinkSync('/nowhere', link);
  expect(await textsOf(storage, 'one')).toEqual([text(1)]);
  await storage.close();
});

test('a root that others can write, that belongs to another user, or that is a file is refused with a way out', async () => {
  const { root } = made;
  mkdirSync(root, { recursive: true, mode: 0o700 });
  chmodSync(root, 0o770);
  await expect(made.storage.list()).rejects.toMatchObject({ ...REFUSED, hint: expect.stringContaining('chmod') });
  chmodSync(root, 0o755);
  expect(await made.storage.list()).toEqual({ items: [] });
  const file = join(dirname(root), 'file');
  writeFileSync(file, '');
  await expect(fsStorage({ root: file }).list()).rejects.toMatchObject(REFUSED);
  await expect(make(fsStorage({ root: join(file, 'below') }), 'one', [text(1)])).rejects.toMatchObject({
    code: 'STORAGE_FAILED',
  });
});

test.skipIf(process.getuid?.() !== 0)('a root of another user is refused (run as root)', async () => {
  mkdirSync(made.root, { recursive: true, mode: 0o700 });
  chownSync(made.root, 12345, 12345);
  await expect(made.storage.list()).rejects.toMatchObject(REFUSED);
});

test('a newer format is refused by every member that opens the session, and nothing is changed', async () => {
  await make(made.storage, 'one', [text(1)]);
  const folder = join(made.root, 'one');
  const metadata = join(folder, 'metadata.json');
  writeFileSync(metadata, readFileSync(metadata, 'utf8').replace('"format": 1', '"format": 2'));
  const before = statSync(folder).mtimeMs;
  const files = () =>
    ['metadata.json', 'messages.json', 'state.json', 'holder'].map((name) => readFileSync(join(folder, name), 'utf8'));
  const contents = files();
  const newer = { code: 'FORMAT_TOO_NEW', hint: expect.stringContaining('Update') };
  const { storage } = made;
  await expect(storage.acquire('one', { owner: OWNER, expect: 'existing' })).rejects.toMatchObject(newer);
  await expect(storage.acquire('one', { owner: OWNER, expect: 'new' })).rejects.toMatchObject({
    code: expect.stringMatching(/FORMAT_TOO_NEW|SESSION_EXISTS/),
  });
  await expect(textsOf(storage, 'one')).rejects.toMatchObject(newer);
  await expect(storage.head('one')).rejects.toMatchObject(newer);
  expect(files()).toEqual(contents);
  expect(statSync(folder).mtimeMs).toBe(before);
});

test('a log that somebody else changed under the lease is FENCED', async () => {
  const { storage, root } = made;
  await make(storage, 'one', [text(1)]);
  const path = join(root, 'one', 'messages.json');
  const whole = readFileSync(path);
  for (const change of [
    () => writeFileSync(path, `${whole.toString()}x`),
    () => writeFileSync(path, whole.subarray(0, -1)),
    () => {
      rmSync(path);
      writeFileSync(path, whole);
    },
    () => rmSync(join(root, 'one'), { recursive: true }),
  ]) {
    const lease = await storage.acquire('one', { owner: OWNER, expect: 'existing' });
    change();
    await expect(append(storage, lease, 1, [text(2)])).rejects.toMatchObject({ code: 'FENCED' });
    await lease.release();
    if (statSync(join(root, 'one'), { throwIfNoEntry: false })) writeFileSync(path, whole);
  }
});

test('a lease on a folder that was removed and made again locks the new one', async () => {
  const other = fsStorage({ root: made.root });
  await make(made.storage, 'one', [text(1)]);
  await made.storage.remove(await made.storage.acquire('one', { owner: OWNER, expect: 'existing' }));
  const lease = await other.acquire('one', { owner: OWNER, expect: 'new' });
  await other.append(lease, { expected: 0, records: [text(5)], head: headOf('one', 1) });
  await expect(made.storage.acquire('one', { owner: OWNER, expect: 'existing' })).rejects.toMatchObject({
    code: 'SESSION_BUSY',
  });
  await other.close();
});

test('a lock taken on a folder that was replaced in that very moment is no lock', async () => {
  const { storage, root } = made;
  await make(storage, 'one', [text(1)]);
  const { DatabaseSync } = process.getBuiltinModule('node:sqlite');
  const exec = DatabaseSync.prototype.exec;
  vi.spyOn(DatabaseSync.prototype, 'exec').mockImplementationOnce(function (this: typeof DatabaseSync.prototype, sql) {
    // The lock file is open, but not locked yet: now another process removes the session and makes it again.
    renameSync(join(root, 'one'), join(root, '.trash-one'));
    mkdirSync(join(root, 'one'), { mode: 0o700 });
    copyFileSync(join(root, '.trash-one', 'messages.json'), join(root, 'one', 'messages.json'));
    copyFileSync(join(root, '.trash-one', 'metadata.json'), join(root, 'one', 'metadata.json'));
    writeFileSync(join(root, 'one', 'lock'), '');
    const holder = new DatabaseSync(join(root, 'one', 'lock'), { timeout: 0 });
    exec.call(holder, 'PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE');
    held.push(holder);
    return exec.call(this, sql);
  });
  const held: { close(): void }[] = [];
  try {
    await expect(storage.acquire('one', { owner: OWNER, expect: 'existing' })).rejects.toMatchObject({
      code: 'SESSION_BUSY',
    });
  } finally {
    for (const holder of held) holder.close();
    vi.restoreAllMocks();
  }
});
