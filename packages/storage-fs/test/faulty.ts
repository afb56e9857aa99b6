import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { basename, dirname, join } from 'node:path';
import type { SessionStorage } from '@reprise/core';
import type { Faults, Undo } from '@reprise/core/testing';
import { fsStorage } from '../src/index.ts';
import { lineOf } from '../src/line.ts';
import { rootBehind } from './temporary.ts';

/** Puts functions in the place of those of `node:fs`, for everybody, until the undo. */
function replaced(functions: Partial<typeof fs>): Undo {
  const before = Object.fromEntries(Object.keys(functions).map((name) => [name, fs[name as keyof typeof fs]]));
  Object.assign(fs, functions);
  syncBuiltinESMExports();
  return () => {
    Object.assign(fs, before);
    syncBuiltinESMExports();
  };
}

/** Counts calls of these functions of `node:fs`, until the undo. */
export function countedCalls(...names: ('readdirSync' | 'lstatSync' | 'openSync')[]): {
  readonly counts: Record<string, number>;
  readonly undo: Undo;
} {
  const counts: Record<string, number> = Object.fromEntries(names.map((name) => [name, 0]));
  const counting = names.map((name) => {
    const real = fs[name] as (...args: never[]) => unknown;
    const count = (...args: never[]): unknown => {
      counts[name] = (counts[name] ?? 0) + 1;
      return real(...args);
    };
    return [name, count];
  });
  return { counts, undo: replaced(Object.fromEntries(counting)) };
}

/** Lets `folder` look as if it had changed at `time` and not since, whatever comes into it. */
export function frozenTimes(folder: string, time: number): Undo {
  const real = fs.statSync;
  const now = Object.assign(real(folder), { mtimeMs: time, ctimeMs: time });
  return replaced({ statSync: ((path: string) => (path === folder ? now : real(path))) as typeof fs.statSync });
}

/** Lets the file at `path` look as it does now whatever is written to it, as within one tick of a file system's clock. */
export function frozenFile(path: string): Undo {
  const real = fs.lstatSync;
  const now = real(path);
  const lstatSync = ((asked: string, options: object) => (asked === path ? now : real(asked, options))) as never;
  return replaced({ lstatSync });
}

function failing(code: string): () => never {
  return () => {
    throw Object.assign(new Error(`${code}: planted`), { code });
  };
}

/** As a call that answers beside the event loop. */
function failingLater(code: string) {
  return (_fd: number, done: (error: Error) => void): void => {
    setImmediate(() => done(Object.assign(new Error(`${code}: planted`), { code })));
  };
}

/** Lets every sync beside the event loop that is begun from now on wait until it is let go, or fail with `code`. `undo` first lets all go. */
export function heldSyncs(kind: 'fdatasync' | 'fsync' = 'fdatasync'): {
  readonly waiting: () => number;
  readonly letGo: (code?: string) => void;
  /** Holds no more; those that wait go on waiting. */
  readonly stop: Undo;
  readonly undo: Undo;
} {
  const real = fs[kind];
  const held: ((code?: string) => void)[] = [];
  const stop = replaced({
    [kind]: (fd: number, done: (error: Error | null) => void) => {
      held.push((code) => {
        if (code === undefined) real(fd, done);
        else done(Object.assign(new Error(`${code}: planted`), { code }));
      });
    },
  });
  const letGo = (code?: string): void => held.splice(0).forEach((go) => go(code));
  const undo = (): void => {
    stop();
    letGo();
  };
  return { waiting: () => held.length, letGo, stop, undo };
}

const logOf = (storage: SessionStorage, id: string): string => join(rootBehind(storage), id, 'messages.json');

/** Changes the records' part of a log, as a program does that knows nothing of leases. */
function edit(storage: SessionStorage, id: string, change: (lines: string) => string): void {
  const path = logOf(storage, id);
  fs.writeFileSync(path, change(fs.readFileSync(path, 'utf8').slice(0, -2)));
}

const realWrite = fs.writeSync;

/** Every way to hurt a store of files that needs no more than `node:fs`. `cutPower` needs `recordSyncs` before the store is used. */
export const faults: Faults = {
  full: () =>
    replaced({
      writeSync: ((fd: number, bytes: Uint8Array, offset: number, length: number, position: number) =>
        // As on a real disk: what still fits is written.
        length > 1000 ? realWrite(fd, bytes, offset, length >> 1, position) : failing('ENOSPC')()) as never,
    }),
  syncFails: () =>
    replaced({
      ...{ fsyncSync: failing('EIO'), fdatasyncSync: failing('EIO') },
      ...{ fsync: failingLater('EIO'), fdatasync: failingLater('EIO') },
    } as never),
  renameFails: () => replaced({ renameSync: failing('EIO') }),
  clock: (_storage, time) => {
    const { now } = Date;
    Date.now = () => time;
    return () => (Date.now = now);
  },
  tear: (storage, id) => edit(storage, id, (lines) => `${lines},{"seq":4,"type":"no`),
  double: (storage, id) =>
    edit(storage, id, (lines) => `${lines},${(lines.trimEnd().split('\n').at(-1) as string).slice(1)}\n]\n`),
  damage: (storage, id, seq) =>
    edit(storage, id, (lines) => `${lines.replace(new RegExp(`([[,]\\{"seq":${seq},")`), '$1X')}]\n`),
  newer(storage, id) {
    const path = join(rootBehind(storage), id, 'metadata.json');
    const before = fs.readFileSync(path, 'utf8');
    fs.writeFileSync(path, before.replace('"format": 1', '"format": 2'));
    return () => fs.writeFileSync(path, before);
  },
  intrude: (storage, id) => edit(storage, id, (lines) => `${lines},${lineOf(5, '{"by":"another"}')}\n]\n`),
};

/** A file by more than its inode's number, which the next file may get. */
const key = (stat: fs.Stats): string => `${stat.ino} ${stat.birthtimeMs}`;

interface Synced {
  readonly files: Map<string, Buffer>;
  readonly folders: Map<string, readonly string[]>;
}

/** Remembers what each sync makes durable: a file's bytes, a folder's names. */
export function recordSyncs(): { readonly synced: Synced; readonly undo: Undo } {
  const synced: Synced = { files: new Map(), folders: new Map() };
  const { fsyncSync, fdatasyncSync, fsync, fdatasync } = fs;
  const saw = (fd: number): void => {
    const path = fs.readlinkSync(`/proc/self/fd/${fd}`);
    const stat = fs.fstatSync(fd);
    if (stat.isDirectory()) synced.folders.set(path, fs.readdirSync(path));
    else synced.files.set(key(stat), fs.readFileSync(path));
  };
  const after =
    (sync: (fd: number) => void) =>
    (fd: number): void => {
      sync(fd);
      saw(fd);
    };
  const afterwards =
    (sync: (fd: number, done: (error: Error | null) => void) => void) =>
    (fd: number, done: (error: Error | null) => void): void => {
      sync(fd, (error) => {
        if (error === null) saw(fd);
        done(error);
      });
    };
  const undo = replaced({
    ...{ fsyncSync: after(fsyncSync), fdatasyncSync: after(fdatasyncSync) },
    ...{ fsync: afterwards(fsync), fdatasync: afterwards(fdatasync) },
  } as never);
  return { synced, undo };
}

/** A store on what was synced and nothing else: names that their folder's sync saw, with the bytes that the file's sync saw. */
export function cutPower(synced: Synced): NonNullable<Faults['cutPower']> {
  return (storage) => {
    const root = rootBehind(storage);
    const left = `${root}-after`;
    const rebuild = (from: string, to: string): void => {
      fs.mkdirSync(to, { mode: 0o700 });
      for (const name of synced.folders.get(from) ?? []) {
        const stat = fs.lstatSync(join(from, name), { throwIfNoEntry: false });
        if (stat?.isDirectory()) rebuild(join(from, name), join(to, name));
        else if (stat?.isFile()) fs.writeFileSync(join(to, name), synced.files.get(key(stat)) ?? '', { mode: 0o600 });
      }
    };
    if (synced.folders.get(dirname(root))?.includes(basename(root))) rebuild(root, left);
    return fsStorage({ root: left });
  };
}
