import { closeSync, copyFileSync, linkSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { isCoded, RepriseError } from '@reprise/core';
import { errnoOf } from './errors.ts';
import {
  createFile,
  isFolder,
  makeFolder,
  openExisting,
  readWhole,
  statOf,
  syncFile,
  syncFolder,
  syncFolderSync,
  temporaryFor,
  writeWhole,
} from './files.ts';

const SHA256 = /^[0-9a-f]{64}$/;
const PART = 256 * 1024;

/** Stores bytes under their hash; durable once resolved. The hash is computed while they are written. */
export async function putBlob(
  folder: string,
  bytes: AsyncIterable<Uint8Array>,
): Promise<{ readonly sha256: string; readonly size: number }> {
  const blobs = `${folder}/blobs`;
  // At once, so that nobody else who finds the folder there is faster than its name.
  if (makeFolder(blobs)) syncFolderSync(folder);
  // Loaded here: 2.5 ms that a session without attachments never pays.
  const hash = process.getBuiltinModule('node:crypto').createHash('sha256');
  const temporary = temporaryFor(`${blobs}/blob`);
  rmSync(temporary, { force: true });
  const fd = createFile(temporary);
  let size = 0;
  try {
    try {
      for await (const part of bytes) {
        hash.update(part);
        writeWhole(fd, part, size);
        size += part.byteLength;
      }
      await syncFile(fd);
    } finally {
      closeSync(fd);
    }
    const sha256 = hash.digest('hex');
    renameSync(temporary, `${blobs}/${sha256}`);
    await syncFolder(blobs);
    return { sha256, size };
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}

/** The bytes of a blob in parts. STORAGE_DAMAGED at the end when they don't have the hash that names them. */
export function* getBlob(folder: string, id: string, sha256: string): Generator<Uint8Array> {
  if (!SHA256.test(sha256)) {
    throw new RepriseError('INVALID_INPUT', 'a blob is named by its SHA-256 in 64 lower-case hex digits');
  }
  const fd = isFolder(`${folder}/blobs`) ? openExisting(`${folder}/blobs/${sha256}`, 'read') : undefined;
  if (fd === undefined) throw new RepriseError('STORAGE_FAILED', `session ${id} has no blob ${sha256}`);
  const hash = process.getBuiltinModule('node:crypto').createHash('sha256');
  try {
    for (let at = 0; ;) {
      const part = Buffer.allocUnsafe(PART);
      const count = readWhole(fd, part, at);
      hash.update(part.subarray(0, count));
      if (count > 0) yield part.subarray(0, count);
      if (count < PART) break;
      at += count;
    }
  } finally {
    closeSync(fd);
  }
  if (hash.digest('hex') === sha256) return;
  throw new RepriseError('STORAGE_DAMAGED', `blob ${sha256} of session ${id} holds other bytes than its name says`, {
    hint: 'Attach the file again.',
    details: { damage: [{ kind: 'checksum', note: `blob ${sha256}` }] },
  });
}

/** The names of blobs that hold other bytes than their names say. Reads all of them. */
export function damagedBlobs(folder: string): readonly string[] {
  if (!isFolder(`${folder}/blobs`)) return [];
  const names = readdirSync(`${folder}/blobs`).filter((name) => SHA256.test(name));
  return names.filter((name) => {
    const parts = getBlob(folder, '', name);
    try {
      while (parts.next().done !== true);
      return false;
    } catch (error) {
      if (isCoded(error) && error.code === 'STORAGE_DAMAGED') return true;
      throw error;
    }
  });
}

/** Gives every blob of one session to another. Blobs never change, so both may share the bytes where links work. */
export async function shareBlobs(from: string, to: string): Promise<void> {
  if (!isFolder(`${from}/blobs`)) return;
  makeFolder(`${to}/blobs`);
  for (const name of readdirSync(`${from}/blobs`)) {
    if (!SHA256.test(name) || statOf(`${from}/blobs/${name}`)?.isFile() !== true) continue;
    await shareFile(`${from}/blobs/${name}`, `${to}/blobs/${name}`);
  }
  await syncFolder(`${to}/blobs`);
}

async function shareFile(from: string, to: string): Promise<void> {
  try {
    linkSync(from, to);
  } catch (error) {
    if (errnoOf(error) === 'EEXIST') return;
    copyFileSync(from, to);
    const fd = openExisting(to, 'write') as number;
    try {
      await syncFile(fd);
    } finally {
      closeSync(fd);
    }
  }
}
