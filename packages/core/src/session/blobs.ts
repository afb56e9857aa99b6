import type { Lease, SessionStorage } from '../contracts/storage.ts';
import { RepriseError } from '../errors.ts';
import { sha256Of, toBase64 } from '../files/base64.ts';
import { copyFiles } from '../files/copy.ts';
import { joined } from '../files/read.ts';

/** Bytes that a record may hold where the store keeps no blobs. */
const INLINE = 1_048_576;

/** The bytes of one session's attachments. */
export class SessionBlobs {
  readonly #storage: SessionStorage;
  readonly #id: string;
  /** `undefined` where the session is saved by hand. */
  readonly #lease: (() => Lease | undefined) | undefined;
  readonly #unsaved = new Map<string, Uint8Array<ArrayBuffer>>();

  constructor(storage: SessionStorage, id: string, lease: (() => Lease | undefined) | undefined) {
    this.#storage = storage;
    this.#id = id;
    this.#lease = lease;
  }

  /** Keeps bytes under their hash: durable before a record can name them. `data`: this store keeps none, so the record has to. */
  async keep(bytes: Uint8Array<ArrayBuffer>): Promise<{ readonly sha256: string; readonly data?: string }> {
    const { blobs } = this.#storage;
    if (blobs !== undefined && this.#lease !== undefined) {
      const lease = this.#lease();
      if (lease === undefined) throw new RepriseError('INTERNAL', 'An attachment was kept without a lease.');
      return { sha256: (await blobs.put(lease, once(bytes))).sha256 };
    }
    const sha256 = await sha256Of(bytes);
    if (blobs !== undefined) {
      this.#unsaved.set(sha256, bytes);
      return { sha256 };
    }
    if (bytes.length <= INLINE) return { sha256, data: toBase64(bytes) };
    throw new RepriseError('UNSUPPORTED', 'This store keeps no attachments above 1 MiB.', {
      hint: 'Attach a smaller file, or use a store that keeps blobs.',
    });
  }

  /** What was kept under a hash. `undefined` where there is more than that; STORAGE_FAILED where it is gone. */
  async read(sha256: string, size: number): Promise<Uint8Array<ArrayBuffer> | undefined> {
    const unsaved = this.#unsaved.get(sha256);
    const { blobs } = this.#storage;
    if (unsaved !== undefined) return unsaved;
    if (blobs === undefined) throw new RepriseError('STORAGE_FAILED', `Session ${this.#id} has no blob ${sha256}.`);
    const parts: Uint8Array[] = [];
    let read = 0;
    for await (const part of blobs.get(this.#id, sha256)) {
      read += part.length;
      if (read > size) return undefined;
      parts.push(part);
    }
    return joined(parts, read);
  }

  /** What the records of another session name, before they are here. */
  copyFrom(other: SessionBlobs, lines: Iterable<string>): Promise<void> {
    return copyFiles(lines, other, this);
  }

  /** Before the records that name them. */
  async save(lease: Lease): Promise<void> {
    for (const [sha256, bytes] of this.#unsaved) {
      await this.#storage.blobs?.put(lease, once(bytes));
      this.#unsaved.delete(sha256);
    }
  }
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
