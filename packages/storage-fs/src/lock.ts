import { closeSync, fstatSync, readdirSync, rmdirSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { RepriseError, type Owner } from '@reprise/core';
import { errnoOf, linkRefused } from './errors.ts';
import { createFile, openExisting, readSmall, readWhole, statOf, writeWhole } from './files.ts';

const SQLITE_BUSY = 5;
const SQLITE_NOTADB = 26;

/** The right to write in a session's folder, held by the kernel until it is freed or the process ends, however it ends. */
export interface Lock {
  /** One more than that of the lease before. */
  readonly epoch: number;
  free(): void;
}

/**
 * Takes `<folder>/lock`, at once or not at all: an exclusive SQLite transaction on an empty database. The kernel frees it at
 * kill -9, a stopped process keeps it, a reused process id means nothing to it, and a second instance in this process is refused
 * too. SESSION_BUSY with the holder's Owner in `details.holder`; `undefined` when the folder was removed meanwhile.
 *
 * The lock file is never opened by other means than SQLite: closing any descriptor on it would end the lock of this process.
 */
export function takeLock(folder: string, id: string, owner: Owner, now: () => number): Lock | undefined {
  const path = `${folder}/lock`;
  const before = inode(path) ?? makeLockFile(path);
  const database = before === undefined ? undefined : openExclusive(path, id, folder);
  // Whoever removes a session renames its folder: a lock on a file that is no longer at this path locks nothing.
  if (database === undefined || inode(path) !== before) {
    database?.close();
    return undefined;
  }
  const holder = {
    name: owner.name,
    ...(owner.host === undefined ? {} : { host: owner.host }),
    pid: owner.pid ?? process.pid,
  };
  try {
    const epoch = signIn(folder, holder, now);
    return { epoch, free: () => database.isOpen && database.close() };
  } catch (error) {
    dropUnused(folder);
    database.close();
    throw error;
  }
}

/** Removes a folder that holds nothing but the lock, which is held: a full disk let it be made, and nothing more. */
function dropUnused(folder: string): void {
  try {
    const names = readdirSync(folder);
    if (!names.every((name) => name === 'lock' || name === 'holder')) return;
    for (const name of names) rmSync(`${folder}/${name}`);
    rmdirSync(folder);
  } catch {
    // Half made, and in nobody's way.
  }
}

function makeLockFile(path: string): number | undefined {
  try {
    closeSync(createFile(path));
  } catch (error) {
    // Somebody else made it just now, or the folder is gone.
    if (errnoOf(error) !== 'EEXIST' && errnoOf(error) !== 'ENOENT') {
      dropUnused(dirname(path));
      throw error;
    }
  }
  return inode(path);
}

function inode(path: string): number | undefined {
  const stat = statOf(path);
  if (stat?.isSymbolicLink()) throw linkRefused(path);
  return stat?.ino;
}

function openExclusive(path: string, id: string, folder: string): DatabaseSync | undefined {
  const { DatabaseSync } = process.getBuiltinModule('node:sqlite');
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(path, { timeout: 0 });
    // Without the pragma SQLite would make and delete a journal file beside it each time.
    database.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE');
    return database;
  } catch (error) {
    database?.close();
    const code = error instanceof Error && 'errcode' in error ? Number(error.errcode) & 0xff : 0;
    if (code === SQLITE_BUSY) throw busy(id, readHolder(folder)?.owner);
    if (statOf(path) === undefined) return undefined;
    const hint =
      code === SQLITE_NOTADB ? `The lock file is not ours: delete ${path} while nothing uses the session.` : '';
    throw new RepriseError('STORAGE_FAILED', `could not lock session ${id}`, { ...(hint && { hint }), cause: error });
  }
}

function busy(id: string, holder: Owner | undefined): RepriseError {
  const who = holder === undefined ? 'another program' : `${holder.name} (process ${holder.pid ?? 'unknown'})`;
  return new RepriseError('SESSION_BUSY', `session ${id} is in use by ${who}`, {
    hint: 'Wait until its turn ends, or stop that program. A message can wait by itself: `busy: "queue"` or `"steer"`.',
    details: { holder: holder ?? { name: 'unknown' } },
  });
}

interface Holder {
  readonly epoch: number;
  readonly owner: Owner;
}

/** Who holds or last held the lock. */
function readHolder(folder: string): Holder | undefined {
  try {
    return holderIn(readSmall(`${folder}/holder`) ?? '');
  } catch {
    return undefined;
  }
}

function holderIn(text: string): Holder | undefined {
  try {
    const value = JSON.parse(text) as Partial<Holder> | null;
    return Number.isSafeInteger(value?.epoch) && typeof value?.owner?.name === 'string' ? (value as Holder) : undefined;
  } catch {
    return undefined;
  }
}

/** Says who holds the lock, under the lock; the epoch of their lease. Unsynced: after a power cut nobody holds anything. */
function signIn(folder: string, owner: Owner, now: () => number): number {
  const path = `${folder}/holder`;
  const fd = openExisting(path, 'write') ?? createFile(path);
  try {
    const before = Buffer.alloc(fstatSync(fd).size);
    readWhole(fd, before, 0);
    const epoch = (holderIn(before.toString())?.epoch ?? firstEpoch(folder, now)) + 1;
    // Over what was there, and filled up to its length: to cut a file costs more than all else here.
    const text = Buffer.from(JSON.stringify({ epoch, owner }));
    writeWhole(fd, Buffer.concat([text, Buffer.alloc(Math.max(0, before.length - text.length), ' ')]), 0);
    return epoch;
  } finally {
    closeSync(fd);
  }
}

/**
 * Where the count was lost with the holder file, the clock stands in, in microseconds: far above any count, and no lease takes less. Or
 * the time of the last append, if the clock was set back behind it.
 */
function firstEpoch(folder: string, now: () => number): number {
  const log = statOf(`${folder}/messages.json`);
  return log === undefined ? 0 : Math.floor(Math.max(now(), log.mtimeMs) * 1000);
}
