/** `btoa` takes a string, and `String.fromCharCode` only so many arguments. */
const PIECE = 8192;

/**
 * `value` as JSON gives it back, with bytes, links and times as objects of one key that begins with `$`; an object of the caller's that looks
 * like one of these is wrapped. Keys in order, so that the same value has one text.
 */
export function toJson(value: unknown): unknown {
  if (typeof value === 'bigint') return value.toString();
  if (typeof value === 'number') return Number.isFinite(value) ? value : null;
  if (typeof value === 'function' || typeof value === 'symbol') return undefined;
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Uint8Array) return { $bytes: base64(value) };
  if (value instanceof URL) return { $url: value.href };
  if (value instanceof Date) return { $date: Number.isNaN(value.getTime()) ? null : value.toISOString() };
  if (Array.isArray(value)) return value.map((item) => toJson(item) ?? null);
  const entries = Object.entries(value)
    .map(([key, item]) => [key, toJson(item)] as const)
    .filter(([, item]) => item !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  // From entries: a key may be any text, `__proto__` too.
  const plain = Object.fromEntries(entries);
  return entries.length === 1 && entries[0]?.[0].startsWith('$') ? { $object: plain } : plain;
}

/** What `toJson` was given. */
export function fromJson(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(fromJson);
  const entries = Object.entries(value);
  const [key, item] = entries.length === 1 ? (entries[0] ?? []) : [];
  if (key === '$bytes' && typeof item === 'string') return bytesOf(item);
  if (key === '$url' && typeof item === 'string') return new URL(item);
  if (key === '$date') return new Date(typeof item === 'string' ? item : NaN);
  const inner = key === '$object' ? Object.entries(Object(item) as object) : entries;
  return Object.fromEntries(inner.map(([name, one]) => [name, fromJson(one)]));
}

function base64(bytes: Uint8Array): string {
  const pieces: string[] = [];
  for (let at = 0; at < bytes.length; at += PIECE) pieces.push(String.fromCharCode(...bytes.subarray(at, at + PIECE)));
  return btoa(pieces.join(''));
}

function bytesOf(text: string): Uint8Array {
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}
