import type { ExportedFile } from '../contracts/history.ts';
import { RepriseError, isCoded } from '../errors.ts';
import type { Rec, StoredFile } from '../records/types.ts';
import type { SessionBlobs } from '../session/blobs.ts';
import { holdsKey } from '../session/mask.ts';
import { fromBase64, sha256Of, toBase64 } from './base64.ts';
import { bytesOf } from './bytes.ts';

/** Bytes of all files in one export. */
const LIMIT = 67_108_864;

/** The files of records as an export holds them, in the order in which they came; `redact`: without texts that hold a key. What a record holds itself is not here again. */
export async function exportFiles(
  records: readonly Rec[],
  blobs: SessionBlobs,
  redact: boolean,
): Promise<ExportedFile[]> {
  let left = LIMIT;
  const files: ExportedFile[] = [];
  for (const file of namedIn(records)) {
    const { sha256 } = file;
    if (file.size > left) {
      files.push({ sha256, missing: 'The files of the session are too large for one export.' });
      continue;
    }
    try {
      const bytes = await bytesOf(blobs, file);
      if (redact && holdsKey(file, bytes)) files.push({ sha256, missing: 'It holds what looks like a key.' });
      else {
        files.push({ sha256, data: toBase64(bytes) });
        left -= file.size;
      }
    } catch (error) {
      if (!isCoded(error)) throw error;
      files.push({ sha256, missing: error.message });
    }
  }
  return files;
}

/** Keeps an export's files; the records then name them as this store needs it. Before the records are appended. */
export async function importFiles(
  records: readonly Rec[],
  files: readonly ExportedFile[],
  blobs: SessionBlobs,
): Promise<readonly Rec[]> {
  const inline = new Map<string, string>();
  for (const { sha256, data } of files) {
    const bytes = data === undefined ? undefined : fromBase64(data);
    if (bytes === undefined) continue;
    if ((await sha256Of(bytes)) !== sha256)
      throw new RepriseError(
        'INVALID_INPUT',
        `The file ${sha256} of this export holds other bytes than its name says.`,
      );
    try {
      const kept = await blobs.keep(bytes);
      if (kept.data !== undefined) inline.set(sha256, kept.data);
    } catch (error) {
      // Too large for a store without blobs: the session goes on without it.
      if (!isCoded(error) || error.code !== 'UNSUPPORTED') throw error;
    }
  }
  if (inline.size === 0) return records;
  const held = (file: StoredFile): StoredFile => {
    const data = inline.get(file.sha256);
    return data === undefined ? file : { ...file, data };
  };
  return records.map((record) =>
    (record.type === 'message' || record.type === 'result') && record.attachments !== undefined
      ? { ...record, attachments: record.attachments.map(held) }
      : record,
  );
}

function namedIn(records: readonly Rec[]): Iterable<StoredFile> {
  const files = new Map<string, StoredFile>();
  for (const record of records) {
    if (record.type !== 'message' && record.type !== 'result') continue;
    for (const file of record.attachments ?? []) if (file.data === undefined) files.set(file.sha256, file);
  }
  return files.values();
}
