import {
  chmodSync,
  closeSync,
  constants,
  fchmodSync,
  fdatasync,
  fstatSync,
  fsync,
  fsyncSync,
  lstatSync,
  mkdirSync,
  open,
  openSync,
  readSync,
  renameSync,
  rmSync,
  writeSync,
  type Stats,
} from 'node:fs';
import { dirname } from 'node:path';
import { errnoOf, linkRefused, notAFile } from './errors.ts';

const NO_FOLLOW = constants.O_NOFOLLOW ?? 0;
/** Or opening a pipe that somebody put in the place of a file would wait for its other end for ever. */
const NO_WAIT = constants.O_NONBLOCK ?? 0;
let temporaries = 0;

/** Opens an existing file, never through a link, and nothing but a file. `undefined` when it isn't there. */
export function openExisting(path: string, how: 'read' | 'write'): number | undefined {
  return openSized(path, how)?.fd;
}

/** The same with the file's length, which costs a second look otherwise: a listing opens ten thousand. */
function openSized(path: string, how: 'read' | 'write'): { readonly fd: number; readonly size: number } | undefined {
  let fd: number;
  try {
    fd = openSync(path, (how === 'read' ? constants.O_RDONLY : constants.O_RDWR) | NO_FOLLOW | NO_WAIT);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    if (errnoOf(error) === 'ELOOP') throw linkRefused(path);
    if (errnoOf(error) === 'EISDIR' || errnoOf(error) === 'ENXIO') throw notAFile(path);
    throw error;
  }
  const stat = fstatSync(fd);
  if (stat.isFile()) return { fd, size: stat.size };
  closeSync(fd);
  throw notAFile(path);
}

const NEW = constants.O_RDWR | constants.O_CREAT | constants.O_EXCL | NO_FOLLOW;

/** Makes a file that must not exist yet, readable and writable by its owner alone whatever the umask. */
export function createFile(path: string): number {
  return ownersAlone(openSync(path, NEW, 0o600));
}

/** The same beside the event loop: while others sync, the file system's journal lets it wait for as long. */
async function createLater(path: string): Promise<number> {
  return ownersAlone(await settled<number>((done) => open(path, NEW, 0o600, done)));
}

function ownersAlone(fd: number): number {
  if ((fstatSync(fd).mode & 0o777) !== 0o600) fchmodSync(fd, 0o600);
  return fd;
}

/** Makes a folder for its owner alone; `false` when it was there. */
export function makeFolder(path: string): boolean {
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    if (errnoOf(error) !== 'EEXIST') throw error;
    if (!lstatSync(path).isDirectory()) throw linkRefused(path);
    return false;
  }
  if ((lstatSync(path).mode & 0o777) !== 0o700) chmodSync(path, 0o700);
  return true;
}

/** What is at `path` itself (a link is not followed); `undefined` when nothing is. */
export function statOf(path: string): Stats | undefined {
  return lstatSync(path, { throwIfNoEntry: false });
}

/** Whether `path` is a folder. A link is refused, whatever it leads to. */
export function isFolder(path: string): boolean {
  const stat = statOf(path);
  if (stat?.isSymbolicLink()) throw linkRefused(path);
  return stat?.isDirectory() === true;
}

/** Writes all of `bytes`. A short write is tried on, so that the medium names its reason. */
export function writeWhole(fd: number, bytes: Uint8Array, position: number): void {
  for (let done = 0; done < bytes.length;) {
    done += writeSync(fd, bytes, done, bytes.length - done, position + done);
  }
}

/** Fills `bytes` from `position`; the number read, smaller at the end of the file. */
export function readWhole(fd: number, bytes: Uint8Array, position: number): number {
  let done = 0;
  while (done < bytes.length) {
    const count = readSync(fd, bytes, done, bytes.length - done, position + done);
    if (count === 0) break;
    done += count;
  }
  return done;
}

/**
 * Resolves once what a file holds is durable. A sync waits for the disk, so where others wait on this process (a server's sessions) it is
 * done beside the event loop, and those of several files share their wait. Everything before and after it is quick, and is done at once.
 */
export function syncData(fd: number): Promise<void> {
  return settled((done) => fdatasync(fd, done));
}

/** The same with the file's times. */
export function syncFile(fd: number): Promise<void> {
  return settled((done) => fsync(fd, done));
}

function settled<T = void>(begin: (done: (error: Error | null, result?: T) => void) => void): Promise<T> {
  return new Promise((resolve, reject) => {
    begin((error, result) => (error === null ? resolve(result as T) : reject(error)));
  });
}

/** Makes the names in a folder durable. A file's own sync doesn't. */
export function syncFolderSync(path: string): void {
  const fd = openFolder(path);
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

/** The same beside the event loop. */
export async function syncFolder(path: string): Promise<void> {
  const fd = openFolder(path);
  try {
    await syncFile(fd);
  } finally {
    closeSync(fd);
  }
}

function openFolder(path: string): number {
  return openSync(path, constants.O_RDONLY | (constants.O_DIRECTORY ?? 0));
}

/** A name beside `path` that no reader looks at. */
export function temporaryFor(path: string): string {
  temporaries += 1;
  return `${dirname(path)}/.tmp-${process.pid}-${temporaries}`;
}

/**
 * Puts `text` at `path` whole or not at all: written beside it, every byte checked, synced, renamed. On a full disk the old file
 * stays as it was. The folder isn't synced: the caller knows when the name itself must last.
 */
export function replaceFileSync(path: string, text: string): void {
  const temporary = besides(path);
  try {
    const fd = createFile(temporary);
    try {
      writeWhole(fd, Buffer.from(text), 0);
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}

/** The same, made and synced beside the event loop. */
export async function replaceFile(path: string, text: string): Promise<void> {
  const temporary = besides(path);
  try {
    const fd = await createLater(temporary);
    try {
      writeWhole(fd, Buffer.from(text), 0);
      await syncFile(fd);
    } finally {
      closeSync(fd);
    }
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}

/**
 * Writes `text` over the file at `path`, in one write, where it has just that length and nobody else has it, by another name or by its mode;
 * `false` where not, and nothing is done. A fifth of what replacing it costs; who reads it in that moment, or after a power cut, may find both
 * texts mixed.
 */
export async function writeOver(path: string, text: string): Promise<boolean> {
  const fd = openExisting(path, 'write');
  if (fd === undefined) return false;
  try {
    const { nlink, size, mode } = fstatSync(fd);
    const bytes = Buffer.from(text);
    if (nlink !== 1 || size !== bytes.length || (mode & 0o777) !== 0o600) return false;
    writeWhole(fd, bytes, 0);
    await syncData(fd);
    return true;
  } finally {
    closeSync(fd);
  }
}

/** A free name for what takes the place of `path`. */
function besides(path: string): string {
  if (statOf(path)?.isSymbolicLink()) throw linkRefused(path);
  const temporary = temporaryFor(path);
  // Left by a killed process that had this one's number.
  if (statOf(temporary) !== undefined) rmSync(temporary, { force: true });
  return temporary;
}

/** The text of a small file; `undefined` when it isn't there, or larger than `most` bytes. Never through a link. */
export function readSmall(path: string, most = Infinity): string | undefined {
  const file = openSized(path, 'read');
  if (file === undefined) return undefined;
  const { fd, size } = file;
  try {
    if (size > most) return undefined;
    const bytes = Buffer.allocUnsafe(size);
    return bytes.toString('utf8', 0, readWhole(fd, bytes, 0));
  } finally {
    closeSync(fd);
  }
}
