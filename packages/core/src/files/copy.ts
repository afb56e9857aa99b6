import { isCoded } from '../errors.ts';
import type { StoredFile } from '../records/types.ts';
import type { SessionBlobs } from '../session/blobs.ts';
import { bytesOf } from './bytes.ts';

/** The files that records name, each once. */
export function filesIn(lines: Iterable<string>): Map<string, StoredFile> {
  const files = new Map<string, StoredFile>();
  for (const line of lines) {
    if (!line.includes('"attachments"')) continue;
    const { attachments } = Object(JSON.parse(line)) as { readonly attachments?: readonly StoredFile[] };
    for (const file of Array.isArray(attachments) ? attachments : []) files.set(file.sha256, file);
  }
  return files;
}

/** Gives the files of one session's records to another, before it has the records. One that is gone is as gone there. */
export async function copyFiles(lines: Iterable<string>, from: SessionBlobs, to: SessionBlobs): Promise<void> {
  for (const file of filesIn(lines).values()) {
    if (file.data !== undefined) continue;
    try {
      await to.keep(await bytesOf(from, file));
    } catch (error) {
      if (!isCoded(error) || (error.code !== 'STORAGE_FAILED' && error.code !== 'STORAGE_DAMAGED')) throw error;
    }
  }
}
