import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { ModelFailure } from '../contracts/model.ts';
import { RETRY, decideRetry } from './retry.ts';

const failure = (more: Partial<ModelFailure> = {}): ModelFailure => ({
  kind: 'overload',
  message: 'busy',
  retryable: true,
  ...more,
});

test('the wait is jittered between zero and a step that doubles, at most the longest', () => {
  const waits = (random: number) =>
    [1, 2, 3, 4].map((attempt) => decideRetry(failure(), { attempt, waitedMs: 0, random }));
  expect(waits(0)).toEqual([0, 0, 0, 0].map((waitMs) => ({ kind: 'retry', waitMs })));
  expect(waits(0.999999)).toEqual([1000, 2000, 4000, 8000].map((waitMs) => ({ kind: 'retry', waitMs })));
});

test('never earlier than told, never longer than allowed, never past the budget, never a sixth time', () => {
  const told = fc.option(fc.nat(200_000), { nil: undefined });
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 9 }),
      fc.nat(200_000),
      fc.double({ min: 0, max: 0.999, noNaN: true }),
      told,
      fc.boolean(),
      (attempt, waitedMs, random, retryAfterMs, retryable) => {
        const given = failure({ retryable, ...(retryAfterMs !== undefined && { retryAfterMs }) });
        const decision = decideRetry(given, { attempt, waitedMs, random });
        if (!retryable || attempt >= 5) expect(decision.kind).toBe('stop');
        if (decision.kind === 'stop') {
          expect(decision.retryInMs).toBe(retryable ? retryAfterMs : undefined);
          return;
        }
        expect(decision.waitMs).toBeGreaterThanOrEqual(retryAfterMs ?? 0);
        expect(decision.waitMs).toBeLessThanOrEqual(RETRY.longestWaitMs);
        expect(decision.waitMs + waitedMs).toBeLessThanOrEqual(RETRY.budgetMs);
      },
    ),
    { seed: 1 },
  );
});
