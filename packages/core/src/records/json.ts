import type { JSONValue } from '@ai-sdk/provider';

/** Levels of one value. Deeper ones are told and not stored: they outrun the stacks of those who read them, here and at a provider. */
export const MOST_LEVELS = 1000;

/**
 * Whether `value` is what JSON can hold, at most so deep. Looks without recursion and copies nothing: a schema that rebuilds what it
 * reads loses a key `__proto__`, and its stack ends before JSON's does.
 */
export function isJson(value: unknown): value is JSONValue {
  if (!canBeWritten(value)) return false;
  const left: unknown[] = [value];
  while (left.length > 0) {
    const next = left.pop();
    if (next === null || typeof next === 'string' || typeof next === 'boolean') continue;
    if (typeof next === 'number' && Number.isFinite(next)) continue;
    if (typeof next !== 'object' || !(Array.isArray(next) || isPlain(next))) return false;
    for (const item of Object.values(next)) left.push(item);
  }
  return !tooDeep(value);
}

/** Whether a value that came from JSON has more than `MOST_LEVELS` levels. */
export function tooDeep(value: unknown): boolean {
  let level = [value].filter(isObject);
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth === MOST_LEVELS) return true;
    level = level.flatMap((each) => Object.values(each).filter(isObject));
  }
  return false;
}

/** A cycle, which no walk would come to the end of, is nothing that JSON can write. */
function canBeWritten(value: unknown): boolean {
  try {
    return JSON.stringify(value) !== undefined;
  } catch {
    return false;
  }
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
