import type { ModelFailure } from '../contracts/model.ts';
import type { RetryPolicy } from '../contracts/config.ts';

export const RETRY: RetryPolicy = {
  attempts: 5,
  longestWaitMs: 60_000,
  budgetMs: 180_000,
  baseMs: 1000,
  park: false,
};

export type RetryDecision =
  | { readonly kind: 'retry'; readonly waitMs: number }
  /** Wait for the time that the provider named, however far away; the next owner waits too. */
  | { readonly kind: 'park'; readonly waitMs: number }
  | { readonly kind: 'fall-back' }
  /** Move the window's start, then ask again. */
  | { readonly kind: 'compact' }
  /** Leave out what the provider may have refused, then ask again. */
  | { readonly kind: 'repair' }
  | { readonly kind: 'stop'; readonly retryInMs?: number };

export interface RetryFacts {
  /** Tries of the model that failed, this one counted. */
  readonly attempt: number;
  /** Milliseconds that were waited for this model. */
  readonly waitedMs: number;
  /** In [0, 1). */
  readonly random: number;
  /** What else could be done. */
  readonly can: { readonly fallBack: boolean; readonly compact: boolean; readonly repair: boolean };
}

/**
 * What follows a failed model call. Waits have full jitter between zero and a step that doubles, and are never shorter than the provider
 * asks for. Another model comes before a long wait, a long wait (where it is allowed) before the end. Pure.
 */
export function decideRetry(failure: ModelFailure, facts: RetryFacts, policy: RetryPolicy = RETRY): RetryDecision {
  const { attempt, can } = facts;
  const told = failure.retryAfterMs;
  const spent = attempt >= policy.attempts;
  switch (failure.kind) {
    case 'overflow':
      return can.compact && !spent ? { kind: 'compact' } : { kind: 'stop' };
    case 'bad-request':
      return can.repair && !spent ? { kind: 'repair' } : { kind: 'stop' };
    case 'unknown-model':
      return can.fallBack ? { kind: 'fall-back' } : { kind: 'stop' };
    case 'auth':
    case 'billing':
    case 'content-filter':
      return { kind: 'stop' };
    case 'rate-limit':
    case 'overload':
    case 'network':
    case 'timeout':
    case 'protocol':
      break;
    default:
      return failure.kind satisfies never;
  }
  const jitter = facts.random * Math.min(policy.longestWaitMs, policy.baseMs * 2 ** (attempt - 1));
  const waitMs = Math.round(Math.max(told ?? 0, jitter));
  const inTime = waitMs <= policy.longestWaitMs && facts.waitedMs + waitMs <= policy.budgetMs;
  if (failure.retryable && !spent && inTime) return { kind: 'retry', waitMs };
  if (can.fallBack) return { kind: 'fall-back' };
  if (!failure.retryable || told === undefined) return { kind: 'stop' };
  // Whoever waits for long comes back seldom, and not with everybody else.
  if (policy.park) return { kind: 'park', waitMs: Math.round(Math.max(told, policy.longestWaitMs) + jitter) };
  return { kind: 'stop', retryInMs: told };
}
