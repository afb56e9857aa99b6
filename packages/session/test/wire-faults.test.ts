import { describe, expect, test as base } from 'vitest';
import { encodeEvent, openaiResponses } from '@reprise/fake-provider';
import type { Dialect, Reply } from '@reprise/fake-provider';
import { really } from './wire/clock.ts';
import { DIALECTS, errorEvent, failed, said } from './wire/dialects.ts';
import type { Theatre } from './wire/theatre.ts';
import { CALLS, FIRST, LAST, expectNext, expectOnce, first, last, play, theatre } from './wire/theatre.ts';

/** Each test has a theatre of its own, so that they wait for their sockets side by side. */
const test = base.extend<{ stage: Theatre }>({
  stage: async ({ task: _task }, use) => {
    const stage = await theatre();
    await use(stage);
    await stage.close();
  },
});

/** Every byte in the campaign, every thirteenth in the normal run. */
const STRIDE = Number(process.env['REPRISE_STRIDE'] ?? 13);

type Code = 'OVERLOADED' | 'RATE_LIMIT' | 'NETWORK' | 'PROVIDER';

/** Without this an answer is not whole. */
const TERMINAL: Readonly<Record<Dialect, string>> = {
  anthropic: 'event: message_stop',
  'openai-responses': 'event: response.completed',
  'openai-chat': '"finish_reason":"tool_calls"',
  google: '"finishReason":"STOP"',
};

/** What goes wrong with an answer after 200, and the code that the failed try is recorded with. */
const BROKEN: Readonly<Record<string, readonly [Code, (dialect: Dialect) => Reply]>> = {
  'an overload in mid-stream': [
    'OVERLOADED',
    (dialect) => ({ events: first(dialect, 2), fault: { afterEvents: 4, send: [errorEvent(dialect, 'overload')] } }),
  ],
  'a rate limit in mid-stream': [
    'RATE_LIMIT',
    (dialect) => ({ events: first(dialect, 2), fault: { afterEvents: 4, send: [errorEvent(dialect, 'rate-limit')] } }),
  ],
  'an overload as the first event': [
    'OVERLOADED',
    (dialect) => ({ events: first(dialect, 2), fault: { afterEvents: 0, send: [errorEvent(dialect, 'overload')] } }),
  ],
  'an overload after the whole call': [
    'OVERLOADED',
    (dialect) => ({
      events: first(dialect, 500),
      fault: { afterEvents: first(dialect, 500).length - 2, send: [errorEvent(dialect, 'overload')] },
    }),
  ],
  'a reset': ['NETWORK', (dialect) => ({ events: first(dialect, 2), fault: { afterEvents: 4, then: 'reset' } })],
  'a reset before the first event': [
    'NETWORK',
    (dialect) => ({ events: first(dialect, 2), fault: { afterEvents: 0, then: 'reset' } }),
  ],
  'a clean end': ['NETWORK', (dialect) => ({ events: first(dialect, 2), fault: { afterEvents: 4 } })],
  'a clean end before the first event': ['NETWORK', () => ({ events: [] })],
  garbage: [
    'PROVIDER',
    (dialect) => ({ events: first(dialect, 2), fault: { afterEvents: 4, send: 'data: {"half":\n\n' } }),
  ],
};

test.for([
  ['server_is_overloaded', 'OVERLOADED'],
  ['rate_limit_exceeded', 'RATE_LIMIT'],
  ['server_error', 'OVERLOADED'],
])('openai-responses: response.failed with %s is tried again', async ([code = '', recorded], { stage }) => {
  const session = await stage.begin('openai-responses');
  const events = openaiResponses.message({
    text: FIRST,
    toolCalls: CALLS,
    status: 'failed',
    error: { code, message: 'Sorry.' },
  });
  const seen = await play(
    stage,
    'openai-responses',
    session,
    events,
    first('openai-responses'),
    last('openai-responses'),
  );
  expectOnce(seen, stage.ran);
  expect(seen.attempts).toMatchObject([{ attempt: 2, code: recorded }]);
  await expectNext(stage, 'openai-responses', session);
});

describe.for(DIALECTS)('%s', { concurrent: true }, (dialect) => {
  test.for(Object.entries(BROKEN))('%s: tried again, seen once, run once', async ([, [code, reply]], { stage }) => {
    const session = await stage.begin(dialect);
    const seen = await play(stage, dialect, session, reply(dialect), first(dialect), last(dialect));
    expectOnce(seen, stage.ran);
    expect(seen.attempts).toMatchObject([{ attempt: 2, code, waitMs: 500 }]);
    await expectNext(stage, dialect, session);
  });

  test.for(['stall', 'keep-alive', 'reset'] as const)(
    'a connection that goes on after the answer (%s) is no fault',
    async (ending, { stage }) => {
      const session = await stage.begin(dialect);
      const seen = await play(stage, dialect, session, { events: first(dialect), ending }, last(dialect));
      expectOnce(seen, stage.ran);
      expect(seen.attempts).toEqual([]);
    },
  );

  test.for<[string, (ms: number) => Reply, number]>([
    ['no first byte', () => ({ delayMs: 1e8, events: [] }), 120_000],
    ['headers and nothing more', () => ({ events: [], ending: 'stall' }), 120_000],
    ['silence in mid-answer', () => ({ events: first(dialect, 2), fault: { afterEvents: 4, then: 'stall' } }), 120_000],
    ['keep-alives only', () => ({ events: [], ending: 'keep-alive' }), 300_000],
    [
      'keep-alives in mid-answer',
      () => ({ events: first(dialect, 2), fault: { afterEvents: 4, then: 'keep-alive' } }),
      300_000,
    ],
  ])('%s: a TIMEOUT, tried again, and the socket is closed', async ([, reply, deadline], { stage }) => {
    const session = await stage.begin(dialect);
    const seen = play(stage, dialect, session, reply(0), first(dialect), last(dialect));
    const { closed } = await stage.fake.received(0);
    await really(60);
    for (let left = deadline; left > 0; left -= 30_000) {
      expect(stage.fake.requests).toHaveLength(1);
      stage.clock.advance(30_000);
      await really(30);
    }
    await closed;
    const done = await seen;
    expectOnce(done, stage.ran);
    expect(done.attempts).toMatchObject([{ attempt: 2, code: 'TIMEOUT', waitMs: 500 }]);
    await expectNext(stage, dialect, session);
  });

  /** Each form of retry-after, and what is waited for it: half of the first step where it says nothing. */
  const FORMS: readonly (readonly [string, Readonly<Record<string, string>>, number])[] = [
    ['none', {}, 500],
    ['milliseconds', { 'retry-after-ms': '1500' }, 1500],
    ['seconds', { 'retry-after': '7' }, 7000],
    ['a date', { 'retry-after': 'Thu, 01 Jan 2026 00:00:09 GMT' }, 9000],
    ['a date in the past', { 'retry-after': 'Thu, 01 Jan 2015 00:00:09 GMT' }, 500],
    ['0', { 'retry-after': '0' }, 500],
    ['NaN', { 'retry-after': 'NaN' }, 500],
    ['a minute', { 'retry-after': '60' }, 60_000],
  ];
  const BUSY: readonly (readonly [number, readonly [string, string], string])[] = [
    [429, ['rate_limit_error', 'Too many requests'], 'RATE_LIMIT'],
    [503, ['UNAVAILABLE', 'Service unavailable'], 'OVERLOADED'],
    [529, ['overloaded_error', 'Overloaded'], 'OVERLOADED'],
  ];

  test.for(BUSY)('%i is waited for as it asks, in every form', async ([status, words, code], { stage }) => {
    for (const [, headers, waitMs] of FORMS) {
      // The date is told from here.
      const session = await stage.begin(dialect);
      const from = stage.clock.now();
      const date = headers['retry-after']?.includes('2026') ? new Date(from + 9000).toUTCString() : undefined;
      const given = date === undefined ? headers : { 'retry-after': date };
      const slack = date === undefined ? 0 : from % 1000;
      const seen = await play(
        stage,
        dialect,
        session,
        failed(dialect, status, words, given),
        first(dialect),
        last(dialect),
      );
      expectOnce(seen, stage.ran);
      expect(seen.attempts).toMatchObject([{ attempt: 2, code, waitMs: waitMs - slack }]);
    }
  });

  test.for(BUSY)('%i for a day ends the turn with the time to come back', async ([status, words, code], { stage }) => {
    const session = await stage.begin(dialect);
    const seen = await play(stage, dialect, session, failed(dialect, status, words, { 'retry-after': '86400' }));
    expect(seen.outcome).toMatchObject({ status: 'failed', error: { code, retryAt: '2026-01-02T00:00:00.000Z' } });
    expect([seen.attempts, stage.asked()]).toEqual([[], 1]);
    await expectNext(stage, dialect, session);
  });

  test('five tries in all, then the error is told', async ({ stage }) => {
    const session = await stage.begin(dialect);
    const busy = failed(dialect, 503, ['UNAVAILABLE', 'Service unavailable']);
    const seen = await play(stage, dialect, session, busy, busy, busy, busy, busy);
    expect(seen.outcome).toMatchObject({ status: 'failed', error: { code: 'OVERLOADED' } });
    expect(seen.attempts.map(({ waitMs }) => waitMs)).toEqual([500, 1000, 2000, 4000]);
    await expectNext(stage, dialect, session);
  });

  test.for<[number, readonly [string, string], string]>([
    [401, ['authentication_error', 'invalid x-api-key'], 'AUTH'],
    [403, ['permission_error', 'Forbidden'], 'AUTH'],
    [402, ['billing_error', 'Insufficient Balance'], 'AUTH'],
    [400, ['invalid_request_error', 'Your credit balance is too low to access the API.'], 'AUTH'],
    [404, ['not_found_error', 'model: no-such-model'], 'MODEL_NOT_FOUND'],
    [400, ['invalid_request_error', 'max_tokens: must be a number'], 'PROVIDER'],
    [400, ['content_filter', 'The prompt was filtered due to the content management policy'], 'CONTENT_FILTER'],
  ])('%i %j is asked once', async ([status, words, code], { stage }) => {
    const session = await stage.begin(dialect);
    const seen = await play(stage, dialect, session, failed(dialect, status, words, { 'retry-after': '1' }));
    expect(seen.outcome).toMatchObject({ status: 'failed', error: { code } });
    expect([seen.attempts, stage.asked()]).toEqual([[], 1]);
    await expectNext(stage, dialect, session);
  });

  test('a refusal is an answer: its text and its reason are shown, and nothing is tried again', async ({ stage }) => {
    const session = await stage.begin(dialect);
    const seen = await play(stage, dialect, session, said(dialect, { text: 'I can not.', filtered: true }));
    expect(seen.outcome).toMatchObject({
      status: 'done',
      finishReason: 'content-filter',
      message: { content: 'I can not.', finishReason: 'content-filter' },
    });
    expect([seen.attempts, stage.asked()]).toEqual([[], 1]);
    await expectNext(stage, dialect, session);
  });

  test('calls of an answer that was filtered do not run', async ({ stage }) => {
    const session = await stage.begin(dialect);
    const filtered = said(dialect, { text: 'So.', calls: CALLS, filtered: true });
    await play(stage, dialect, session, filtered, last(dialect));
    expect(stage.ran).toEqual([]);
    await expectNext(stage, dialect, session);
  });

  // A cut takes about 0.1 s, and in the long form a machine that has other work four times as much.
  const most = { timeout: 60_000 + 600_000 / STRIDE };
  test(
    'cut at every byte of a call: no part of it runs, the whole of it once, and nothing counts as an answer that is none',
    most,
    async ({ stage }) => {
      const call = CALLS.slice(0, 1);
      const events = said(dialect, { text: FIRST, calls: call, delta: 500 });
      const bytes = Buffer.concat(events.map((event) => Buffer.from(encodeEvent(event))));
      const start = bytes.indexOf('look');
      expect(start).toBeGreaterThan(0);
      let cuts = 0;
      for (let at = start; at < bytes.length; at += STRIDE) {
        const then = cuts % 2 === 0 ? 'end' : 'reset';
        const session = await stage.begin(dialect);
        stage.fake.script(dialect, { events, fault: { afterBytes: at, then } }, { events });
        stage.fake.fallback(dialect, last(dialect));
        const turn = session.turn('Go on.');
        const outcome = await stage.finish(turn);
        expect([at, outcome.status, outcome.steps, outcome.message?.content]).toEqual([
          at,
          'done',
          expect.any(Number),
          LAST,
        ]);
        // Where the cut left the answer whole, the second one is the next step’s.
        const runs = outcome.steps - 1;
        expect([1, 2]).toContain(runs);
        expect(stage.ran.splice(0)).toEqual(
          Array.from({ length: runs }, () => ({ tool: 'look', params: call[0]?.input })),
        );
        if (runs === 2) expect(bytes.subarray(0, at).toString()).toContain(TERMINAL[dialect]);
        cuts += 1;
      }
      expect(cuts).toBeGreaterThan(20);
    },
  );
});
