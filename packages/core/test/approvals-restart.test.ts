import { expect, test } from 'vitest';
import type { SessionsConfig } from '../src/contracts/config.ts';
import type { PermissionPolicy, Tool } from '../src/contracts/tool.ts';
import { memoryStorage } from '../src/storage/memory.ts';
import { answersIn, asksIn, expectAnswered, untilAsked } from './support/asks.ts';
import { settled, until } from './support/clock.ts';
import { expectLawful } from './support/fold.ts';
import { call, calls, say } from './support/model.ts';
import { stage, tool } from './support/stage.ts';
import { faulty, recordsOf } from './support/storage.ts';

const start = { model: 'test/model' };
const permissions: PermissionPolicy = {
  decide: ({ tool: name }) => (name === 'write' ? { verdict: 'ask' } : { verdict: 'allow' }),
};

/** A process whose turn waits for people, on a store that others share; `next` is another process, `records` what is stored. */
async function waiting(made = [call('a', 'write', { n: 1 })], more: readonly Tool[] = []) {
  const write = tool('write', { access: ({ n }: { n: number }) => ({ effect: 'write', locks: [`file:${n}`] }) });
  const tools = [write, tool('look'), ...more];
  const medium = memoryStorage();
  const shared = { ...medium, supports: { ...medium.supports, processes: 'many' as const } };
  const storage = faulty(shared);
  const here = stage({ storage, tools, permissions, onAsk: 'wait' });
  here.model.script.push(calls(...made), say('done'));
  const session = await here.sessions.create(start);
  const turn = session.turn('go');
  await untilAsked(session, made.filter((each) => 'toolName' in each && each.toolName === 'write').length);
  const next = (change: Partial<SessionsConfig> = {}) =>
    here.restart({ storage: faulty(shared), owner: { name: 'other', pid: 7 }, ...change });
  const records = () => recordsOf(shared, session.id);
  return { ...here, storage, session, turn, write, tools, next, records };
}

test('another process sees what waits, without a lease, and answers through the inbox', async () => {
  const { session, turn, next, write, records, clock } = await waiting();
  const there = next();
  expect(await there.sessions.approvals(session.id)).toEqual(await session.approvals());
  const other = await there.sessions.load(session.id);
  const [ask] = await other.approvals();
  await other.answer(ask?.id ?? '', { verdict: 'once', by: 'Ada' });
  expect(write.runs).toEqual([]);
  await clock.advance(500);
  expect(await turn.outcome()).toMatchObject({ status: 'done' });
  expect(write.runs).toEqual([{ n: 1 }]);
  expect(answersIn(await records())).toMatchObject([{ verdict: 'once', by: 'Ada' }]);
  expectAnswered(await records());
  await expect(other.answer(ask?.id ?? '', { verdict: 'deny' })).rejects.toMatchObject({ code: 'CONFLICT' });
  await expect(other.answer('ask_9', { verdict: 'deny' })).rejects.toMatchObject({ code: 'INVALID_INPUT' });
});

test('of two answers the first counts; the other is passed over, and the log says so', async () => {
  const { session, turn, next, write, records, clock } = await waiting();
  const other = await next().sessions.load(session.id);
  await other.answer('ask_1', { verdict: 'deny', message: 'no' });
  await other.answer('ask_1', { verdict: 'once' });
  await clock.advance(500);
  await turn.outcome();
  expect(write.runs).toEqual([]);
  expect(answersIn(await records())).toMatchObject([{ verdict: 'deny', message: 'no', by: 'other 7' }]);
  expect(await records()).toContainEqual(
    expect.objectContaining({
      type: 'warning',
      message: 'An answer to ask_1 was passed over: it has an answer already.',
    }),
  );
});

test.each([
  ['for something else', { ask: 'ask_1', fingerprint: '0'.repeat(64) }, 'it was for something else'],
  ['to what nobody asks', { ask: 'ask_7', fingerprint: '0'.repeat(64) }, 'nobody asks that now'],
])('a letter with an answer %s lets nothing run', async (_what, letter, why) => {
  const { session, turn, storage, write, records, clock } = await waiting();
  const json = JSON.stringify({ kind: 'answer', verdict: 'always', by: 'x', ...letter });
  await storage.inbox?.put(session.id, { key: 'k1', json });
  await clock.advance(500);
  expect(write.runs).toEqual([]);
  expect(await session.approvals()).toHaveLength(1);
  expect(await records()).toContainEqual(
    expect.objectContaining({ type: 'warning', message: expect.stringContaining(why) as string }),
  );
  await turn.abort();
});

test('a letter that is no answer is left where it is', async () => {
  const { session, turn, storage, clock, records } = await waiting();
  for (const [key, body] of Object.entries({ a: { ask: 1 }, b: { ask: 'ask_1', fingerprint: 'f', by: 'x' } }))
    await storage.inbox?.put(session.id, { key, json: JSON.stringify({ kind: 'answer', verdict: 'allow', ...body }) });
  await clock.advance(500);
  expect(answersIn(await records())).toEqual([]);
  await turn.abort();
});

test('an answer that comes when the time is up is a conflict for its sender', async () => {
  const { session, next, storage, clock } = await waiting();
  storage.crash();
  const other = await next().sessions.load(session.id);
  await clock.advance(3_600_000);
  await expect(other.answer('ask_1', { verdict: 'once' })).rejects.toMatchObject({ code: 'CONFLICT' });
});

test('killed while it waits, continued: the same question with the same fingerprint waits on, and its answer lets the call run once', async () => {
  const { session, next, write, records, storage, model } = await waiting();
  const [before] = await session.approvals();
  storage.crash();
  model.script.splice(0, Infinity, say('done'));
  const there = next();
  const again = await there.sessions.resume(session.id, { recover: 'continue' });
  const turn = again.recovering;
  await settled(20);
  expect(await again.approvals()).toEqual([before]);
  await again.answer('ask_1', { verdict: 'once' });
  expect(await turn?.outcome()).toMatchObject({ status: 'done', message: { content: 'done' } });
  expect(write.runs).toEqual([{ n: 1 }]);
  expect(asksIn(await records())).toHaveLength(1);
  expectAnswered(await records());
  expectLawful(await records());
});

test('killed while it waits: an answer that came meanwhile is used, and nobody is asked again', async () => {
  const { session, next, write, records, storage, model } = await waiting();
  storage.crash();
  await (await next().sessions.load(session.id)).answer('ask_1', { verdict: 'always' });
  model.script.splice(0, Infinity, say('done'));
  let asked = 0;
  const there = next({ ask: async () => ({ allow: (asked += 1) < 0 }) });
  const again = await there.sessions.resume(session.id, { recover: 'continue' });
  expect(await again.recovering?.outcome()).toMatchObject({ status: 'done' });
  expect(asked).toBe(0);
  expect(write.runs).toEqual([{ n: 1 }]);
  expect(answersIn(await records())).toMatchObject([{ verdict: 'always' }]);
  expectAnswered(await records());
});

test('killed while it waits, not continued: the question is answered `cancelled`, the call settled as never begun', async () => {
  const { session, next, write, records, storage, model } = await waiting();
  storage.crash();
  model.script.splice(0, Infinity, say('back'));
  await (await next().sessions.load(session.id)).answer('ask_1', { verdict: 'once' });
  const again = await next().sessions.resume(session.id);
  expect((await again.message('still there?')).content).toBe('back');
  expect(write.runs).toEqual([]);
  const stored = await records();
  expect(answersIn(stored)).toMatchObject([{ ask: 'ask_1', verdict: 'cancelled' }]);
  expect((await again.getMessages())[1]?.toolResults?.[0]?.error).toBe(
    'Not run: the turn ended before this call began.',
  );
  expect(stored).toContainEqual(
    expect.objectContaining({ type: 'warning', message: expect.stringContaining('passed over') as string }),
  );
  expectAnswered(stored);
  expectLawful(stored);
});

test.each([
  ['deny', { onAsk: 'deny' }, 'done', 'deny'],
  ['fail', { onAsk: 'fail' }, 'failed', 'deny'],
  ['an asker', { onAsk: undefined, ask: async () => ({ allow: true }) }, 'done', 'once'],
  ['a policy that allows it now', { permissions: { decide: () => ({ verdict: 'allow' }) } }, 'done', 'once'],
  [
    'a policy that denies it now',
    { permissions: { decide: () => ({ verdict: 'deny', reason: 'no' }) } },
    'done',
    'cancelled',
  ],
] as [string, Partial<SessionsConfig>, string, string][])(
  'continued by a process with %s: what waits is answered by that',
  async (_name, change, status, verdict) => {
    const { session, next, write, records, storage, model } = await waiting();
    storage.crash();
    model.script.splice(0, Infinity, say('done'));
    const again = await next(change).sessions.resume(session.id, { recover: 'continue' });
    expect(await again.recovering?.outcome()).toMatchObject({ status });
    expect(write.runs).toHaveLength(verdict === 'once' ? 1 : 0);
    expect(answersIn(await records())).toMatchObject([{ ask: 'ask_1', verdict }]);
    expectAnswered(await records());
    expectLawful(await records());
  },
);

test('a question is about what the call is now: where the arguments mean something else, it is asked anew', async () => {
  const { session, next, records, storage, tools, model } = await waiting();
  await (await next().sessions.load(session.id)).answer('ask_1', { verdict: 'always' });
  storage.crash();
  model.script.splice(0, Infinity, say('done'));
  const moved = tool('write', { access: () => ({ effect: 'execute', command: 'rm' }) });
  const again = await next({ tools: [moved, ...tools.slice(1)] }).sessions.resume(session.id, {
    recover: 'continue',
    cwd: '/elsewhere',
  });
  await until(async () => !['ask_1', undefined].includes((await again.approvals())[0]?.id));
  expect(moved.runs).toEqual([]);
  const asked = asksIn(await records());
  expect(asked).toHaveLength(2);
  expect(asked[1]?.access).toEqual({ effect: 'execute', command: 'rm' });
  await again.answer(asked[1]?.id ?? '', { verdict: 'deny' });
  await again.recovering?.outcome();
  expect(moved.runs).toEqual([]);
  expectAnswered(await records());
});

/** Step: session 1, message 2, step 3, ask 4, answer 5, start 6, result 7, step 8, end 9. */
test.each([
  [4, 'before', 'unknown', 0],
  [4, 'after', 'waits', 0],
  [5, 'before', 'waits', 0],
  [5, 'after', 'runs', 0],
  [6, 'before', 'runs', 0],
  [6, 'after', 'unknown', 0],
  [7, 'before', 'unknown', 1],
  [7, 'after', 'is over', 1],
] as const)(
  'a process that dies in append %i, %s it is stored, continued: the call %s, and runs at most once',
  async (n, when, then, before) => {
    const write = tool('write');
    const theatre = stage({ tools: [write], permissions, ask: async () => ({ allow: true }) });
    theatre.model.script.push(calls(call('a', 'write')), say('done'));
    theatre.storage.crashAppend(n, when);
    await (await theatre.sessions.create(start)).turn('go').outcome();
    theatre.storage.crash();
    expect(write.runs).toHaveLength(before);
    theatre.model.script.splice(0, Infinity, say('done'));
    let asked = 0;
    const ask = async () => ({ allow: (asked += 1) > 0 });
    const again = await theatre.restart({ tools: [write], ask }).sessions.resume('s1', { recover: 'continue' });
    expect(await again.recovering?.outcome()).toMatchObject({ status: 'done' });
    expect(asked).toBe(then === 'waits' ? 1 : 0);
    expect(write.runs).toHaveLength(then === 'runs' || then === 'waits' || then === 'is over' ? 1 : before);
    const error = (await again.getMessages())[1]?.toolResults?.[0]?.error;
    if (then === 'unknown') expect(error).toContain('unknown');
    else expect(error).toBeUndefined();
    const stored = await recordsOf(theatre.storage.inner, 's1');
    expectAnswered(stored);
    expectLawful(stored);
  },
);

test('of a step that somebody was asked about, calls that never began run when it is continued; those that began do not run again', async () => {
  const stuck = tool('stuck', { run: () => new Promise(() => undefined) });
  const made = [call('a', 'stuck'), call('b', 'write', { n: 1 }), call('c', 'write', { n: 2 })];
  const { session, next, write, records, storage, tools, model } = await waiting(made, [stuck]);
  await until(() => stuck.runs.length === 1);
  storage.crash();
  model.script.splice(0, Infinity, say('done'));
  const again = await next({ tools, ask: async () => ({ allow: true }) }).sessions.resume(session.id, {
    recover: 'continue',
  });
  await again.recovering?.outcome();
  expect(stuck.runs).toHaveLength(1);
  expect(write.runs).toHaveLength(2);
  const results = (await again.getMessages())[1]?.toolResults ?? [];
  expect(results.map(({ error }) => error)).toEqual([expect.stringContaining('unknown'), undefined, undefined]);
  expectLawful(await records());
});

test('a copy of a session holds no permission of it: forked or imported, it asks again', async () => {
  const { session, turn, next, sessions, model, write, tools } = await waiting();
  await session.answer('ask_1', { verdict: 'always' });
  await turn.outcome();
  const data = await session.export();
  const copies = [await session.fork(), await next().sessions.import(data, { newId: true })];
  expect(JSON.stringify(data)).toContain('"always"');
  for (const copy of copies) {
    model.script.splice(0, Infinity, calls(call('z', 'write', { n: 1 })), say('done'));
    const own = copy.id.startsWith('s') ? copy : await sessions.load(copy.id);
    const asking = own.turn('again');
    await untilAsked(own, 1);
    await asking.abort();
  }
  expect(write.runs).toHaveLength(1);
  expect(tools).toContain(write);
});
