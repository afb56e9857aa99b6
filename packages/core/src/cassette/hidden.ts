/** What keys look like. Some providers repeat the one that they refuse, and people paste them. */
const KEYS = /\b(?:sk|pk|rk|gsk|xai)[-_](?=[\w-]*\d)[\w-]{16,}|\bAIza[\w-]{30,}|\bBearer\s+[\w.~+/-]{8,}=*/g;
/** Shorter values are words that occur by chance. */
const SHORTEST = 8;

/** `text` without what looks like a key. The same text always gives the same, so that requests can still be compared. */
export function withoutKeys(text: string): string {
  return text.replaceAll(KEYS, '[key]');
}

/** Takes keys and these values out of JSON. */
export function hiding(secrets: readonly string[]): (json: string) => string {
  const values = secrets
    .filter((value) => value.length >= SHORTEST)
    // As it stands between quotation marks. The longest first, so that one which begins with another is hidden whole.
    .map((value) => JSON.stringify(value).slice(1, -1))
    .sort((a, b) => b.length - a.length);
  return (json) => values.reduce((text, value) => text.replaceAll(value, '[secret]'), withoutKeys(json));
}
