import { RepriseError } from '../errors.ts';
import type { StoredFile } from '../records/types.ts';
import type { SessionBlobs } from '../session/blobs.ts';
import { fromBase64, sha256Of } from './base64.ts';

/** The bytes of a file that a record names. STORAGE_FAILED, STORAGE_DAMAGED where they are gone. */
export async function bytesOf(blobs: SessionBlobs, file: StoredFile): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = file.data === undefined ? await blobs.read(file.sha256, file.size) : fromBase64(file.data);
  if (bytes !== undefined && bytes.length === file.size && (await sha256Of(bytes)) === file.sha256) return bytes;
  throw new RepriseError(
    'STORAGE_DAMAGED',
    `The attachment ${file.name ?? file.sha256} holds other bytes than it did.`,
    {
      hint: 'Attach the file again.',
      details: { damage: [{ kind: 'checksum', note: `blob ${file.sha256}` }] },
    },
  );
}
