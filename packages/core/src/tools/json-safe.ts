import type { JSONValue } from '@ai-sdk/provider';

/** The value as JSON gives it back, so that what is shown now is what a resume reads. */
export function jsonSafe(value: unknown): JSONValue {
  if (value === undefined) return null;
  if (typeof value === 'string') return value;
  const text = JSON.stringify(value, (_key, item: unknown) => (typeof item === 'bigint' ? item.toString() : item)) as
    string | undefined;
  return text === undefined ? null : (JSON.parse(text) as JSONValue);
}
