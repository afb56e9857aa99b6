import { closeSync, constants, fstatSync, openSync, rmSync, writeSync } from 'node:fs';
import { errnoOf } from './errors.ts';
import { createFile, openExisting, readWhole, statOf, syncData, syncFolderSync } from './files.ts';

/** A lease began to write (`+`), or gave its session back (`-`). */
type Mark = '+' | '-';

/** Ids of sessions that change, appended by their writers for whoever keeps an index. There is none until an index is made. */
function pathIn(root: string): string {
  return `${root}/.touched`;
}

/** How far an index has read. A place in another file than the present one means that marks may have been missed. */
export interface Place {
  readonly file: string;
  readonly offset: number;
}

/** The marks behind a place, the last of each session, and the place to go on from. `missed`: not all marks are known. */
export interface Marks {
  readonly last: ReadonlyMap<string, Mark>;
  readonly next: Place;
  readonly missed: boolean;
}

/**
 * Leaves a mark; `false` where there is no index that could need it. Never fails: where it can't be written the file is removed, and
 * the next reader of the index looks at every session. The first mark is synced, so that no power cut takes it and leaves the append.
 */
export async function touch(root: string, id: string, mark: Mark): Promise<boolean> {
  const path = pathIn(root);
  try {
    if (statOf(path) === undefined) return false;
    const fd = openSync(path, constants.O_WRONLY | constants.O_APPEND | (constants.O_NOFOLLOW ?? 0));
    try {
      const line = Buffer.from(`${mark}${id}\n`);
      // A part of a line would run into the next writer's.
      if (writeSync(fd, line) !== line.length) throw new Error('a short write');
      if (mark === '+') await syncData(fd);
    } finally {
      closeSync(fd);
    }
    return true;
  } catch {
    forgetTouched(root);
    return false;
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

/** The marks left since `from`. The file is made if need be, so that marks are left from now on. */
export function readTouched(root: string, from: Place | undefined): Marks {
  const path = pathIn(root);
  let fd = openExisting(path, 'read');
  if (fd === undefined) {
    fd = makeTouched(root, path);
  }
  try {
    const stat = fstatSync(fd);
    const file = `${stat.ino}-${Math.trunc(stat.birthtimeMs)}`;
    const missed = from === undefined || from.file !== file || from.offset > stat.size;
    if (missed) return { last: new Map(), next: { file, offset: stat.size }, missed };
    const bytes = Buffer.alloc(stat.size - from.offset);
    const text = bytes.toString('latin1', 0, readWhole(fd, bytes, from.offset));
    const whole = text.slice(0, text.lastIndexOf('\n') + 1);
    const last = new Map<string, Mark>();
    for (const line of whole.split('\n')) if (line !== '') last.set(line.slice(1), line[0] === '+' ? '+' : '-');
    return { last, next: { file, offset: from.offset + whole.length }, missed: whole.includes('\0') };
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
