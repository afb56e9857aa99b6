import type { Limits } from '@reprise/core';
import { usageError } from '@reprise/tui';
import type { RunFlags } from './options.ts';

const UNITS = { s: 1000, m: 60_000, h: 3_600_000 } as const;

/** The limits of this turn, from the options that name some. */
export function budgetOf(flags: RunFlags): Limits | undefined {
  const { 'budget-tokens': tokens, 'budget-cost': cost, 'budget-time': time } = flags;
  if (tokens === undefined && cost === undefined && time === undefined) return undefined;
  return {
    ...(tokens !== undefined && { maxTokens: tokens }),
    ...(cost !== undefined && { maxCost: usd(cost) }),
    ...(time !== undefined && { maxDuration: milliseconds(time) }),
  };
}

function usd(given: string): number {
  const value = /^\$?(\d+(?:\.\d+)?|\.\d+)$/.exec(given)?.[1];
  if (value !== undefined && Number(value) > 0) return Number(value);
  throw usageError(`--budget-cost takes US dollars above 0 such as 0.50, not "${given}"`, 'reprise run');
}

/** Seconds where no unit is given. */
function milliseconds(given: string): number {
  const [, value = '', unit = 's'] = /^(\d+(?:\.\d+)?)([smh])?$/.exec(given) ?? [];
  const ms = Math.round(Number(value) * UNITS[unit as keyof typeof UNITS]);
  if (value !== '' && ms > 0 && Number.isSafeInteger(ms)) return ms;
  throw usageError(`--budget-time takes a time such as 90s, 10m or 1h, not "${given}"`, 'reprise run');
}
