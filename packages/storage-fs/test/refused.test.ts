import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { fsStorage, verifySession } from '../src/index.ts';
import { append, make, OWNER, text, textsOf } from './moves.ts';

let folder: string;
let root: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'reprise-refused-'));
  root = join(folder, 'sessions');
  mkdirSync(root, { mode: 0o700 });
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Makes the store read-only: for root, whom modes don't stop, by a mount; `undefined` where neither works. */
function lockDown(): (() => void) | undefined {
  if (process.getuid?.() !== 0) {
    const paths = [root, ...readdirSync(root).map((name) => join(root, name))];
    for (const path of paths) chmodSync(path, 0o500);
    return () => paths.forEach((path) => chmodSync(path, 0o700));
  }
  try {
    execFileSync('mount', ['--bind', root, root], { stdio: 'ignore' });
    execFileSync('mount', ['-o', 'remount,ro,bind', root], { stdio: 'ignore' });
  } catch {
    return undefined;
  }
  return () => void execFileSync('umount', ['-l', root]);
}

const REFUSED = { code: 'STORAGE_FAILED', hint: expect.any(String) };

/** The failure of `work`, which must come at once: no wait, no busy loop. */
async function refusal(work: Promise<unknown> | undefined): Promise<unknown> {
  const before = performance.now();
  const error = await Promise.resolve(work).then(
    () => 'nothing was refused',
    (reason: unknown) => reason,
  );
  expect(performance.now() - before).toBeLessThan(1000);
  return error;
}

test('a store that may not be written is read, and each write is refused at once with what to do', async ({ skip }) => {
  const storage = fsStorage({ root });
  await make(storage, 'one', [text(1)]);
  const undo = lockDown();
  if (undo === undefined) return skip('a read-only mount is not possible here');
  try {
    expect(await textsOf(storage, 'one')).toEqual([text(1)]);
    expect(await storage.head('one')).toMatchObject({ seq: 1 });
    expect((await storage.list()).items).toHaveLength(1);
    expect(verifySession('one', { root })).toEqual([]);
    expect((await storage.search?.('anything'))?.items).toEqual([]);
    expect(await refusal(storage.acquire('one', { owner: OWNER, expect: 'existing' }))).toMatchObject(REFUSED);
    expect(await refusal(storage.acquire('two', { owner: OWNER, expect: 'new' }))).toMatchObject(REFUSED);
    expect(await refusal(storage.inbox?.put('one', { key: 'k', json: '{}' }))).toMatchObject(REFUSED);
  } finally {
    undo();
  }
  const lease = await storage.acquire('one', { owner: OWNER, expect: 'existing' });
  await append(storage, lease, 1, [text(2)]);
  await storage.close();
  expect(await textsOf(fsStorage({ root }), 'one')).toHaveLength(2);
});

describe.skipIf(process.platform === 'win32')('with too many files open', () => {
  test('each call is done or refused at once, and everything works again when files can be opened', () => {
    const child = fileURLToPath(new URL('starving.ts', import.meta.url));
    const few = ['-c', 'ulimit -n 64; exec "$@"', 'bash', process.execPath, '-C', '@reprise/source', '--no-warnings'];
    const said = execFileSync('bash', [...few, child, root], { encoding: 'utf8', timeout: 20_000 })
      .trim()
      .split('\n');
    expect(said).toEqual([
      'append: done',
      'read: STORAGE_FAILED with a hint',
      'acquire: STORAGE_FAILED with a hint',
      'draft: STORAGE_FAILED with a hint',
      'inbox: STORAGE_FAILED with a hint',
      'release: done',
      'records: 3',
      'head: 3',
      'sessions: 1',
    ]);
    expect(verifySession('one', { root })).toEqual([]);
  });
});
