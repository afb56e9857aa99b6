import { constants } from 'node:fs';
import { lstat, open, realpath } from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';

/** Names looked for in each folder; the first one found counts. AGENTS.md is the convention of https://agents.md. */
const NAMES = ['AGENTS.md', 'CLAUDE.md'];

export interface InstructionLimits {
  /** Bytes of one file; 32 KiB if absent. */
  readonly fileBytes?: number;
  /** Bytes of all files; 64 KiB if absent. The file nearest to the working directory is served first. */
  readonly totalBytes?: number;
}

export interface Instructions {
  /** Absolute, with links resolved. */
  readonly path: string;
  /** Cut at a limit where `cut` is true. */
  readonly text: string;
  readonly cut: boolean;
}

/**
 * Reads the instruction files from `cwd` up to the root of its repository (the next folder that holds `.git`; without
 * one only `cwd`), outermost first, so that the nearest has the last word.
 *
 * The repository is not trusted: a file that resolves to a place outside of it, or that is no plain file, is passed over
 * like one that is missing or cannot be read.
 */
export async function readInstructions(
  cwd: string,
  limits: InstructionLimits,
  signal: AbortSignal,
): Promise<Instructions[]> {
  const { fileBytes = 32 * 1024, totalBytes = 64 * 1024 } = limits;
  const folders = await upToRepository(cwd);
  const root = folders.at(-1);
  const found: Instructions[] = [];
  let left = totalBytes;
  for (const folder of folders) {
    signal.throwIfAborted();
    if (root === undefined || left <= 0) break;
    const one = await readFirst(folder, root, Math.min(fileBytes, left));
    if (one === undefined || found.some(({ path }) => path === one.path)) continue;
    left -= Buffer.byteLength(one.text);
    if (one.text.trim() !== '') found.push(one);
  }
  return found.reverse();
}

/** `cwd` and the folders above it, up to the one with `.git`. */
async function upToRepository(cwd: string): Promise<string[]> {
  const start = await realpath(cwd).catch(() => undefined);
  if (start === undefined) return [];
  const folders = [start];
  for (let folder = start; !(await exists(join(folder, '.git'))); folder = dirname(folder)) {
    if (dirname(folder) === folder) return [start];
    folders.push(dirname(folder));
  }
  return folders;
}

async function readFirst(folder: string, root: string, limit: number): Promise<Instructions | undefined> {
  for (const name of NAMES) {
    const path = await realpath(join(folder, name)).catch(() => undefined);
    if (path === undefined || !isInside(root, path)) continue;
    const read = await readStart(path, limit).catch(() => undefined);
    if (read !== undefined) return { path, ...read };
  }
  return undefined;
}

/** The beginning of a plain file, cut after its last whole line; `undefined` for anything else. */
async function readStart(path: string, limit: number): Promise<{ text: string; cut: boolean } | undefined> {
  // The path is resolved: a link that took its place meanwhile is refused. Opening a pipe must not wait for a writer.
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    if (!(await file.stat()).isFile()) return undefined;
    const bytes = Buffer.alloc(limit + 1);
    let size = 0;
    while (size < bytes.length) {
      const { bytesRead } = await file.read(bytes, size, bytes.length - size, size);
      if (bytesRead === 0) break;
      size += bytesRead;
    }
    const cut = size > limit;
    // `stream` leaves out a character of which only the first bytes are there.
    const text = new TextDecoder().decode(bytes.subarray(0, Math.min(size, limit)), { stream: cut });
    return { text: cut ? text.slice(0, text.lastIndexOf('\n') + 1 || text.length) : text, cut };
  } finally {
    await file.close();
  }
}

function isInside(root: string, path: string): boolean {
  const way = relative(root, path);
  return way !== '..' && !way.startsWith(`..${sep}`);
}

async function exists(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  );
}
