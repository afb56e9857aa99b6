import { expect, test } from 'vitest';
import type { LanguageModelV4StreamPart } from '@ai-sdk/provider';
import { RepriseError } from '../src/errors.ts';
import type { AttemptRecord } from '../src/records/types.ts';
import { settled, until } from './support/clock.ts';
import type { Beat, Script } from './support/model.ts';
import { call, calls, finish, httpError, reasoning, say, text } from './support/model.ts';
import { problemsOf } from './support/prompt-rules.ts';
import { chunksOf, infoOf, shownText, stage, tool } from './support/stage.ts';
import { recordsOf } from './support/storage.ts';

const start = { model: 'test/model' };
const overloaded = { type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } } as const;

/** One turn over these answers, with time jumping over every wait of at most two minutes. */
async function turnOver(script: Script[], config: Parameters<typeof stage>[0] = {}) {
  const theatre = stage(config);
  theatre.model.script.push(...script);
  const session = await theatre.sessions.create(start);
  const began = theatre.clock.now();
  const turn = session.message('go');
  const outcome = await theatre.clock.drive(turn.outcome());
  const records = await recordsOf(theatre.storage, session.id);
  return {
    ...theatre,
    session,
    turn,
    outcome,
    records,
    took: theatre.clock.now() - began,
    attempts: records.filter((record): record is AttemptRecord => record.type === 'attempt'),
  };
}

test('a call that fails in mid-stream is tried again: what it showed is taken back, and the text is in the message once', async () => {
  const { outcome, turn, attempts, records, session } = await turnOver([
    [...text('Hello, wor'), overloaded],
    say('Hello, world'),
  ]);
  expect(outcome).toMatchObject({ status: 'done', message: { content: 'Hello, world' } });
  expect(attempts).toMatchObject([{ attempt: 2, code: 'OVERLOADED', message: 'Overloaded', waitMs: 500 }]);
  const chunks = await chunksOf(turn);
  expect(chunks.find(({ type }) => type === 'reset')).toMatchObject({
    offset: 0,
    reason: 'retry',
    code: 'OVERLOADED',
    waitMs: 500,
    at: { attempt: 2 },
  });
  expect(shownText(chunks)).toBe('Hello, world');
  expect(records.filter(({ type }) => type === 'step')).toHaveLength(1);
  expect((await session.getMessages()).map(({ content }) => content)).toEqual(['go', 'Hello, world']);
});

test.each<[string, Record<string, string>, number]>([
  ['milliseconds', { 'retry-after-ms': '1500' }, 1500],
  ['seconds', { 'retry-after': '7' }, 7000],
  ['an HTTP date', { 'retry-after': 'Thu, 01 Jan 2026 00:00:09 GMT' }, 9000],
  ['a date in the past', { 'retry-after': 'Thu, 01 Jan 2015 00:00:09 GMT' }, 500],
  ['zero', { 'retry-after': '0' }, 500],
  ['NaN', { 'retry-after': 'NaN' }, 500],
  ['nonsense', { 'retry-after': 'soon' }, 500],
  ['a negative number', { 'retry-after': '-3' }, 500],
  ['infinity', { 'retry-after': 'Infinity' }, 500],
  ['nothing', {}, 500],
  ['a minute, the longest that is sat out', { 'retry-after': '60' }, 60_000],
])('retry-after in %s', async (_name, headers, waitMs) => {
  const { outcome, attempts, took } = await turnOver([httpError(429, 'Too Many Requests', headers), say('ok')]);
  expect(outcome.status).toBe('done');
  expect(attempts).toMatchObject([{ code: 'RATE_LIMIT', waitMs }]);
  expect(took).toBe(waitMs);
});

test('a wait of a day ends the turn with RATE_LIMIT and the time to come back', async () => {
  const { outcome, attempts, turn, model } = await turnOver([httpError(429, 'slow down', { 'retry-after': '86400' })]);
  expect(outcome).toMatchObject({
    status: 'failed',
    finishReason: 'error',
    error: { code: 'RATE_LIMIT', retryAt: '2026-01-02T00:00:00.000Z' },
  });
  expect(attempts).toEqual([]);
  expect(model.requests).toHaveLength(1);
  await expect(turn).rejects.toMatchObject({ code: 'RATE_LIMIT' });
});

test.each(['1e300', '99999999999999999999', 'Fri, 31 Dec 9999 23:59:59 GMT'])(
  'a wait that no calendar holds (%s) is told as one of a year',
  async (value) => {
    const { outcome } = await turnOver([httpError(429, 'slow down', { 'retry-after': value })]);
    expect(outcome.error).toMatchObject({ code: 'RATE_LIMIT', retryAt: '2027-01-01T00:00:00.000Z' });
  },
);

test('a model call is tried five times in all', async () => {
  const { outcome, attempts, model, records } = await turnOver(
    Array.from({ length: 9 }, () => httpError(503, 'Service Unavailable')),
  );
  expect(outcome).toMatchObject({ status: 'failed', error: { code: 'OVERLOADED' } });
  expect(model.requests).toHaveLength(5);
  expect(attempts.map(({ attempt }) => attempt)).toEqual([2, 3, 4, 5]);
  expect(attempts.map(({ waitMs }) => waitMs)).toEqual([500, 1000, 2000, 4000]);
  expect(records.at(-1)).toMatchObject({ type: 'turn-end', status: 'failed', error: { code: 'OVERLOADED' } });
});

test('the waits of one call have a budget of three minutes', async () => {
  const { outcome, model, took } = await turnOver(
    Array.from({ length: 9 }, () => httpError(429, 'later', { 'retry-after': '59' })),
  );
  expect(outcome).toMatchObject({
    status: 'failed',
    error: { code: 'RATE_LIMIT', retryAt: expect.any(String) as string },
  });
  expect(model.requests).toHaveLength(4);
  expect(took).toBeLessThanOrEqual(180_000);
});

test('each step has its own five attempts', async () => {
  const fail = () => httpError(500, 'Internal Server Error');
  const { outcome, model } = await turnOver(
    [fail(), fail(), fail(), fail(), calls(call('a', 'look')), fail(), fail(), fail(), fail(), say('done')],
    { tools: [tool('look')] },
  );
  expect(outcome).toMatchObject({ status: 'done', steps: 2 });
  expect(model.requests).toHaveLength(10);
});

test.each<[number, string, string]>([
  [401, 'invalid x-api-key', 'AUTH'],
  [403, 'Forbidden', 'AUTH'],
  [402, 'Insufficient Balance', 'AUTH'],
  [404, 'model: claude-9', 'MODEL_NOT_FOUND'],
  [400, 'messages: bad', 'PROVIDER'],
])('%i is not tried again', async (status, message, code) => {
  const { outcome, model } = await turnOver([httpError(status, message)]);
  expect(outcome).toMatchObject({ status: 'failed', error: { code, details: { status } } });
  expect(model.requests).toHaveLength(1);
});

test('a 401 on a retry ends the turn at once', async () => {
  const { outcome, model } = await turnOver([overloadedError(), httpError(401, 'invalid x-api-key'), say('never')]);
  expect(outcome.error?.code).toBe('AUTH');
  expect(model.requests).toHaveLength(2);
});

const overloadedError = () => httpError(529, 'Overloaded');

test('too long for the provider: one prune, then the request is sent again; the history is kept', async () => {
  const { model, sessions, storage, clock } = stage();
  const session = await sessions.create(start);
  for (let i = 0; i < 6; i += 1) await session.message(`question ${i} ${'word '.repeat(50)}`);
  model.script.push(httpError(400, 'prompt is too long: 213462 tokens > 200000 maximum'), say('fits'));
  expect((await clock.drive(session.message('last'))).content).toBe('fits');
  const [tooLong, fits] = model.requests.slice(-2);
  expect(JSON.stringify(fits?.prompt).length).toBeLessThan(JSON.stringify(tooLong?.prompt).length * 0.7);
  expect(problemsOf(fits ?? { prompt: [] }, { own: 'test' })).toEqual([]);
  expect(await recordsOf(storage, session.id)).toContainEqual(
    expect.objectContaining({ type: 'boundary', reason: 'prune' }),
  );
  expect(await session.getMessages()).toHaveLength(14);
});

test('too long again after the prune: CONTEXT_LENGTH_EXCEEDED, without a third try; the next message works', async () => {
  const { model, sessions, clock } = stage();
  const session = await sessions.create(start);
  for (let i = 0; i < 6; i += 1) await session.message(`question ${i}`);
  const before = model.requests.length;
  model.script.push(httpError(413, 'request too large'), httpError(413, 'request too large'));
  await expect(clock.drive(session.message('last'))).rejects.toMatchObject({
    code: 'CONTEXT_LENGTH_EXCEEDED',
    message: expect.stringMatching(
      /^request too large \(The request took about \d+ tokens; test\/model is taken to hold 100000\.\)$/,
    ),
    details: { max: 100_000, status: 413 },
  });
  expect(model.requests.length - before).toBe(2);
  expect((await session.message('next')).content).toBe('ok');
});

test('an answer that is cut before its first word was too long silently: one prune, and the request is sent again', async () => {
  const { model, sessions, storage, clock } = stage();
  const session = await sessions.create(start);
  for (let i = 0; i < 6; i += 1) await session.message(`question ${i} ${'word '.repeat(50)}`);
  model.script.push([finish('length', 'length', 100_000, 0)], say('fits'));
  expect((await clock.drive(session.message('last'))).content).toBe('fits');
  expect(await recordsOf(storage, session.id)).toContainEqual(expect.objectContaining({ type: 'boundary' }));
  // A limit that was reached in thought is another one, and what nobody counted says nothing.
  for (const answer of [[...reasoning('Hm.'), finish('length', 'length', 10, 5)], [finish('length', 'length', 0, 0)]]) {
    model.script.push(answer);
    expect(await session.turn('again').outcome()).toMatchObject({ status: 'done', finishReason: 'length' });
  }
});

test('too long with nothing left to prune is not tried again', async () => {
  const { outcome, model } = await turnOver([httpError(400, 'context_length_exceeded')]);
  expect(outcome.error?.code).toBe('CONTEXT_LENGTH_EXCEEDED');
  expect(model.requests).toHaveLength(1);
});

test('five minutes without a part are a TIMEOUT, also before the first; parts that come in time are none', async () => {
  const { model, sessions, clock } = stage();
  const session = await sessions.create(start);
  const late = Promise.withResolvers<void>();
  model.script.push(
    [...text('thinking…'), { act: 'wait', for: late.promise }, ...text(' done'), { act: 'stall' }],
    say('second try'),
  );
  const turn = session.message('go');
  await settled(20);
  await clock.advance(299_000);
  late.resolve();
  await settled(20);
  await clock.advance(299_000);
  expect(model.requests).toHaveLength(1);
  await clock.advance(1000);
  expect(model.requests[0]?.abortSignal?.aborted).toBe(true);
  expect((await clock.drive(turn)).content).toBe('second try');
  const attempt = (await session.export()).records?.find((record) => (record as { type: string }).type === 'attempt');
  expect(attempt).toMatchObject({ code: 'TIMEOUT' });
});

test('a `doStream` that never answers is a TIMEOUT too', async () => {
  const { sessions, clock, model } = stage();
  const session = await sessions.create(start);
  model.doStream = () => new Promise(() => undefined);
  const turn = session.turn('go');
  const outcome = await clock.drive(turn.outcome(), 400_000);
  expect(outcome.error?.code).toBe('TIMEOUT');
});

test.each<[string, Beat[], string]>([
  ['ends without its finish', [...text('half')], 'NETWORK'],
  ['ends with a finish that says it was cut', [...text('half'), finish('interrupted', null)], 'NETWORK'],
  ['ends with the finish that stands for none', [...text('half'), finish('error', null)], 'NETWORK'],
  ['holds an error and then ends', [...text('half'), overloaded], 'OVERLOADED'],
  ['holds an error and then a finish that says so', [...text('half'), overloaded, finish('error')], 'OVERLOADED'],
  [
    'breaks',
    [
      ...text('half'),
      { act: 'break', error: Object.assign(new TypeError('terminated'), { cause: new Error('other side closed') }) },
    ],
    'NETWORK',
  ],
])('a stream that %s is a failed call: no tool of it runs, and it is tried again', async (_name, beats, code) => {
  const look = tool('look');
  const { attempts, outcome } = await turnOver([[call('a', 'look'), ...beats], say('whole')], { tools: [look] });
  expect(attempts).toMatchObject([{ code }]);
  expect(outcome.message?.content).toBe('whole');
  expect(look.runs).toEqual([]);
});

test('an error in mid-stream that is followed by the rest and a good finish is no failure', async () => {
  const { outcome, attempts } = await turnOver([
    [...text('a'), { type: 'error', error: 'hiccup' }, ...text('b'), finish()],
  ]);
  expect(outcome).toMatchObject({ status: 'done', message: { content: 'ab' } });
  expect(attempts).toEqual([]);
});

test('a connection held open after the finish holds nobody up', async () => {
  const { outcome, took, attempts } = await turnOver([[...text('whole'), finish(), { act: 'deaf' }]]);
  expect(outcome).toMatchObject({ status: 'done', message: { content: 'whole' } });
  expect(attempts).toEqual([]);
  expect(took).toBeLessThanOrEqual(2000);
});

test('a connection that breaks after the finish breaks nothing', async () => {
  const { outcome, attempts } = await turnOver([
    [...text('whole'), finish(), { act: 'break', error: new TypeError('terminated') }],
  ]);
  expect(outcome).toMatchObject({ status: 'done', message: { content: 'whole' } });
  expect(attempts).toEqual([]);
});

test('a turn that failed after shown text keeps the text as a message marked `interrupted`', async () => {
  const refused = { type: 'error', error: { message: 'messages: bad', statusCode: 400 } } as const;
  const { outcome, session, model } = await turnOver([
    [...reasoning('secret', 'sig'), ...text('Half an ans'), refused],
  ]);
  expect(outcome.status).toBe('failed');
  expect((await session.getMessages()).at(-1)).toMatchObject({
    role: 'assistant',
    content: 'Half an ans',
    finishReason: 'interrupted',
  });
  expect(outcome.message?.content).toBe('Half an ans');
  await session.message('next');
  expect(problemsOf(model.requests.at(-1) ?? { prompt: [] }, { own: 'test' })).toEqual([]);
  expect(JSON.stringify(model.requests.at(-1)?.prompt)).not.toContain('secret');
});

test('a resolver that fails once does not fail the session for good', async () => {
  const { model, sessions, restart } = stage();
  const { id } = await sessions.create(start);
  let asked = 0;
  const next = restart({
    models: {
      async resolve(name) {
        asked += 1;
        if (asked <= 2) throw new RepriseError('NETWORK', 'the catalogue is out of reach');
        return { requested: name, name, model, info: infoOf() };
      },
    },
  });
  const session = await next.sessions.resume(id);
  await expect(session.message('a')).rejects.toMatchObject({ code: 'NETWORK' });
  expect((await session.message('b')).content).toBe('ok');
});

const everything: LanguageModelV4StreamPart[] = [
  ...reasoning('thinking it over', 'sig'),
  ...text('Some text'),
  call('a', 'look', { n: 1 }),
  ...text(' and more'),
  finish('tool-calls'),
];

test.each(everything.map((part, at) => [at, part.type] as const))(
  'an abort after %i parts (before %s): partial text kept, one terminal record, the next message works',
  async (at) => {
    const look = tool('look');
    const { model, sessions, storage } = stage({ tools: [look] });
    model.script.push([...everything.slice(0, at), { act: 'stall' }]);
    const session = await sessions.create(start);
    const turn = session.message('go');
    let parts = 0;
    turn.on('text', () => (parts += 1));
    await until(() => model.requests.length === 1);
    await settled(4);
    const outcome = await turn.abort('enough');
    expect(outcome).toMatchObject({ status: 'aborted', finishReason: 'interrupted', error: { code: 'ABORTED' } });
    expect(model.requests[0]?.abortSignal?.aborted).toBe(true);
    expect(look.runs).toEqual([]);
    const shown = everything
      .slice(0, at)
      .flatMap((part) => (part.type === 'text-delta' ? [part.delta] : []))
      .join('');
    const records = await recordsOf(storage, session.id);
    expect(records.filter(({ type }) => type === 'turn-end')).toHaveLength(1);
    const steps = records.filter(({ type }) => type === 'step');
    if (shown === '') expect(steps.every((step) => 'content' in step && step.content === '')).toBe(true);
    else expect(steps).toMatchObject([{ content: shown, finishReason: 'interrupted' }]);
    await expect(turn).rejects.toMatchObject({ code: 'ABORTED' });
    expect((await session.message('next')).content).toBe('ok');
    expect(problemsOf(model.requests[1] ?? { prompt: [] }, { own: 'test' })).toEqual([]);
  },
);

test('a stream that ignores the abort does not hold the turn', async () => {
  const { model, sessions } = stage();
  model.script.push([...text('some'), { act: 'deaf' }]);
  const session = await sessions.create(start);
  const turn = session.turn('go');
  await until(() => model.requests.length === 1);
  await settled(4);
  expect((await turn.abort()).message?.content).toBe('some');
});

test('an abort in the very tick in which the stream opens does not hold the turn either', async () => {
  const { model, sessions } = stage();
  const session = await sessions.create(start);
  const opened = Promise.withResolvers<{ stream: ReadableStream<LanguageModelV4StreamPart> }>();
  let cancelled = false;
  model.doStream = () => opened.promise;
  const turn = session.turn('go');
  await settled(10);
  opened.resolve({ stream: new ReadableStream({ cancel: () => void (cancelled = true) }) });
  const outcome = opened.promise.then(() => turn.abort());
  expect((await outcome).status).toBe('aborted');
  await settled();
  expect(cancelled).toBe(true);
});

test('a stream that opens after the abort is closed', async () => {
  const { model, sessions } = stage();
  const session = await sessions.create(start);
  const opened = Promise.withResolvers<{ stream: ReadableStream<LanguageModelV4StreamPart> }>();
  let cancelled = false;
  model.doStream = () => opened.promise;
  const turn = session.turn('go');
  await settled(10);
  await turn.abort();
  opened.resolve({ stream: new ReadableStream({ cancel: () => void (cancelled = true) }) });
  await settled();
  expect(cancelled).toBe(true);
});

test('an abort during the wait for a retry ends the wait', async () => {
  const { model, sessions } = stage();
  model.script.push(httpError(429, 'later', { 'retry-after': '30' }));
  const session = await sessions.create(start);
  const turn = session.turn('go');
  await until(() => session.head.seq === 3);
  expect(await turn.abort()).toMatchObject({ status: 'aborted' });
  expect((await session.message('next')).content).toBe('ok');
});

test('an abort before the turn began stores nothing of it', async () => {
  const { sessions, model } = stage();
  const session = await sessions.create(start);
  const turn = session.turn('go');
  expect(await turn.abort()).toMatchObject({ status: 'aborted', steps: 0 });
  expect(model.requests).toEqual([]);
  expect(await session.getMessages()).toEqual([]);
});

test('while a response streams, no timer is left behind after the turn', async () => {
  const { sessions, clock } = stage({ tools: [tool('look')] });
  const session = await sessions.create(start);
  await session.message('go');
  expect(clock.pending).toBe(0);
});
