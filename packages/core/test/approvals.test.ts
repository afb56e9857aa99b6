import { expect, test } from 'vitest';
import type { FeedEvent } from '../src/contracts/feed.ts';
import type { SessionsConfig } from '../src/contracts/config.ts';
import type { TurnOptions } from '../src/contracts/session.ts';
import type { Answer, AskRequest, PermissionPolicy } from '../src/contracts/tool.ts';
import { expectAnswered, answersIn, asksIn, untilAsked } from './support/asks.ts';
import { until } from './support/clock.ts';
import { expectLawful } from './support/fold.ts';
import { call, calls, say } from './support/model.ts';
import { chunksOf, stage, tool } from './support/stage.ts';
import { recordsOf } from './support/storage.ts';

const start = { model: 'test/model' };
const asksFor = (...names: string[]): PermissionPolicy => ({
  decide: ({ tool: name }) => (names.includes(name) ? { verdict: 'ask', reason: 'it writes' } : { verdict: 'allow' }),
});

/** A turn that calls `write` (which asks) and then says done; nobody is there in person. */
async function asking(made = [call('a', 'write', { n: 1 })], change: Partial<SessionsConfig> = {}) {
  const write = tool('write', { access: ({ n }: { n: number }) => ({ effect: 'write', locks: [`file:${n}`] }) });
  const look = tool('look');
  const theatre = stage({ tools: [write, look], permissions: asksFor('write'), onAsk: 'wait', ...change });
  theatre.model.script.push(calls(...made), say('done'));
  const session = await theatre.sessions.create(start);
  const turn = session.turn('go');
  const records = () => recordsOf(theatre.storage.inner, session.id);
  await untilAsked(session, made.filter((each) => 'toolName' in each && each.toolName === 'write').length);
  return { ...theatre, session, turn, write, look, records };
}

test('a call that needs a person waits: the question is stored, shown, listed, and the answer lets it run', async () => {
  const { session, turn, write, records, sessions } = await asking();
  expect(write.runs).toEqual([]);
  const [ask] = await session.approvals();
  expect(ask).toMatchObject({
    id: 'ask_1',
    call: 'a',
    tool: 'write',
    input: { n: 1 },
    access: { effect: 'write', locks: ['file:1'] },
    reason: 'it writes',
    turn: turn.id,
    at: '2026-01-01T00:00:00.000Z',
    expires: '2026-01-01T01:00:00.000Z',
    fingerprint: expect.stringMatching(/^[0-9a-f]{64}$/) as string,
  });
  expect(await sessions.approvals(session.id)).toEqual([ask]);
  await session.answer('ask_1', { verdict: 'once' });
  expect(await turn.outcome()).toMatchObject({ status: 'done', message: { content: 'done' } });
  expect(write.runs).toEqual([{ n: 1 }]);
  expect(await session.approvals()).toEqual([]);
  const stored = await records();
  expect(stored.map(({ type }) => type)).toEqual([
    'session',
    'message',
    'step',
    'ask',
    'answer',
    'start',
    'result',
    'step',
    'turn-end',
  ]);
  expect(answersIn(stored)).toMatchObject([{ ask: 'ask_1', verdict: 'once', by: 'reprise' }]);
  expectLawful(stored);
  expectAnswered(stored);
  const chunks = await chunksOf(turn);
  expect(chunks.map(({ type }) => type)).toEqual(['tool_call', 'approval', 'answer', 'tool_result', 'text']);
  expect(chunks[1]).toMatchObject({ id: 'ask_1', call: 'a', tool: 'write', fingerprint: ask?.fingerprint });
});

test('who follows the session sees the question and its answer as stored events', async () => {
  const { session, turn, sessions } = await asking();
  await session.answer('ask_1', { verdict: 'deny', message: 'no', by: 'Ada' });
  await turn.outcome();
  const seen: FeedEvent[] = [];
  for await (const event of sessions.follow(session.id)) {
    seen.push(event);
    if (event.type === 'turn_end') break;
  }
  const types = ['session', 'message', 'message', 'approval', 'answer', 'tool_result', 'message', 'turn_end'];
  expect(seen.map(({ type }) => type)).toEqual(types);
  expect(seen[3]).toMatchObject({ id: 'ask_1', call: 'a', turn: turn.id, reason: 'it writes', at: { seq: 4 } });
  expect(seen[4]).toMatchObject({ id: 'ask_1', verdict: 'deny', message: 'no', by: 'Ada' });
});

test('listeners of the session hear of questions and answers; one that throws stops nothing', async () => {
  const heard: string[] = [];
  const write = tool('write');
  const { model, sessions, reported } = stage({ tools: [write], permissions: asksFor('write'), onAsk: 'wait' });
  model.script.push(calls(call('a', 'write')), say('done'));
  const session = await sessions.create(start);
  session.on('approval', ({ id, tool: name }) => {
    heard.push(`${id} ${name}`);
    void session.answer(id, { verdict: 'deny', message: 'not now', by: 'Ada' });
    throw new Error('listener');
  });
  session.on('answer', ({ id, verdict, by }) => heard.push(`${id} ${verdict} ${by}`));
  await session.message('go');
  expect(heard).toEqual(['ask_1 write', 'ask_1 deny Ada']);
  expect(reported).toHaveLength(1);
  expect((await session.getMessages())[1]?.toolResults?.[0]?.error).toBe('Permission denied: not now');
});

test.each([
  ['once', 2],
  ['always', 1],
] as const)('%s: the same call again in a later turn asks %i times in all', async (verdict, times) => {
  const { session, turn, model, write, records, restart } = await asking();
  await session.answer('ask_1', { verdict });
  await turn.outcome();
  // Also in another process, and with the arguments in another order.
  const next = restart({ tools: [write] });
  model.script.push(calls(call('b', 'write', { n: 1 })), say('done'));
  const again = await next.sessions.resume(session.id);
  const second = again.turn('again');
  if (times === 2) await untilAsked(again, 1);
  else await second.outcome();
  const asked = asksIn(await records());
  expect(asked).toHaveLength(times);
  if (times === 2) {
    expect(asked[1]?.fingerprint).toBe(asked[0]?.fingerprint);
    await again.answer(asked[1]?.id ?? '', { verdict: 'deny' });
  }
  await second.outcome();
  expect(write.runs).toHaveLength(times === 1 ? 2 : 1);
  // Anything else is another question.
  model.script.push(calls(call('c', 'write', { n: 2 })), say('done'));
  const third = again.turn('other');
  await untilAsked(again, 1);
  expect(asksIn(await records())).toHaveLength(times + 1);
  await third.abort();
  expectAnswered(await records());
});

test('several questions of one step wait at once; calls that need nobody run meanwhile; results keep the order of the calls', async () => {
  const made = [call('a', 'write', { n: 1 }), call('b', 'look', { n: 2 }), call('c', 'write', { n: 3 })];
  const { session, turn, write, look, model, records } = await asking(made);
  expect((await session.approvals()).map(({ call: id }) => id)).toEqual(['a', 'c']);
  expect(look.runs).toEqual([{ n: 2 }]);
  await session.answer('ask_2', { verdict: 'once' });
  await until(() => write.runs.length > 0);
  expect(write.runs).toEqual([{ n: 3 }]);
  await session.answer('ask_1', { verdict: 'deny' });
  await turn.outcome();
  const results = (await session.getMessages())[1]?.toolResults;
  expect(results?.map(({ id }) => id)).toEqual(['a', 'b', 'c']);
  expect(results?.[0]?.error).toBe('Permission denied by the user.');
  expect(model.requests[1]?.prompt.at(-1)?.content).toMatchObject([
    { toolCallId: 'a' },
    { toolCallId: 'b' },
    { toolCallId: 'c' },
  ]);
  expectAnswered(await records());
  expectLawful(await records());
});

test('a call that shares a lock with one that waits runs after it', async () => {
  const made = [call('a', 'write', { n: 1 }), call('b', 'look', { n: 1 })];
  const gated = tool('look', { access: () => ({ effect: 'write', locks: ['file:1'] }) });
  const write = tool('write', { access: () => ({ effect: 'write', locks: ['file:1'] }) });
  const { session, turn } = await asking(made, { tools: [write, gated] });
  expect(gated.runs).toEqual([]);
  await session.answer('ask_1', { verdict: 'once' });
  await turn.outcome();
  expect([write.runs, gated.runs]).toEqual([[{ n: 1 }], [{ n: 1 }]]);
});

test('`always` answers what waits already for exactly the same', async () => {
  const { session, turn, write, records } = await asking([
    call('a', 'write', { n: 1 }),
    call('b', 'write', { n: 1 }),
    call('c', 'write', { n: 2 }),
  ]);
  await session.answer('ask_1', { verdict: 'always' });
  expect((await session.approvals()).map(({ id }) => id)).toEqual(['ask_3']);
  await session.answer('ask_3', { verdict: 'deny' });
  await turn.outcome();
  expect(write.runs).toEqual([{ n: 1 }, { n: 1 }]);
  expect(answersIn(await records())).toMatchObject([
    { ask: 'ask_1', verdict: 'always' },
    { ask: 'ask_2', verdict: 'once', by: 'ask_1' },
    { ask: 'ask_3', verdict: 'deny' },
  ]);
});

test('the time runs out visibly: a stored answer, and a denial for the model', async () => {
  const { turn, clock, write, records, session } = await asking(undefined, { askTimeoutMs: 60_000 });
  await clock.advance(59_000);
  expect(await session.approvals()).toHaveLength(1);
  await clock.advance(1000);
  expect(await turn.outcome()).toMatchObject({ status: 'done' });
  expect(write.runs).toEqual([]);
  expect(answersIn(await records())).toMatchObject([{ ask: 'ask_1', verdict: 'expired', by: 'engine' }]);
  expect((await session.getMessages())[1]?.toolResults?.[0]?.error).toBe('Permission denied: nobody answered in time.');
  await expect(session.answer('ask_1', { verdict: 'once' })).rejects.toMatchObject({ code: 'CONFLICT' });
});

test('an abort answers every question and gives every call its result', async () => {
  const { turn, records, session } = await asking([call('a', 'write', { n: 1 }), call('b', 'write', { n: 2 })]);
  expect(await turn.abort('enough')).toMatchObject({ status: 'aborted' });
  const stored = await records();
  expect(answersIn(stored).map(({ verdict }) => verdict)).toEqual(['cancelled', 'cancelled']);
  expectAnswered(stored);
  expectLawful(stored);
  await expect(session.answer('ask_1', { verdict: 'once' })).rejects.toMatchObject({ code: 'CONFLICT' });
  expect((await session.message('next')).content).toBe('done');
});

test('the first answer counts, whoever gives it; the asker is told that it is over', async () => {
  let over: AbortSignal | undefined;
  const ask = (_request: AskRequest, signal: AbortSignal): Promise<Answer> => {
    over = signal;
    return new Promise(() => undefined);
  };
  const { session, turn, write, records } = await asking(undefined, { ask });
  expect(over?.aborted).toBe(false);
  const both = await Promise.allSettled([
    session.answer('ask_1', { verdict: 'once' }),
    session.answer('ask_1', { verdict: 'deny' }),
  ]);
  expect(both).toMatchObject([{ status: 'fulfilled' }, { reason: { code: 'CONFLICT' } }]);
  await turn.outcome();
  expect(over?.aborted).toBe(true);
  expect(write.runs).toHaveLength(1);
  expect(answersIn(await records())).toHaveLength(1);
});

test('the asker sees one question at a time, with what is to be answered, and none that somebody else answered', async () => {
  const asked: AskRequest[] = [];
  const answers: ((answer: Answer) => void)[] = [];
  const ask = (request: AskRequest): Promise<Answer> => {
    asked.push(request);
    return new Promise((resolve) => answers.push(resolve));
  };
  const made = [1, 2, 3].map((n) => call(`c${n}`, 'write', { n }));
  const { session, turn, write, records } = await asking(made, { ask });
  expect(asked.map(({ id }) => id)).toEqual(['ask_1']);
  const [first] = await session.approvals();
  expect(asked[0]).toMatchObject({
    call: 'c1',
    input: { n: 1 },
    reason: 'it writes',
    fingerprint: first?.fingerprint,
    expires: first?.expires,
  });
  await session.answer('ask_2', { verdict: 'once' });
  answers[0]?.({ allow: true, always: true });
  await until(() => asked.length === 2);
  expect(asked[1]?.id).toBe('ask_3');
  answers[1]?.({ allow: false, message: 'leave it' });
  await turn.outcome();
  expect(write.runs).toHaveLength(2);
  expect(answersIn(await records())).toMatchObject([
    { ask: 'ask_2', verdict: 'once', by: 'reprise' },
    { ask: 'ask_1', verdict: 'always', by: 'asker' },
    { ask: 'ask_3', verdict: 'deny', message: 'leave it', by: 'asker' },
  ]);
});

test('what was answered is not asked again where the answers come in one go', async () => {
  let questions = 0;
  const gate = Promise.withResolvers<void>();
  const ask = async (): Promise<Answer> => {
    questions += 1;
    await gate.promise;
    return { allow: true, always: true };
  };
  const made = [1, 1, 1].map((n, at) => call(`c${at}`, 'write', { n }));
  const { turn, write } = await asking(made, { ask });
  gate.resolve();
  await turn.outcome();
  expect(questions).toBe(1);
  expect(write.runs).toHaveLength(3);
});

test.each([
  ['nobody there', {}, {}],
  ['told so', { onAsk: 'deny', ask: async () => ({ allow: true }) }, {}],
  ['told so for the turn', { onAsk: 'wait' }, { onAsk: 'deny' }],
] satisfies [string, Partial<SessionsConfig>, TurnOptions][])(
  'deny (%s): the model is told, nothing is asked, the turn goes on',
  async (_name, config, options) => {
    const write = tool('write');
    const theatre = stage({ tools: [write], permissions: asksFor('write'), ...config });
    theatre.model.script.push(calls(call('a', 'write')), say('done'));
    const session = await theatre.sessions.create(start);
    expect(await session.turn('go', options).outcome()).toMatchObject({ status: 'done' });
    expect(write.runs).toEqual([]);
    expect(asksIn(await recordsOf(theatre.storage, session.id))).toEqual([]);
    expect((await session.getMessages())[1]?.toolResults?.[0]?.error).toContain('nobody is there to ask');
  },
);

test('fail: the turn ends with PERMISSION_DENIED before any call of the step runs, and each call has its result', async () => {
  const [write, look] = [tool('write'), tool('look')];
  const theatre = stage({ tools: [write, look], permissions: asksFor('write') });
  theatre.model.script.push(calls(call('a', 'look'), call('b', 'write'), call('c', 'write', { n: 2 })));
  const session = await theatre.sessions.create(start);
  expect(await session.turn('go', { onAsk: 'fail' }).outcome()).toMatchObject({
    status: 'failed',
    error: { code: 'PERMISSION_DENIED', message: 'write needs a person to agree: it writes', details: { call: 'b' } },
  });
  expect([...look.runs, ...write.runs]).toEqual([]);
  const stored = await recordsOf(theatre.storage, session.id);
  expect(asksIn(stored)).toEqual([]);
  expectLawful(stored);
  theatre.model.script.length = 0;
  expect((await session.message('next')).content).toBe('ok');
});

test('answers that make no sense are refused and change nothing', async () => {
  const { session, turn, records } = await asking();
  const before = await records();
  await expect(session.answer('ask_9', { verdict: 'once' })).rejects.toMatchObject({ code: 'INVALID_INPUT' });
  await expect(session.answer('ask_1', { verdict: 'expired' as never })).rejects.toMatchObject({
    code: 'INVALID_INPUT',
  });
  await expect(session.answer('ask_1', { text: 'yes' })).rejects.toMatchObject({ code: 'INVALID_INPUT' });
  await expect(session.answer('ask_1', undefined as never)).rejects.toMatchObject({ code: 'INVALID_INPUT' });
  expect(() => session.turn('x', { onAsk: 'maybe' as never })).toThrow(/onAsk/);
  expect(await records()).toEqual(before);
  await turn.abort();
});

test('what runs is what was allowed: arguments that changed while a person thought do not run', async () => {
  const { session, turn, write } = await asking();
  session.on('answer', () => undefined);
  for await (const chunk of turn) {
    if (chunk.type !== 'approval') continue;
    (chunk.input as { n: number }).n = 2;
    await session.answer(chunk.id, { verdict: 'once' });
  }
  expect(write.runs).toEqual([]);
  expect((await session.getMessages())[1]?.toolResults?.[0]?.error).toContain('not those that were allowed');
});

test.each([
  ['the question', 4],
  ['the answer', 5],
  ['the start', 6],
] as const)(
  '%s can not be stored: the call does not run, the turn fails, and the session goes on',
  async (_what, n) => {
    const write = tool('write');
    const { model, sessions, storage } = stage({
      tools: [write],
      permissions: asksFor('write'),
      ask: async () => ({ allow: true }),
    });
    model.script.push(calls(call('a', 'write')), say('done'));
    const session = await sessions.create(start);
    storage.failAppend(n - 1, 'STORAGE_FULL');
    expect(await session.turn('go').outcome()).toMatchObject({ status: 'failed', error: { code: 'STORAGE_FULL' } });
    expect(write.runs).toEqual([]);
    model.script.length = 0;
    expect((await session.message('next')).content).toBe('ok');
    expectLawful(await recordsOf(storage, session.id));
    expectAnswered(await recordsOf(storage, session.id));
  },
);
