import {
  closeSync,
  constants,
  copyFileSync,
  fchmodSync,
  fdatasyncSync,
  fstatSync,
  ftruncateSync,
  renameSync,
  rmSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { RepriseError } from '@reprise/core';
import { storageError } from './errors.ts';
import {
  createFile,
  makeFolder,
  openExisting,
  readWhole,
  statOf,
  syncData,
  syncFolderSync,
  temporaryFor,
  writeWhole,
} from './files.ts';
import { lineOf } from './line.ts';
import { CLOSER, closerFor, tailOf } from './tail.ts';

/**
 * The one writer of a `messages.json`. Each append is one write over the closing text and one `fdatasync`: the file is valid JSON
 * after it, an acknowledged line never changes, and the cost does not depend on what is there. The sync alone is waited for beside the event
 * loop: it costs 0.02 ms more there (0.10 in place of 0.08 at the median, ext4 on a local disk), and fifty sessions of a server no longer wait
 * for one another's disk.
 */
export class LogWriter {
  readonly #path: string;
  #fd: number;
  #tip: number;
  /** Where the closing text stands. */
  #end: number;
  /** Why the file may hold more than was acknowledged, while it could not be cut back. */
  #uncut: unknown;
  /** Why nothing is ever written through this writer again. */
  #failed: unknown;

  private constructor(path: string, fd: number, tip: number, end: number) {
    this.#path = path;
    this.#fd = fd;
    this.#tip = tip;
    this.#end = end;
  }

  /** A log that doesn't exist yet. The folder's name for it must still be synced. */
  static create(path: string): LogWriter {
    return new LogWriter(path, createFile(path), 0, 0);
  }

  /** An existing log; a torn tail is put aside and cut off first. `undefined` when there is none. */
  static open(folder: string): LogWriter | undefined {
    const path = `${folder}/messages.json`;
    const stat = statOf(path);
    if (stat?.isFile() && stat.nlink > 1) unshare(path);
    const fd = openExisting(path, 'write');
    if (fd === undefined) return undefined;
    try {
      const size = fstatSync(fd).size;
      const tail = tailOf(fd, size);
      if (!tail.clean) {
        keepDamaged(folder, fd, tail.end, size);
        ftruncateSync(fd, tail.end);
        writeWhole(fd, Buffer.from(closerFor(tail.end)), tail.end);
        fdatasyncSync(fd);
      }
      return new LogWriter(path, fd, tail.tip, tail.end);
    } catch (error) {
      closeSync(fd);
      throw error;
    }
  }

  /** Last record. */
  get tip(): number {
    return this.#tip;
  }

  /** Appends all of `records` or none; durable once resolved. One after the other: the caller waits. STORAGE_FULL and STORAGE_FAILED leave the log as it was. */
  async append(records: readonly string[]): Promise<void> {
    if (this.#failed !== undefined) throw storageError(this.#failed, `write ${this.#path}; acquire the session again`);
    if (this.#uncut !== undefined) this.#cutBack();
    if (this.#uncut !== undefined) throw storageError(this.#uncut, `append to ${this.#path}`);
    const tip = this.#tip + records.length;
    const bytes = Buffer.from(logText(records, this.#tip, this.#end, true));
    this.assertOurs();
    try {
      await this.#write(bytes, records.length);
      await syncData(this.#fd);
    } catch (error) {
      this.#cutBack();
      throw storageError(error, `append to ${this.#path}`);
    }
    this.#tip = tip;
    this.#end += bytes.length - CLOSER.length;
  }

  /**
   * One write, except for a batch behind other records: of that all but its first byte goes first, so that the closing `]` stays and says
   * that what follows is unfinished, however little of it a power cut leaves. Then that one byte makes the batch count, whole.
   */
  async #write(bytes: Buffer, count: number): Promise<void> {
    const rest = count > 1 && this.#end > 0 ? 1 : 0;
    writeWhole(this.#fd, bytes.subarray(rest), this.#end + rest);
    if (rest === 0) return;
    await syncData(this.#fd);
    writeWhole(this.#fd, bytes.subarray(0, rest), this.#end);
  }

  /** Ends all appending through this writer: what the file holds is not certain any more. */
  fail(error: unknown): void {
    this.#failed = error;
  }

  close(): void {
    closeSync(this.#fd);
  }

  /**
   * FENCED where another program changed the file. Nobody else writes while the lock is held; if the file has another length or was
   * replaced all the same, its end isn't where we think.
   */
  assertOurs(): void {
    const { size, ino } = fstatSync(this.#fd);
    const inPlace = statOf(this.#path)?.ino === ino;
    if (inPlace && (size === this.#end + closerFor(this.#end).length || (size === 0 && this.#end === 0))) return;
    throw new RepriseError('FENCED', `${this.#path} was changed by another program`, {
      hint: 'Acquire the session again.',
    });
  }

  /**
   * Back to what was acknowledged, through a new descriptor: after a failed sync the old one would report success for pages that
   * never reached the disk. If that fails too it is tried again before the next append.
   */
  #cutBack(): void {
    try {
      const fd = openExisting(this.#path, 'write');
      if (fd === undefined) throw new Error('the file is gone');
      if (fstatSync(fd).ino !== fstatSync(this.#fd).ino) {
        closeSync(fd);
        throw new Error('the file was replaced');
      }
      closeSync(this.#fd);
      this.#fd = fd;
      ftruncateSync(fd, this.#end);
      writeWhole(fd, Buffer.from(closerFor(this.#end)), this.#end);
      fdatasyncSync(fd);
      this.#uncut = undefined;
    } catch (error) {
      this.#uncut = error;
    }
  }
}

/**
 * Gives a log bytes of its own. Backups are often made of hard links (`cp -al`, rsync's `--link-dest`), and what is appended in place to one
 * name is appended to all.
 */
function unshare(path: string): void {
  const temporary = temporaryFor(path);
  rmSync(temporary, { force: true });
  try {
    copyFileSync(path, temporary, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE);
    const fd = openExisting(temporary, 'write') as number;
    try {
      fchmodSync(fd, 0o600);
      fdatasyncSync(fd);
    } finally {
      closeSync(fd);
    }
    renameSync(temporary, path);
  } finally {
    rmSync(temporary, { force: true });
  }
  syncFolderSync(dirname(path));
}

/** `records` as they stand in a log behind record `tip`, whose line ends at byte `end`, with the closing text; `batch` where they came as one. */
export function logText(records: readonly string[], tip = 0, end = 0, batch = false): string {
  let text = '';
  for (const [at, json] of records.entries())
    text += `${end === 0 && at === 0 ? '[' : ','}${lineOf(tip + at + 1, json, batch && at < records.length - 1)}\n`;
  return `${text}${CLOSER}`;
}

/** Saves the bytes behind `from` in the session's folder before they are cut off, named by where they were. */
function keepDamaged(folder: string, fd: number, from: number, to: number): void {
  const bytes = Buffer.allocUnsafe(to - from);
  const size = readWhole(fd, bytes, from);
  // A closing text that was merely cut short holds nothing.
  if (size === 0 || bytes.toString('latin1', 0, size) === CLOSER[0]) return;
  makeFolder(`${folder}/damaged`);
  const name = `${folder}/damaged/messages-${from}`;
  let path = name;
  for (let again = 2; statOf(path) !== undefined; again += 1) path = `${name}-${again}`;
  const copy = createFile(path);
  try {
    writeWhole(copy, bytes.subarray(0, size), 0);
    fdatasyncSync(copy);
  } finally {
    closeSync(copy);
  }
  syncFolderSync(`${folder}/damaged`);
  syncFolderSync(folder);
}
