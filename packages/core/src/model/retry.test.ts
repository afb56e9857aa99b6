import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { ModelFailure } from '../contracts/model.ts';
import type { RetryPolicy } from '../contracts/config.ts';
import type { RetryDecision, RetryFacts } from './retry.ts';
import { RETRY, decideRetry } from './retry.ts';

const KINDS: readonly ModelFailure['kind'][] = [
  'rate-limit',
  'overload',
  'network',
  'timeout',
  'protocol',
  'overflow',
  'auth',
  'billing',
  'content-filter',
  'unknown-model',
  'bad-request',
];
const PASSING: ReadonlySet<ModelFailure['kind']> = new Set(KINDS.slice(0, 5));
const NOTHING = { fallBack: false, compact: false, repair: false };
const EVERYTHING = { fallBack: true, compact: true, repair: true };
const DAY = 86_400_000;

const failure = (kind: ModelFailure['kind'] = 'overload', retryAfterMs?: number): ModelFailure => ({
  kind,
  message: 'no',
  retryable: PASSING.has(kind),
  ...(retryAfterMs !== undefined && { retryAfterMs }),
});
const facts = (change: Partial<RetryFacts> = {}): RetryFacts => ({
  attempt: 1,
  waitedMs: 0,
  random: 0.5,
  can: NOTHING,
  ...change,
});
const park: RetryPolicy = { ...RETRY, park: true };

type Row = readonly [string, ModelFailure, Partial<RetryFacts>, RetryPolicy, RetryDecision];
const fallBack = { can: { ...NOTHING, fallBack: true } };
const stop = { kind: 'stop' } as const;

test.each<Row>([
  ['overload waits half of the first step', failure(), {}, RETRY, { kind: 'retry', waitMs: 500 }],
  ['… of the fourth', failure(), { attempt: 4 }, RETRY, { kind: 'retry', waitMs: 4000 }],
  ['the fifth try is the last', failure(), { attempt: 5 }, RETRY, stop],
  ['… of so many as the policy says', failure(), { attempt: 2 }, { ...RETRY, attempts: 2 }, stop],
  ['a told wait is kept', failure('rate-limit', 7000), {}, RETRY, { kind: 'retry', waitMs: 7000 }],
  ['a told wait of nothing is jittered', failure('rate-limit', 0), {}, RETRY, { kind: 'retry', waitMs: 500 }],
  ['a minute is sat out', failure('rate-limit', 60_000), {}, RETRY, { kind: 'retry', waitMs: 60_000 }],
  ['more is not', failure('rate-limit', 60_001), {}, RETRY, { kind: 'stop', retryInMs: 60_001 }],
  ['nor a day of overload', failure('overload', DAY), {}, RETRY, { kind: 'stop', retryInMs: DAY }],
  ['a day is parked', failure('rate-limit', DAY), {}, park, { kind: 'park', waitMs: DAY + 500 }],
  ['a short wait is not', failure('rate-limit', 7000), {}, park, { kind: 'retry', waitMs: 7000 }],
  ['a spent budget is parked', failure('rate-limit', 7000), { attempt: 5 }, park, { kind: 'park', waitMs: 68_000 }],
  ['… where a time is known', failure('overload'), { attempt: 5 }, park, stop],
  [
    'waits past the time budget end it',
    failure('rate-limit', 50_000),
    { waitedMs: 140_000 },
    RETRY,
    { kind: 'stop', retryInMs: 50_000 },
  ],
  ['another model comes before a long wait', failure('rate-limit', DAY), fallBack, park, { kind: 'fall-back' }],
  ['… and after the last try', failure('network'), { attempt: 5, ...fallBack }, RETRY, { kind: 'fall-back' }],
  ['… not before it', failure('network'), fallBack, RETRY, { kind: 'retry', waitMs: 500 }],
  ['another model where this one is unknown', failure('unknown-model'), fallBack, RETRY, { kind: 'fall-back' }],
  ['no other model knows the key better', failure('auth'), { can: EVERYTHING }, RETRY, stop],
  ['… has more money', failure('billing'), { can: EVERYTHING }, RETRY, stop],
  ['… or answers what is filtered', failure('content-filter'), { can: EVERYTHING }, RETRY, stop],
  ['too long: one compaction', failure('overflow'), { can: { ...NOTHING, compact: true } }, RETRY, { kind: 'compact' }],
  ['too long with nothing to leave out', failure('overflow'), fallBack, park, stop],
  ['refused: a repair', failure('bad-request'), { can: { ...NOTHING, repair: true } }, RETRY, { kind: 'repair' }],
  ['… within the tries', failure('bad-request'), { attempt: 5, can: EVERYTHING }, RETRY, stop],
  ['refused with nothing to repair', failure('bad-request', 5), fallBack, park, stop],
  [
    'a request larger than the limit of a minute helps nobody to wait',
    { ...failure('rate-limit', 5), retryable: false },
    {},
    park,
    stop,
  ],
])('%s', (_name, given, change, policy, decision) => {
  expect(decideRetry(given, facts(change), policy)).toEqual(decision);
});

test('the wait is jittered between zero and a step that doubles, at most the longest', () => {
  const waits = (random: number) => [1, 2, 3, 4].map((attempt) => decideRetry(failure(), facts({ attempt, random })));
  expect(waits(0)).toEqual([0, 0, 0, 0].map((waitMs) => ({ kind: 'retry', waitMs })));
  expect(waits(0.999999)).toEqual([1000, 2000, 4000, 8000].map((waitMs) => ({ kind: 'retry', waitMs })));
});

test('never earlier than told, never longer than allowed, never past the budgets, never what cannot be done', () => {
  const told = fc.option(fc.nat(2 * DAY), { nil: undefined });
  const can = fc.record({ fallBack: fc.boolean(), compact: fc.boolean(), repair: fc.boolean() });
  fc.assert(
    fc.property(
      fc.constantFrom(...KINDS),
      told,
      fc.record({
        attempt: fc.integer({ min: 1, max: 9 }),
        waitedMs: fc.nat(200_000),
        random: fc.double({ min: 0, max: 0.999, noNaN: true }),
        can,
      }),
      fc.boolean(),
      (kind, retryAfterMs, given, parks) => {
        const decision = decideRetry(failure(kind, retryAfterMs), given, { ...RETRY, park: parks });
        switch (decision.kind) {
          case 'retry':
            expect(PASSING.has(kind) && given.attempt < 5).toBe(true);
            expect(decision.waitMs).toBeGreaterThanOrEqual(retryAfterMs ?? 0);
            expect(decision.waitMs).toBeLessThanOrEqual(RETRY.longestWaitMs);
            expect(decision.waitMs + given.waitedMs).toBeLessThanOrEqual(RETRY.budgetMs);
            break;
          case 'park':
            expect(parks && PASSING.has(kind) && !given.can.fallBack).toBe(true);
            expect(decision.waitMs).toBeGreaterThanOrEqual(Math.max(retryAfterMs ?? Infinity, RETRY.longestWaitMs));
            break;
          case 'fall-back':
            expect(given.can.fallBack && (PASSING.has(kind) || kind === 'unknown-model')).toBe(true);
            break;
          case 'compact':
            expect(given.can.compact && kind === 'overflow' && given.attempt < 5).toBe(true);
            break;
          case 'repair':
            expect(given.can.repair && kind === 'bad-request' && given.attempt < 5).toBe(true);
            break;
          case 'stop':
            expect(decision.retryInMs).toBe(PASSING.has(kind) ? retryAfterMs : undefined);
            break;
          default:
            decision satisfies never;
        }
      },
    ),
    { seed: 1, numRuns: 2000 },
  );
});
