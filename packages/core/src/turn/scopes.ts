import type { Limits } from '../contracts/usage.ts';
import { RepriseError } from '../errors.ts';
import type { LiveSession } from '../session/live.ts';
import { sessionSpending, turnSpending, worked } from '../state/account.ts';
import type { Spending } from '../state/ledger.ts';
import { addSpending } from '../state/ledger.ts';

/** A turn or a session with its limits, and what counts against them. */
export interface Scope {
  readonly of: 'turn' | 'session';
  readonly session: string;
  readonly limits: Limits;
  /** With what is reserved. */
  readonly spent: Spending;
  /** Milliseconds of work until a time. */
  elapsed(now: number): number;
}

/** The turn that runs, and its session. */
export function scopesOf({ state, id }: LiveSession, turn: string, held: Spending): Scope[] {
  const open = state.open?.turn === turn ? state.open : undefined;
  const { turn: own = {}, session = {} } = state.settings.budget ?? {};
  const ran = (now: number): number => (open === undefined ? 0 : worked(open, new Date(now).toISOString()));
  return [
    {
      of: 'turn',
      session: id,
      limits: { ...own, ...open?.budget },
      spent: addSpending(turnSpending(state), held),
      elapsed: ran,
    },
    {
      of: 'session',
      session: id,
      limits: session,
      spent: addSpending(sessionSpending(state), held),
      elapsed: (now) => state.ledger.ms + ran(now),
    },
  ];
}

/** How long until the first of these limits of time is reached, and the error of then; `undefined` without any. */
export function timeLeft(
  scopes: readonly Scope[],
  now: number,
): { readonly ms: number; error(now: number): RepriseError } | undefined {
  let first: ReturnType<typeof timeLeft>;
  for (const scope of scopes) {
    const max = scope.limits.maxDuration;
    if (max === undefined) continue;
    const spent = scope.elapsed(now);
    if (first === undefined || max - spent < first.ms) {
      first = { ms: max - spent, error: (then) => exceeded(scope, 'maxDuration', then) };
    }
  }
  return first;
}

const HINTS = {
  turn: 'What it did so far is kept. Send another message to go on, or raise the limit.',
  session: 'The session is kept. Raise the limit of its budget when you resume it, or begin another one.',
};

/** Names the limit, of what it is, and how much of it was taken. */
export function exceeded(scope: Scope, limit: keyof Limits, now = 0): RepriseError {
  const { of, session, limits } = scope;
  const max = limits[limit] as number;
  const { unit, taken } = MEASURES[limit];
  const spent = taken(scope, now);
  const figure = (value: number): string => unit.replace('#', short(limit === 'maxDuration' ? value / 1000 : value));
  const message = `The ${of} reached its limit of ${figure(max)} (${limit}): ${figure(spent)} taken`;
  const more =
    limit === 'maxTokens' || limit === 'maxCost' ? ', and the next model call may need more than is left.' : '.';
  return new RepriseError('BUDGET_EXCEEDED', message + more, {
    hint: HINTS[of],
    details: { limit, of, session, max, spent },
  });
}

interface Measure {
  readonly unit: string;
  taken(scope: Scope, now: number): number;
}

/** What calls that run at this moment hold is taken too. */
const MEASURES: Readonly<Record<keyof Limits, Measure>> = {
  maxSteps: { unit: '# model calls', taken: ({ spent }) => spent.calls },
  maxTokens: { unit: '# tokens', taken: ({ spent }) => spent.tokens },
  maxCost: { unit: '# USD', taken: ({ spent }) => spent.cost },
  maxDuration: { unit: '# s', taken: (scope, now) => scope.elapsed(now) },
};

/** A limit of cost that nobody can hold. */
export function noPrice(model: string): RepriseError {
  return new RepriseError('INVALID_INPUT', `Nobody knows the price of ${model}, so maxCost can't be held.`, {
    hint: 'Name its price in the catalogue, use another model, or limit maxTokens instead.',
    details: { limit: 'maxCost', model },
  });
}

/** Without the dust of binary fractions. */
function short(value: number): string {
  return String(Number(value.toPrecision(9)));
}
