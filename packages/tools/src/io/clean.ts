import { isUtf8 } from 'node:buffer';
import { Redactor } from './secrets.ts';
import type { Secret } from './secrets.ts';

const NOTHING = Buffer.alloc(0);

/**
 * Makes the bytes of one stream fit to show, piece by piece: broken UTF-8 becomes U+FFFD, secrets are replaced. Pieces
 * without either pass as they are, without becoming a string: endless output then costs no garbage.
 */
export class CleanBytes {
  readonly #redactor: Redactor;
  readonly #needles: readonly Buffer[];
  #carry: Buffer = NOTHING;

  constructor(secrets: readonly Secret[]) {
    this.#needles = secrets.map(({ value }) => Buffer.from(value, 'utf8'));
    // Bytes as Latin-1 characters: one each, so that what is no match comes back unchanged.
    this.#redactor = new Redactor(
      secrets.map(({ value, shown }) => ({ value: asLatin1(value), shown: asLatin1(shown) })),
    );
  }

  /** May give the given memory itself back. */
  push(bytes: Buffer): Buffer {
    const all = this.#carry.length === 0 ? bytes : Buffer.concat([this.#carry, bytes]);
    const end = all.length - openCharacter(all);
    this.#carry = end === all.length ? NOTHING : Buffer.from(all.subarray(end));
    return this.#redact(wellFormed(all.subarray(0, end)));
  }

  end(): Buffer {
    const rest = this.#redact(wellFormed(this.#carry));
    return Buffer.concat([rest, Buffer.from(this.#redactor.end(), 'latin1')]);
  }

  #redact(bytes: Buffer): Buffer {
    if (
      this.#redactor.clear(bytes.toString('latin1', Math.max(0, bytes.length - this.#redactor.longest))) &&
      !this.#needles.some((one) => bytes.includes(one))
    )
      return bytes;
    return Buffer.from(this.#redactor.push(bytes.toString('latin1')), 'latin1');
  }
}

function asLatin1(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1');
}

function wellFormed(bytes: Buffer): Buffer {
  return isUtf8(bytes) ? bytes : Buffer.from(bytes.toString('utf8'), 'utf8');
}

/** Bytes at the end that begin a character without finishing it. */
function openCharacter(bytes: Buffer): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back++) {
    const byte = bytes[bytes.length - back] ?? 0;
    if (byte < 0x80) return 0;
    if (byte >= 0xc0) return back < (byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2) ? back : 0;
  }
  return 0;
}
