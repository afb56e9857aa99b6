import type { Rate } from '../options.ts';

const SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600 };

/** What a rate looks like in words. */
export const RATE_WORDS = 'requests in a time, such as 10/s, 300/m or 5000/h';

/** The rate that `10/s`, `300/m` or `5000/h` mean: as many at once as in a second, and one at least. `undefined` for anything else. */
export function rateOf(words: string): Rate | undefined {
  const [, count = '', unit = ''] = /^([1-9]\d{0,8})\/([smh])$/.exec(words) ?? [];
  const perSecond = Number(count) / (SECONDS[unit] ?? Number.NaN);
  return perSecond > 0 ? { burst: Math.max(1, Math.ceil(perSecond)), perSecond } : undefined;
}
