import type { ModelFailure } from '../contracts/model.ts';

export interface RetryPolicy {
  /** Tries of one model call in all. */
  readonly attempts: number;
  /** The longest wait that a turn sits out; a longer one ends it with the time to come back. */
  readonly longestWaitMs: number;
  /** All waits of one model call together. */
  readonly budgetMs: number;
  readonly baseMs: number;
}

export const RETRY: RetryPolicy = { attempts: 5, longestWaitMs: 60_000, budgetMs: 180_000, baseMs: 1000 };

export type RetryDecision =
  { readonly kind: 'retry'; readonly waitMs: number } | { readonly kind: 'stop'; readonly retryInMs?: number };

/** Whether a failed call is tried again, and when. Full jitter between zero and the doubled step, never before `retry-after`. Pure. */
export function decideRetry(
  failure: ModelFailure,
  facts: { readonly attempt: number; readonly waitedMs: number; readonly random: number },
  policy: RetryPolicy = RETRY,
): RetryDecision {
  const told = failure.retryAfterMs;
  const stop: RetryDecision = { kind: 'stop', ...(told !== undefined && failure.retryable && { retryInMs: told }) };
  if (!failure.retryable || facts.attempt >= policy.attempts) return stop;
  if (told !== undefined && told > policy.longestWaitMs) return stop;
  const step = Math.min(policy.longestWaitMs, policy.baseMs * 2 ** (facts.attempt - 1));
  const waitMs = Math.round(Math.max(told ?? 0, facts.random * step));
  return facts.waitedMs + waitMs > policy.budgetMs ? stop : { kind: 'retry', waitMs };
}
