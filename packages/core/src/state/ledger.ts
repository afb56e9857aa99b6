import type { UsageByModel, UsageTotals } from '../contracts/usage.ts';
import type { TurnUsage } from '../contracts/turn.ts';
import type { Unreported } from '../records/types.ts';

type ByModel = UsageByModel['models'];

/** What a session took, folded from its records: constant in size, whatever its length. */
export interface Ledger {
  /** By its own calls. */
  readonly models: ByModel;
  /** By sub-sessions that have ended. */
  readonly below: ByModel;
  /** Milliseconds of turns that have ended. */
  readonly ms: number;
}

export const EMPTY_LEDGER: Ledger = { models: {}, below: {}, ms: 0 };

/** What budgets count. */
export interface Spending {
  readonly calls: number;
  /** Reported, and about what was not. */
  readonly tokens: number;
  readonly cost: number;
}

export const NO_SPENDING: Spending = { calls: 0, tokens: 0, cost: 0 };

/** One model call, as it is charged. */
export interface Charge {
  readonly model: string;
  readonly kind?: 'retry' | 'compaction';
  readonly usage?: TurnUsage | undefined;
  readonly unreported?: Unreported | undefined;
}

const ZERO: UsageTotals = {
  calls: 0,
  retries: 0,
  compactions: 0,
  input: 0,
  cached: 0,
  cacheWrite: 0,
  output: 0,
  reasoning: 0,
  total: 0,
  cost: 0,
  unpriced: 0,
  unreported: { calls: 0, tokens: 0, cost: 0 },
};

export function charged(models: ByModel, charge: Charge): ByModel {
  return withTotals(models, charge.model, totalsOf(charge));
}

export function spendingOf({ usage, unreported }: Charge): Spending {
  return {
    calls: 1,
    tokens: (usage?.total ?? 0) + tokensOf(unreported),
    cost: (usage?.cost ?? 0) + (unreported?.cost ?? 0),
  };
}

export function addSpending(a: Spending, b: Spending): Spending {
  return { calls: a.calls + b.calls, tokens: a.tokens + b.tokens, cost: a.cost + b.cost };
}

/** What these models took, as budgets count it. */
export function spendingIn(models: ByModel): Spending {
  const { calls, total, cost, unreported } = totalIn(models);
  return { calls, tokens: total + unreported.tokens, cost: cost + unreported.cost };
}

export function addModels(a: ByModel, b: ByModel): ByModel {
  return Object.entries(b).reduce((sum, [model, totals]) => withTotals(sum, model, totals), a);
}

export function totalIn(models: ByModel): UsageTotals {
  return Object.values(models).reduce(addTotals, ZERO);
}

function totalsOf({ kind, usage, unreported }: Charge): UsageTotals {
  const tokens = (usage?.total ?? 0) + tokensOf(unreported);
  const known = (unreported ?? usage)?.cost !== undefined;
  return {
    calls: 1,
    retries: kind === 'retry' ? 1 : 0,
    compactions: kind === 'compaction' ? 1 : 0,
    input: usage?.input ?? 0,
    cached: usage?.cached ?? 0,
    cacheWrite: usage?.cacheWrite ?? 0,
    output: usage?.output ?? 0,
    reasoning: usage?.reasoning ?? 0,
    total: usage?.total ?? 0,
    cost: usage?.cost ?? 0,
    unpriced: tokens > 0 && !known ? 1 : 0,
    unreported:
      unreported === undefined
        ? ZERO.unreported
        : { calls: 1, tokens: tokensOf(unreported), cost: unreported.cost ?? 0 },
  };
}

function tokensOf(unreported: Unreported | undefined): number {
  return unreported === undefined ? 0 : unreported.input + unreported.output;
}

function withTotals(models: ByModel, model: string, totals: UsageTotals): ByModel {
  // A model may be named like a property that every object has.
  const old = Object.hasOwn(models, model) ? models[model] : undefined;
  return { ...models, [model]: old === undefined ? totals : addTotals(old, totals) };
}

function addTotals(a: UsageTotals, b: UsageTotals): UsageTotals {
  return {
    calls: a.calls + b.calls,
    retries: a.retries + b.retries,
    compactions: a.compactions + b.compactions,
    input: a.input + b.input,
    cached: a.cached + b.cached,
    cacheWrite: a.cacheWrite + b.cacheWrite,
    output: a.output + b.output,
    reasoning: a.reasoning + b.reasoning,
    total: a.total + b.total,
    cost: a.cost + b.cost,
    unpriced: a.unpriced + b.unpriced,
    unreported: {
      calls: a.unreported.calls + b.unreported.calls,
      tokens: a.unreported.tokens + b.unreported.tokens,
      cost: a.unreported.cost + b.unreported.cost,
    },
  };
}
