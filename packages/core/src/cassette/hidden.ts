import { maskedIn } from '../keys.ts';

/** Shorter values are words that occur by chance. */
const SHORTEST = 8;
const NOTHING: ReadonlySet<string> = new Set();

/** A value without what looks like a key. The same value always gives the same, so that requests can still be compared. */
export function withoutKeys<T>(value: T): T {
  return maskedIn(value, NOTHING) as T;
}

/** A value as JSON without keys and without these values. */
export function hiding(secrets: readonly string[]): (value: unknown) => string {
  const values = secrets
    .filter((value) => value.length >= SHORTEST)
    // As it stands between quotation marks. The longest first, so that one which begins with another is hidden whole.
    .map((value) => JSON.stringify(value).slice(1, -1))
    .sort((a, b) => b.length - a.length);
  return (value) =>
    values.reduce((text, secret) => text.replaceAll(secret, '[secret]'), JSON.stringify(withoutKeys(value)));
}
