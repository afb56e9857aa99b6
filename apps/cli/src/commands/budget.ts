import type { Budget, Limits } from '@reprise/core';
import { usageError } from '@reprise/tui';
import type { RunFlags } from './options.ts';

const UNITS = { s: 1000, m: 60_000, h: 3_600_000 } as const;

/** The limits of this turn, from the options that name some. */
export function budgetOf(flags: RunFlags): Limits | undefined {
  const { 'budget-tokens': tokens, 'budget-cost': cost, 'budget-time': time } = flags;
  return limitsOf('--budget', { tokens, cost, time });
}

/** The limits of all turns of the session together, from the options that name some. */
export function sessionBudgetOf(flags: RunFlags): Limits | undefined {
  return limitsOf('--session-budget', {
    steps: flags['session-budget-steps'],
    tokens: flags['session-budget-tokens'],
    cost: flags['session-budget-cost'],
    time: flags['session-budget-time'],
  });
}

/** A budget with other limits of the session: each that is named stands in place of the one before, the others stay. */
export function withSession(budget: Budget | undefined, limits: Limits): Budget {
  return { ...budget, session: { ...budget?.session, ...limits } };
}

interface Given {
  readonly steps?: number | undefined;
  readonly tokens: number | undefined;
  readonly cost: string | undefined;
  readonly time: string | undefined;
}

function limitsOf(option: string, { steps, tokens, cost, time }: Given): Limits | undefined {
  const limits: Limits = {
    ...(steps !== undefined && { maxSteps: steps }),
    ...(tokens !== undefined && { maxTokens: tokens }),
    ...(cost !== undefined && { maxCost: usd(`${option}-cost`, cost) }),
    ...(time !== undefined && { maxDuration: milliseconds(`${option}-time`, time) }),
  };
  return Object.keys(limits).length === 0 ? undefined : limits;
}

function usd(option: string, given: string): number {
  const value = /^\$?(\d+(?:\.\d+)?|\.\d+)$/.exec(given)?.[1];
  if (value !== undefined && Number(value) > 0) return Number(value);
  throw usageError(`${option} takes US dollars above 0 such as 0.50, not "${given}"`, 'reprise run');
}

/** Seconds where no unit is given. */
function milliseconds(option: string, given: string): number {
  const [, value = '', unit = 's'] = /^(\d+(?:\.\d+)?)([smh])?$/.exec(given) ?? [];
  const ms = Math.round(Number(value) * UNITS[unit as keyof typeof UNITS]);
  if (value !== '' && ms > 0 && Number.isSafeInteger(ms)) return ms;
  throw usageError(`${option} takes a time such as 90s, 10m or 1h, not "${given}"`, 'reprise run');
}
