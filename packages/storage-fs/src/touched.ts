import { closeSync, constants, fdatasyncSync, fstatSync, openSync, rmSync, writeSync, type Stats } from 'node:fs';
import { errnoOf } from './errors.ts';
import { createFile, openExisting, readWhole, statOf, syncData, syncFolderSync } from './files.ts';

/** A lease began to write (`+`), or gave its session back (`-`). */
type Mark = '+' | '-';

/** Bytes read at once: who comes back after a long time may find millions of marks. */
const PIECE = 1 << 16;

/** Ids of sessions that change, appended by their writers for whoever keeps an index. There is none until an index is made. */
function pathIn(root: string): string {
  return `${root}/.touched`;
}

/** How far an index has read. A place in another file than the present one means that marks may have been missed. */
export interface Place {
  readonly file: string;
  readonly offset: number;
}

/** The marks behind a place, the last of each session, and the place to go on from. `missed`: there may have been others. */
export interface Marks {
  readonly last: ReadonlyMap<string, Mark>;
  readonly next: Place;
  readonly missed: boolean;
}

/**
 * Leaves a mark, unless it is in this very file `already`. Which file that is; `undefined` where there is no index that could need one.
 * Never fails: where it can't be written the file is removed, and the next reader of the index looks at every session. The first mark is
 * synced, so that no power cut takes it and leaves the append.
 */
export async function touch(root: string, id: string, mark: Mark, already?: string): Promise<string | undefined> {
  const path = pathIn(root);
  try {
    const stat = statOf(path);
    if (stat === undefined) return undefined;
    if (already === whichOf(stat)) return already;
    const fd = openSync(path, constants.O_WRONLY | constants.O_APPEND | (constants.O_NOFOLLOW ?? 0));
    try {
      const line = Buffer.from(`${mark}${id}\n`);
      // A part of a line would run into the next writer's.
      if (writeSync(fd, line) !== line.length) throw new Error('a short write');
      if (mark === '+') await syncData(fd);
      return whichOf(fstatSync(fd));
    } finally {
      closeSync(fd);
    }
  } catch {
    forgetTouched(root);
    return undefined;
  }
}

/** Removes the marks; every index then starts over. */
function forgetTouched(root: string): void {
  try {
    rmSync(pathIn(root), { force: true });
  } catch {
    // A folder that can't be written to: nobody else can leave marks in it either.
  }
}

/** Tells the file from one that takes its place. */
function whichOf({ ino, birthtimeMs }: Stats): string {
  return `${ino}-${Math.trunc(birthtimeMs)}`;
}

/**
 * The marks left since `from`, or all that are there where some were missed: leases that began before may still write. The file is made if need
 * be, so that marks are left from now on.
 */
export function readTouched(root: string, from: Place | undefined): Marks {
  const path = pathIn(root);
  const fd = openExisting(path, 'read') ?? makeTouched(root, path);
  try {
    const stat = fstatSync(fd);
    const file = whichOf(stat);
    let missed = from === undefined || from.file !== file || from.offset > stat.size;
    const last = new Map<string, Mark>();
    const bytes = Buffer.allocUnsafe(PIECE);
    const start = missed ? 0 : (from as Place).offset;
    let offset = start;
    for (let rest = ''; ;) {
      const size = readWhole(fd, bytes, offset + rest.length);
      if (size === 0) break;
      const lines = `${rest}${bytes.toString('latin1', 0, size)}`.split('\n');
      rest = lines.pop() as string;
      for (const line of lines) {
        offset += line.length + 1;
        if (line !== '') last.set(line.slice(1), line[0] === '+' ? '+' : '-');
        missed ||= line.includes('\0');
      }
    }
    // Or a power cut might take what was read, and what comes after it would stand before this place.
    if (offset > start) fdatasyncSync(fd);
    return { last, next: { file, offset }, missed };
  } finally {
    closeSync(fd);
  }
}

function makeTouched(root: string, path: string): number {
  try {
    const fd = createFile(path);
    syncFolderSync(root);
    return fd;
  } catch (error) {
    const there = errnoOf(error) === 'EEXIST' ? openExisting(path, 'read') : undefined;
    if (there === undefined) throw error;
    return there;
  }
}
