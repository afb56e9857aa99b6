import type { JSONValue } from '@ai-sdk/provider';
import { MOST_LEVELS, tooDeep } from '../records/json.ts';

const TOO_DEEP = `What the tool was given or gave has more than ${MOST_LEVELS} levels and was not kept.`;

/** The value as JSON gives it back, so that what is shown now is what a resume reads. Throws where it is nested too deep. */
export function jsonSafe(value: unknown): JSONValue {
  if (value === undefined) return null;
  if (typeof value === 'string') return value;
  const text = textOf(value);
  const result = text === undefined ? null : (JSON.parse(text) as JSONValue);
  if (tooDeep(result)) throw new Error(TOO_DEEP);
  return result;
}

function textOf(value: unknown): string | undefined {
  try {
    return JSON.stringify(value, (_key, item: unknown) => (typeof item === 'bigint' ? item.toString() : item));
  } catch (error) {
    throw error instanceof RangeError ? new Error(TOO_DEEP, { cause: error }) : error;
  }
}
