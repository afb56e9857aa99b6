import { fromBase64, toBase64 } from '../files/base64.ts';

/**
 * The idempotency keys of all messages of a log, in a size that has a limit. It never forgets one, so a key of which it says no is new; one of
 * which it says yes is looked for in the log. Up to `MOST` keys it is a list of their hashes, from there on a Bloom filter of these: base64 of
 * its bits. In a session with 3,000 keyed messages one new key in a hundred is looked for in vain, with 10,000 one in four.
 */
export type Keys = readonly number[] | string;

/** So many hashes take about as much room as the filter. */
const MOST = 512;
const BITS = 32_768;
/** Bits for each key. */
const MARKS = 4;

export function withKey(keys: Keys | undefined, key: string): Keys {
  const hash = hashOf(key);
  if (typeof keys === 'string') return filterOf(bitsOf(keys), [hash]);
  const hashes = keys ?? [];
  if (hashes.includes(hash)) return hashes;
  return hashes.length < MOST ? [...hashes, hash] : filterOf(new Uint8Array(BITS / 8), [...hashes, hash]);
}

/** False: no message has this key. */
export function mayHold(keys: Keys | undefined, key: string): boolean {
  if (keys === undefined) return false;
  const hash = hashOf(key);
  if (typeof keys !== 'string') return keys.includes(hash);
  const bits = bitsOf(keys);
  return marksOf(hash).every((mark) => ((bits[mark >> 3] ?? 0) & (1 << (mark & 7))) !== 0);
}

function filterOf(bits: Uint8Array, hashes: readonly number[]): string {
  for (const hash of hashes)
    for (const mark of marksOf(hash)) bits[mark >> 3] = (bits[mark >> 3] ?? 0) | (1 << (mark & 7));
  return toBase64(bits);
}

/** What is no filter any more holds every key: then the log decides. */
function bitsOf(keys: string): Uint8Array {
  const bits = fromBase64(keys);
  return bits?.length === BITS / 8 ? bits : new Uint8Array(BITS / 8).fill(255);
}

function marksOf(hash: number): number[] {
  const step = (hash >>> 15) | 1;
  return Array.from({ length: MARKS }, (_, i) => (hash + i * step) % BITS);
}

/** FNV-1a with the finish of MurmurHash3, so that keys that differ in their last letter alone lie apart. 32 bits. */
function hashOf(key: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < key.length; i += 1) hash = Math.imul(hash ^ key.charCodeAt(i), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
