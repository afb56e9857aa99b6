import { randomUUID } from 'node:crypto';
import { chmod, lstat, mkdir, open, readdir, unlink } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { RepriseError } from '@reprise/core';

/** Together the files may take this many times the limit of one. */
const MAX_FULL_FILES = 4;
const WEEK_MS = 7 * 24 * 3_600_000;

/** A file for output that is too long to show. */
export interface Spill {
  readonly path: string;
  write(bytes: Uint8Array): Promise<void>;
  /** Bytes that were not kept, because of the limit or a failed write. */
  close(): Promise<{ readonly dropped: number }>;
}

/** Opens a new spill file (0600) in `folder` (0700, ours, no link), after removing those older than a week or, the oldest first, too many bytes. */
export async function openSpill(folder: string, tool: string, maxBytes: number, now: number): Promise<Spill> {
  await ownFolder(folder);
  await removeOld(folder, now, MAX_FULL_FILES * maxBytes);
  const path = join(folder, `${tool}-${randomUUID()}.txt`);
  return new SpillFile(path, await open(path, 'wx', 0o600), maxBytes);
}

class SpillFile implements Spill {
  readonly path: string;
  readonly #file: FileHandle;
  #left: number;
  #dropped = 0;

  constructor(path: string, file: FileHandle, maxBytes: number) {
    this.path = path;
    this.#file = file;
    this.#left = maxBytes;
  }

  async write(bytes: Uint8Array): Promise<void> {
    const kept = bytes.subarray(0, this.#left);
    this.#left -= kept.length;
    this.#dropped += bytes.length - kept.length;
    if (kept.length === 0) return;
    try {
      await this.#file.writeFile(kept);
    } catch {
      // A full disk costs the rest of the copy, not the command's result.
      this.#dropped += kept.length;
      this.#left = 0;
    }
  }

  async close(): Promise<{ readonly dropped: number }> {
    await this.#file.close().catch(() => undefined);
    return { dropped: this.#dropped };
  }
}

async function ownFolder(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const facts = await lstat(folder);
  const uid = process.getuid?.();
  if (!facts.isDirectory() || (uid !== undefined && facts.uid !== uid))
    throw new RepriseError('PERMISSION_DENIED', `${folder} is not a folder of this user, so no output is kept there.`, {
      hint: 'Remove it, or name another one with the option spillDir.',
    });
  if ((facts.mode & 0o077) !== 0) await chmod(folder, 0o700);
}

async function removeOld(folder: string, now: number, maxBytes: number): Promise<void> {
  const files: { path: string; at: number; bytes: number }[] = [];
  for (const name of await readdir(folder)) {
    const path = join(folder, name);
    const facts = await lstat(path).catch(() => undefined);
    if (facts?.isFile() === true) files.push({ path, at: facts.mtimeMs, bytes: facts.size });
  }
  let total = 0;
  for (const { path, at, bytes } of files.sort((a, b) => b.at - a.at)) {
    total += bytes;
    if (now - at > WEEK_MS || total > maxBytes) await unlink(path).catch(() => undefined);
  }
}
