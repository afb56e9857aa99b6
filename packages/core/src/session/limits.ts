import type { Budget, Limits } from '../contracts/usage.ts';

const LIMITS: ReadonlySet<string> = new Set<keyof Limits>(['maxSteps', 'maxTokens', 'maxCost', 'maxDuration']);
const WANTED =
  'limits: maxSteps, maxTokens and maxDuration (ms) are whole numbers above 0, maxCost (USD) is a number above 0';

/** What limits must be, of a value that is none; `undefined` for one that is. */
export function wrongLimits(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return WANTED;
  const wrong = Object.entries(value).some(([name, limit]: [string, unknown]) => {
    if (!LIMITS.has(name)) return true;
    if (limit === undefined) return false;
    return !(name === 'maxCost' ? Number.isFinite(limit) : Number.isSafeInteger(limit)) || (limit as number) <= 0;
  });
  return wrong ? WANTED : undefined;
}

/** The same for a session's budget. */
export function wrongBudget(value: unknown): string | undefined {
  const wanted = `an object with "turn" and "session", each of them ${WANTED}`;
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return wanted;
  const { turn = {}, session = {}, ...rest } = value as Budget;
  const right = Object.keys(rest).length === 0 && wrongLimits(turn) === undefined && wrongLimits(session) === undefined;
  return right ? undefined : wanted;
}
