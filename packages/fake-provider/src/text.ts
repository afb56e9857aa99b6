import { createHash } from 'node:crypto';

/** `text` in pieces of `size` characters; never inside a surrogate pair, as every real API does. */
export function pieces(text: string, size: number): string[] {
  const characters = [...text];
  const out: string[] = [];
  for (let i = 0; i < characters.length; i += size) out.push(characters.slice(i, i + size).join(''));
  return out;
}

/** An opaque value that depends on `text` alone, so that a test can tell whether it came back unchanged. */
export function sealOf(text: string): string {
  return createHash('sha256').update(text).digest('base64');
}

/** A fresh id as the provider would make one: `prefix` and 24 letters. */
export function freshId(prefix: string): string {
  return prefix + crypto.randomUUID().replaceAll('-', '').slice(0, 24);
}
