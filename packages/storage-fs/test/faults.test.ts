import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { fsStorage, verifySession } from '../src/index.ts';
import { cutPower, recordSyncs } from './faulty.ts';
import { append, headOf, make, OWNER, text, textsOf } from './moves.ts';
import { canTrace, start } from './programs.ts';
import { temporaryStorage } from './temporary.ts';

/** A file system of 1 MiB that can be filled, where this user may mount one. */
function smallDisk(): string | undefined {
  const folder = mkdtempSync(join(tmpdir(), 'reprise-full-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m,mode=700', 'tmpfs', folder], { stdio: 'ignore' });
    return folder;
  } catch {
    rmSync(folder, { recursive: true });
    return undefined;
  }
}

function dropDisk(folder: string): void {
  // Lazily: a failed test may have left a file open.
  execFileSync('umount', ['-l', folder]);
  rmSync(folder, { recursive: true });
}

function canMount(): boolean {
  const folder = smallDisk();
  if (folder !== undefined) dropDisk(folder);
  return folder !== undefined;
}

describe.skipIf(!canMount())('a full disk (needs the right to mount a tmpfs)', () => {
  let disk: string;
  let ballast: string;
  let root: string;

  beforeAll(() => {
    disk = smallDisk() as string;
    ballast = join(disk, 'ballast');
    root = join(disk, 'sessions');
  });

  afterAll(() => dropDisk(disk));

  /** Leaves `pages` free pages of 4 KiB. */
  function fill(pages: number): void {
    rmSync(ballast, { force: true });
    const { bavail, bsize } = statfsSync(disk);
    writeFileSync(ballast, Buffer.alloc(Math.max(0, Number(bavail) - pages) * Number(bsize)));
  }

  test('at any level an append is stored or STORAGE_FULL with the old records whole, and goes on once there is space', async () => {
    const seen = { stored: 0, full: 0 };
    for (let pages = 0; pages < 16; pages += 1) {
      rmSync(root, { recursive: true, force: true });
      rmSync(ballast, { force: true });
      const storage = fsStorage({ root });
      await make(storage, 'one', [text(1)]);
      const lease = await storage.acquire('one', { owner: OWNER, expect: 'existing' });
      fill(pages);
      let tip = 1;
      for (let tries = 0; tries < 4; tries += 1) {
        try {
          await append(storage, lease, tip, [text(tip + 1, 9000), text(tip + 2, 300)]);
          tip += 2;
          seen.stored += 1;
        } catch (error) {
          expect(error).toMatchObject({ code: 'STORAGE_FULL', hint: expect.stringContaining('space') });
          seen.full += 1;
        }
        const stored = await textsOf(storage, 'one');
        expect(stored.length, `${pages} pages`).toBe(tip);
        JSON.parse(readFileSync(join(root, 'one', 'messages.json'), 'utf8'));
        JSON.parse(readFileSync(join(root, 'one', 'state.json'), 'utf8'));
        JSON.parse(readFileSync(join(root, 'one', 'metadata.json'), 'utf8'));
      }
      rmSync(ballast);
      await append(storage, lease, tip, [text(99)]);
      await lease.release();
      expect(verifySession('one', { root })).toEqual([]);
      expect(await storage.head('one')).toEqual(headOf('one', tip + 1));
      await storage.close();
    }
    expect(seen.stored).toBeGreaterThan(5);
    expect(seen.full).toBeGreaterThan(20);
  });

  test('at any level a new session is there whole or not at all', async () => {
    let made = 0;
    for (let pages = 0; pages < 14; pages += 1) {
      rmSync(root, { recursive: true, force: true });
      rmSync(ballast, { force: true });
      const storage = fsStorage({ root });
      await make(storage, 'first', [text(1)]);
      fill(pages);
      try {
        await make(storage, 'one', [text(1, 5000)]);
        made += 1;
        expect((await textsOf(storage, 'one')).length).toBe(1);
      } catch (error) {
        expect(error, `${pages} pages`).toMatchObject({ code: 'STORAGE_FULL' });
        expect((await storage.list()).items.map(({ id }) => id)).toEqual(['first']);
        await storage.close();
        expect(readdirSync(root), 'nor is a folder left').toEqual(['first']);
        rmSync(ballast);
        await make(fsStorage({ root }), 'one', [text(1)]);
      }
      expect(await textsOf(fsStorage({ root }), 'one')).toHaveLength(1);
    }
    expect(made).toBeGreaterThan(2);
    expect(made).toBeLessThan(14);
  });
});

/** Seen through /proc, which only Linux has. */
test.skipIf(!existsSync('/proc/self/fd'))('a blob outlives loss of power as soon as it is acknowledged', async () => {
  const { synced, undo } = recordSyncs();
  const { storage, root, cleanup } = temporaryStorage();
  try {
    await make(storage, 'one', [text(1)]);
    const lease = await storage.acquire('one', { owner: OWNER, expect: 'existing' });
    const named: boolean[] = [];
    const put = (bytes: string) =>
      storage.blobs?.put(
        lease,
        (async function* () {
          named.push(synced.folders.get(join(root, 'one'))?.includes('blobs') === true);
          yield Buffer.from(bytes);
        })(),
      );
    const texts = ['an attachment', 'another at the same time'];
    const blobs = await Promise.all(texts.map(put));
    // The second found a folder, whose name was durable then.
    expect(named).toEqual([true, true]);
    const left = await cutPower(synced)(storage);
    for (const [at, blob] of blobs.entries()) {
      const parts: Uint8Array[] = [];
      for await (const part of left.blobs?.get('one', blob?.sha256 ?? '') ?? []) parts.push(part);
      expect(Buffer.concat(parts).toString()).toBe(texts[at]);
    }
    await lease.release();
  } finally {
    undo();
    cleanup();
  }
});

describe.skipIf(!canTrace())('seen from the system calls (needs strace)', () => {
  let made: ReturnType<typeof temporaryStorage>;
  let trace: string;
  beforeAll(() => {
    made = temporaryStorage();
    trace = join(made.root, '..', '..', 'trace');
  });
  afterAll(() => made.cleanup());

  /** The traced calls on files of the store and the program's own lines, in order, as `call name` or `say line`. */
  function calls(): readonly string[] {
    return readFileSync(trace, 'utf8')
      .split('\n')
      .flatMap((line) => {
        const said = /write\(1<[^>]*>, "([^"]*)\\n"/.exec(line);
        if (said) return [`say ${said[1]}`];
        const renamed = /rename\("[^"]*", "([^"]*)"\) = 0/.exec(line);
        if (renamed) return [`rename ${nameOf(renamed[1] as string)}`];
        const call = /\b(pwrite64|fsync|fdatasync|ftruncate|mkdir)\((?:\d+<([^>]*)>|"([^"]*)").* = (-?\d+)/.exec(line);
        const path = call?.[2] ?? call?.[3];
        if (call === null || !path?.includes('reprise-fs-')) return [];
        return [`${call[1]} ${nameOf(path)}${call[4]?.startsWith('-') ? ' failed' : ''}`];
      });
  }

  function nameOf(path: string): string {
    return (path.split(/reprise-fs-[^/]*/)[1] || '/').replace(/\.tmp-[\d-]+/, 'temporary');
  }

  test('everything is synced before it is acknowledged: the log, the small files and each name', async () => {
    const program = start(
      ['append', made.root, '2'],
      [
        ...['strace', '-f', '-y', '-s', '200', '-o', trace],
        ...['-e', 'trace=pwrite64,fsync,fdatasync,rename,mkdir,write,ftruncate'],
      ],
    );
    await program.line('released');
    await program.ended;
    const all = calls();
    expect(all.slice(0, all.indexOf('say stored 2') + 1)).toEqual([
      ...['mkdir /home', 'fsync /', 'mkdir /home/sessions', 'fsync /home'],
      ...['mkdir /home/sessions/one', 'pwrite64 /home/sessions/one/holder', 'say held 1'],
      ...['pwrite64 /home/sessions/one/messages.json', 'fdatasync /home/sessions/one/messages.json'],
      ...[
        'pwrite64 /home/sessions/one/temporary',
        'fsync /home/sessions/one/temporary',
        'rename /home/sessions/one/state.json',
      ],
      'fsync /home/sessions/one',
      ...[
        'pwrite64 /home/sessions/one/temporary',
        'fsync /home/sessions/one/temporary',
        'rename /home/sessions/one/metadata.json',
      ],
      ...['fsync /home/sessions/one', 'fsync /home/sessions', 'say stored 1'],
      ...['pwrite64 /home/sessions/one/messages.json', 'fdatasync /home/sessions/one/messages.json', 'say stored 2'],
    ]);
  }, 30_000);

  test('a blob is acknowledged once its bytes, its name and the name of their folder are synced', async () => {
    const other = join(made.root, '..', 'attached');
    const program = start(
      ['attach', other, '1'],
      [
        ...['strace', '-f', '-y', '-s', '200', '-o', trace],
        ...['-e', 'trace=pwrite64,fsync,fdatasync,rename,mkdir,write,ftruncate'],
      ],
    );
    const [, sha256] = (await program.line('put')).split(' ');
    await program.ended;
    const all = calls();
    expect(all.slice(all.indexOf('say stored 1') + 1, all.indexOf(`say put ${sha256}`))).toEqual([
      // The folder at once: who finds it there need not ask whether its name is durable.
      ...['mkdir /home/attached/one/blobs', 'fsync /home/attached/one'],
      ...['pwrite64 /home/attached/one/blobs/temporary', 'fsync /home/attached/one/blobs/temporary'],
      ...[`rename /home/attached/one/blobs/${sha256}`, 'fsync /home/attached/one/blobs'],
    ]);
  }, 30_000);

  test('a sync that fails is not acknowledged and not tried again on its descriptor; the same lease may try again', async () => {
    const other = join(made.root, '..', 'other');
    const program = start(
      ['retry', other, '3'],
      [
        // strace counts by thread where it injects.
        ...['strace', '-f', '-y', '-s', '200', '-o', trace, '-E', 'UV_THREADPOOL_SIZE=1'],
        ...['-e', 'trace=pwrite64,fdatasync,ftruncate,write', '-e', 'inject=fdatasync:error=EIO:when=2'],
      ],
    );
    await program.line('released');
    await program.ended;
    expect(program.lines.slice(1)).toEqual(['stored 1', 'STORAGE_FAILED', 'stored 2', 'stored 3', 'released']);
    const log = '/home/other/one/messages.json';
    const all = calls();
    const failed = all.findIndex((call) => call.endsWith('failed'));
    expect(all.slice(failed - 1, all.indexOf('say stored 2') + 1)).toEqual([
      ...[`pwrite64 ${log}`, `fdatasync ${log} failed`],
      ...[`ftruncate ${log}`, `pwrite64 ${log}`, `fdatasync ${log}`, 'say STORAGE_FAILED'],
      ...[`pwrite64 ${log}`, `fdatasync ${log}`, 'say stored 2'],
    ]);
    const descriptors = [...readFileSync(trace, 'utf8').matchAll(/fdatasync\((\d+)</g)].map((match) => match[1]);
    expect(descriptors[1]).not.toBe(descriptors[2]);
    expect(verifySession('one', { root: other })).toEqual([]);
    expect((await textsOf(fsStorage({ root: other }), 'one')).length).toBe(3);
  }, 30_000);
});
