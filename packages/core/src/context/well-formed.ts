/**
 * `value` with every lone surrogate in its texts replaced by U+FFFD; the same value where there is none. Providers refuse half a
 * character, and a history may hold one: people paste it, tools cut text in the middle of it, models escape it in their calls.
 */
export function wellFormed<T>(value: T): T {
  // Nearly always, so without a copy of anything.
  return isClean(value) ? value : (mended(value) as T);
}

function isClean(value: unknown): boolean {
  if (typeof value === 'string') return value.isWellFormed();
  if (typeof value !== 'object' || value === null) return true;
  if (Array.isArray(value)) return value.every(isClean);
  if (Object.getPrototypeOf(value) !== Object.prototype) return true;
  for (const key in value) if (!key.isWellFormed() || !isClean((value as Record<string, unknown>)[key])) return false;
  return true;
}

function mended(value: unknown): unknown {
  if (typeof value === 'string') return value.isWellFormed() ? value : value.toWellFormed();
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) {
    const items = value.map(mended);
    return items.every((item, i) => item === value[i]) ? value : items;
  }
  // URLs and bytes hold no text of ours.
  if (Object.getPrototypeOf(value) !== Object.prototype) return value;
  const entries = Object.entries(value);
  const next = entries.map(([key, item]) => [key.toWellFormed(), mended(item)] as const);
  return next.every(([key, item], i) => key === entries[i]?.[0] && item === entries[i][1])
    ? value
    : Object.fromEntries(next);
}
