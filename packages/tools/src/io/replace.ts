import { randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import type { Stats } from 'node:fs';
import { lstat, open, rename, unlink } from 'node:fs/promises';
import { RepriseError } from '@reprise/core';
import type { Folder } from './confine.ts';

/**
 * Puts `bytes` in the place of a file: written beside it, synced, renamed over it, and the folder synced. Contract: at
 * every moment, also after a crash, the name has the old content or the new. Mode and, where allowed, owner are kept;
 * a new file gets what the umask leaves of 0666. With `before`, a file that changed since then is left alone (CONFLICT).
 */
export async function replaceFile(folder: Folder, name: string, bytes: Uint8Array, before?: Stats): Promise<void> {
  const fresh = `.reprise-${randomUUID()}.tmp`;
  const { O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW } = constants;
  const handle = await open(folder.at(fresh), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o666);
  try {
    try {
      await handle.writeFile(bytes);
      if (before !== undefined) {
        // Owner first: changing it clears the set-id bits that the mode may hold.
        if (before.uid !== process.getuid?.() || before.gid !== process.getgid?.())
          await handle.chown(before.uid, before.gid).catch(() => undefined);
        await handle.chmod(before.mode & 0o7777);
      }
      await handle.sync();
    } finally {
      await handle.close();
    }
    if (before !== undefined) await unchanged(folder, name, before);
    await rename(folder.at(fresh), folder.at(name));
  } catch (error) {
    await unlink(folder.at(fresh)).catch(() => undefined);
    throw error;
  }
  await folder.handle.sync();
}

async function unchanged(folder: Folder, name: string, before: Stats): Promise<void> {
  const now = await lstat(folder.at(name)).catch(() => undefined);
  if (now !== undefined && now.ino === before.ino && now.mtimeMs === before.mtimeMs && now.size === before.size) return;
  throw new RepriseError('CONFLICT', `${name} was changed by somebody else meanwhile. Read it again.`);
}
