import type { LanguageModelV4StreamPart, SharedV4ProviderMetadata } from '@ai-sdk/provider';
import { expect, test, vi } from 'vitest';
import type { SessionsConfig } from '../src/contracts/config.ts';
import type { PermissionPolicy, PermissionRequest } from '../src/contracts/tool.ts';
import type { VerdictRecord } from '../src/records/verdict.ts';
import { memoryStorage } from '../src/storage/memory.ts';
import { answersIn, asksIn, expectAnswered, untilAsked } from './support/asks.ts';
import { settled } from './support/clock.ts';
import { expectCompilable, expectLawful, fold } from './support/fold.ts';
import { call, finish, httpError, say, scripted, text } from './support/model.ts';
import { problemsOf } from './support/prompt-rules.ts';
import { infoOf, resolverOf, stage, tool } from './support/stage.ts';
import { faulty, recordsOf } from './support/storage.ts';

const start = { model: 'test/model' };
const policy = (verdict: 'allow' | 'ask' | 'deny'): PermissionPolicy => ({
  decide: ({ tool: name }) => (name === 'mcp.drop' ? { verdict, reason: 'it drops' } : { verdict: 'allow' }),
});

/** A call that the provider runs itself, once it may. */
function asking(id = 'srv', input = '{"table":"t"}', meta?: SharedV4ProviderMetadata): LanguageModelV4StreamPart[] {
  const extra = meta === undefined ? {} : { providerMetadata: meta };
  return [
    { type: 'tool-call', toolCallId: id, toolName: 'mcp.drop', input, providerExecuted: true, ...extra },
    { type: 'tool-approval-request', approvalId: `apr_${id}`, toolCallId: id },
  ];
}

/** What it gives later; OpenAI repeats the call. */
function ran(id = 'srv', repeated = true): LanguageModelV4StreamPart[] {
  return [
    ...(repeated ? asking(id).slice(0, 1) : []),
    { type: 'tool-result', toolCallId: id, toolName: 'mcp.drop', result: 'gone' },
  ];
}

const CALL = {
  type: 'tool-call',
  toolCallId: 'srv',
  toolName: 'mcp.drop',
  input: { table: 't' },
  providerExecuted: true,
};
const RESULT = {
  type: 'tool-result',
  toolCallId: 'srv',
  toolName: 'mcp.drop',
  output: { type: 'json', value: 'gone' },
};
const response = (approved: boolean, reason?: string, id = 'srv') => ({
  type: 'tool-approval-response',
  approvalId: `apr_${id}`,
  approved,
  ...(reason !== undefined && { reason }),
});

/** A process on a store that others share. */
function open(verdict: 'allow' | 'ask' | 'deny', change: Partial<SessionsConfig> = {}) {
  const medium = memoryStorage();
  const shared = { ...medium, supports: { ...medium.supports, processes: 'many' as const } };
  const storage = faulty(shared);
  const theatre = stage({ storage, tools: [tool('look')], permissions: policy(verdict), onAsk: 'wait', ...change });
  const next = (more: Partial<SessionsConfig> = {}) =>
    theatre.restart({ storage: faulty(shared), owner: { name: 'other', pid: 7 }, ...more });
  const records = (id: string) => recordsOf(shared, id);
  const verdicts = async (id: string) =>
    (await records(id)).filter((record): record is VerdictRecord => record.type === 'verdict');
  const sent = (n: number) => theatre.model.requests[n]?.prompt.map(({ role, content }) => ({ role, content })) ?? [];
  const valid = () => {
    for (const request of theatre.model.requests) expect(problemsOf(request, { own: 'test' })).toEqual([]);
  };
  return { ...theatre, storage, next, records, verdicts, sent, valid };
}

test('a call that the policy allows is approved in the next request of the same turn; its result goes back afterwards', async () => {
  const seen: PermissionRequest[] = [];
  const permissions: PermissionPolicy = {
    decide: (request) => {
      seen.push(request);
      return { verdict: 'allow' };
    },
  };
  const { model, sessions, sent, verdicts, records, valid } = open('allow', { permissions });
  model.script.push([...text('Dropping.'), ...asking(), finish('stop')], [...ran(), ...text('Done.'), finish()]);
  const session = await sessions.create({ ...start, tools: ['look'] });
  const outcome = await session.turn('drop it').outcome();
  expect(outcome).toMatchObject({ status: 'done', steps: 2, message: { content: 'Done.' } });
  expect(seen).toMatchObject([
    { call: 'srv', tool: 'mcp.drop', named: false, input: { table: 't' }, access: { effect: 'unknown' } },
  ]);
  expect(await verdicts(session.id)).toMatchObject([{ request: 'apr_srv', call: 'srv', approved: true }]);
  const asked = { role: 'assistant', content: [{ type: 'text', text: 'Dropping.' }, CALL] };
  expect(sent(1).slice(1)).toEqual([asked, { role: 'tool', content: [response(true)] }]);
  await session.message('and now?');
  expect(sent(2).slice(1)).toMatchObject([
    asked,
    { role: 'tool', content: [response(true)] },
    { role: 'assistant', content: [CALL, RESULT, { text: 'Done.' }] },
    { role: 'user' },
  ]);
  expect(sent(2).slice(0, sent(1).length)).toEqual(sent(1));
  valid();
  expectLawful(await records(session.id));
});

test('a result that comes without its call goes back behind the call that was approved', async () => {
  const { model, sessions, sent, valid } = open('allow');
  model.script.push([...asking(), finish('stop')], [...ran('srv', false), ...text('Done.'), finish()]);
  const session = await sessions.create(start);
  await session.message('drop it');
  await session.message('and now?');
  expect(sent(2)[3]?.content).toMatchObject([RESULT, { text: 'Done.' }]);
  valid();
});

test('a result before the call that it repeats: the call went out before, and goes back no second time', async () => {
  const { model, sessions, sent, valid } = open('allow');
  const twice = [...ran('srv', false), ...ran()];
  model.script.push([...asking(), finish('stop')], [...twice, ...text('Done.'), finish()]);
  const session = await sessions.create(start);
  await session.message('drop it');
  await session.message('and now?');
  expect(sent(2)[3]?.content).toMatchObject([RESULT, { text: 'Done.' }]);
  valid();
});

test('a paused answer that goes on with a call that it had made, and its result: both go back once', async () => {
  const { model, sessions, sent } = open('allow');
  model.script.push([...ran(), finish('stop', 'pause_turn')], [...ran(), ...text('Done.'), finish()]);
  const session = await sessions.create(start);
  await session.message('drop it');
  await session.message('and now?');
  expect(sent(2)[1]?.content).toMatchObject([CALL, RESULT, { text: 'Done.' }]);
  expect(problemsOf(model.requests[2] ?? { prompt: [] }, { own: 'test' })).toEqual([]);
});

test('a result that comes twice goes back once, and one that another provider claims does not', async () => {
  const one = scripted();
  const two = scripted([[...ran('srv', false), ...text('Mine.'), finish()]], 'other');
  const { sessions } = open('allow', { models: resolverOf({ 'test/model': one, 'other/model': two }, infoOf()) });
  const last = () => one.requests.at(-1) ?? { prompt: [] };
  const results = () => JSON.stringify(last().prompt).split('"tool-result"').length - 1;
  one.script.push([...asking(), finish('stop')], say('Wait.'));
  const session = await sessions.create(start);
  await session.message('drop it');
  await session.setModel('other/model');
  await session.message('and you?');
  await session.setModel('test/model');
  one.script.push([...ran('srv', false), ...text('So.'), finish()], [...ran('srv', false), ...text('So.'), finish()]);
  await session.message('well?');
  expect(results()).toBe(0);
  await session.message('and?');
  await session.message('done?');
  expect(results()).toBe(1);
  expect(problemsOf(last(), { own: 'test' })).toEqual([]);
});

test('of two requests under one id the first goes back with its verdict', async () => {
  const { model, sessions, sent, valid } = open('allow');
  model.script.push([...asking(), finish('stop')], [...text('Again.'), ...asking(), finish('stop')], say('Done.'));
  const session = await sessions.create(start);
  expect(await session.turn('drop it').outcome()).toMatchObject({ status: 'done', steps: 3 });
  expect(JSON.stringify(sent(2)).split('approval-response')).toHaveLength(2);
  valid();
});

test('a call that the policy denies is refused with its reason, and the turn goes on', async () => {
  const { model, sessions, sent, verdicts, valid } = open('deny');
  model.script.push([...asking(), finish('stop')], say('Then not.'));
  const session = await sessions.create(start);
  expect(await session.turn('drop it').outcome()).toMatchObject({ status: 'done', message: { content: 'Then not.' } });
  expect(await verdicts(session.id)).toMatchObject([{ approved: false, reason: 'Permission denied: it drops' }]);
  expect(sent(1).slice(1)).toEqual([
    { role: 'assistant', content: [CALL] },
    { role: 'tool', content: [response(false, 'Permission denied: it drops')] },
  ]);
  valid();
});

test('a hook that denies such a call is heard before anybody is asked', async () => {
  const beforeTool = vi.fn(() => ({ deny: 'not now' }));
  const { model, sessions, sent, records } = open('ask', { hooks: { beforeTool } });
  model.script.push([...asking(), finish('stop')], say('Then not.'));
  const session = await sessions.create(start);
  await session.message('drop it');
  expect(beforeTool.mock.calls).toMatchObject([[{ call: 'srv', tool: 'mcp.drop', input: { table: 't' } }]]);
  expect(sent(1).at(-1)?.content).toEqual([response(false, 'Permission denied: not now')]);
  expect(asksIn(await records(session.id))).toEqual([]);
});

test.each([
  [{ verdict: 'once' } as const, response(true)],
  [{ verdict: 'deny', message: 'no' } as const, response(false, 'Permission denied: no')],
])('a person who is asked says %o: it is shown what the call is, and the answer goes back', async (answer, told) => {
  const { model, sessions, sent, records, valid } = open('ask');
  model.script.push([...asking(), finish('stop')], say('Done.'));
  const session = await sessions.create(start);
  const turn = session.turn('drop it');
  await untilAsked(session, 1);
  const [ask] = await session.approvals();
  expect(ask).toMatchObject({ call: 'srv', tool: 'mcp.drop', input: { table: 't' }, reason: 'it drops' });
  expect(await sessions.approvals(session.id)).toEqual([ask]);
  expect(model.requests).toHaveLength(1);
  await session.answer(ask?.id ?? '', answer);
  expect(await turn.outcome()).toMatchObject({ status: 'done' });
  expect(sent(1).at(-1)).toEqual({ role: 'tool', content: [told] });
  const stored = await records(session.id);
  const types = ['session', 'message', 'step', 'ask', 'answer', 'verdict', 'step', 'turn-end'];
  expect(stored.map(({ type }) => type)).toEqual(types);
  expectAnswered(stored);
  valid();
});

test('what was allowed always is not asked about again, but a tool of the program of that name is', async () => {
  const drop = tool('mcp.drop');
  const { model, sessions, records } = open('ask');
  model.script.push([...asking(), finish('stop')], [...asking('two'), finish('stop')], say('Done.'));
  const session = await sessions.create(start);
  const turn = session.turn('drop it');
  await untilAsked(session, 1);
  await session.answer('ask_1', { verdict: 'always' });
  expect(await turn.outcome()).toMatchObject({ status: 'done', steps: 3 });
  expect(asksIn(await records(session.id))).toHaveLength(1);
  expect(drop.runs).toEqual([]);
});

test.each([
  ['deny', 'done'],
  ['fail', 'failed'],
] as const)(
  'nobody to ask and `onAsk: %s`: the turn is %s, and no other call of the step runs before that',
  async (onAsk, status) => {
    const look = tool('look');
    const { model, sessions, records, sent, valid } = open('ask', { onAsk, tools: [look] });
    model.script.push([...asking(), call('c', 'look'), finish('tool-calls')], say('Done.'));
    const session = await sessions.create(start);
    const outcome = await session.turn('drop it').outcome();
    expect(outcome.status).toBe(status);
    if (status === 'failed') {
      expect(outcome.error).toMatchObject({ code: 'PERMISSION_DENIED' });
      expect(look.runs).toEqual([]);
      const results = (await records(session.id)).filter(({ type }) => type === 'result');
      expect(results).toMatchObject([{ error: expect.stringMatching(/^Not run: the turn ended/) as string }]);
    } else {
      expect(look.runs).toHaveLength(1);
      expect(sent(1).at(-1)).toMatchObject({
        role: 'tool',
        content: [
          { type: 'tool-result', toolCallId: 'c' },
          { type: 'tool-approval-response', approved: false },
        ],
      });
    }
    await session.message('go on');
    valid();
    expectLawful(await records(session.id));
  },
);

test('a model that asks for the same again and again ends its turn; so does the limit of steps', async () => {
  const denied = open('deny');
  denied.model.script.push(...[1, 2, 3, 4].map((n) => [...asking(`s${n}`), finish('stop')]));
  const one = await denied.sessions.create(start);
  const loop = await one.turn('x').outcome();
  expect(loop).toMatchObject({ status: 'failed', steps: 3, error: { code: 'PERMISSION_DENIED' } });
  const allowed = open('allow');
  allowed.model.script.push(...[1, 2, 3, 4].map((n) => [...asking(`s${n}`, `{"n":${n}}`), finish('stop')]));
  const two = await allowed.sessions.create({ ...start, maxSteps: 3 });
  expect(await two.turn('x').outcome()).toMatchObject({ status: 'step-limit', steps: 3 });
});

test('the same call that gives something new each time is no loop', async () => {
  const { model, sessions } = open('allow');
  const polled = (n: number): LanguageModelV4StreamPart[] => [
    ...(n === 1
      ? []
      : ([
          ...asking(`s${n - 1}`).slice(0, 1),
          { type: 'tool-result', toolCallId: `s${n - 1}`, toolName: 'mcp.drop', result: n },
        ] as const)),
    ...asking(`s${n}`),
    finish('stop'),
  ];
  model.script.push(...[1, 2, 3, 4, 5].map(polled), say('Done.'));
  const session = await sessions.create(start);
  expect(await session.turn('x').outcome()).toMatchObject({ status: 'done', steps: 6 });
});

test.each(['length', 'content-filter'] as const)(
  'what a response asks that was cut (%s) is not judged',
  async (reason) => {
    const { model, sessions, verdicts, sent, valid } = open('allow');
    model.script.push([...text('So'), ...asking(), finish(reason)]);
    const session = await sessions.create(start);
    await session.turn('x').outcome();
    await session.message('y');
    expect(await verdicts(session.id)).toEqual([]);
    expect(JSON.stringify(sent(1))).not.toContain('srv');
    valid();
  },
);

test('requests that repeat, or ask about no call of the provider’s, or about one that ran, are not judged', async () => {
  const { model, sessions, verdicts, valid } = open('allow');
  const stray = { type: 'tool-approval-request', approvalId: 'x', toolCallId: 'nobody' } as const;
  const late = { type: 'tool-approval-request', approvalId: 'y', toolCallId: 'done' } as const;
  model.script.push([...asking(), ...asking(), stray, ...ran('done'), late, finish('stop')], say('Done.'));
  const session = await sessions.create(start);
  await session.message('x');
  expect(await verdicts(session.id)).toHaveLength(1);
  valid();
});

test('an abort while it waits: nothing of the call goes back, and nothing runs on it later', async () => {
  const { model, sessions, records, verdicts, sent, valid } = open('ask');
  model.script.push([...text('Dropping.'), ...asking(), finish('stop')]);
  const session = await sessions.create(start);
  const turn = session.turn('drop it');
  await untilAsked(session, 1);
  await turn.abort();
  expect(answersIn(await records(session.id))).toMatchObject([{ verdict: 'cancelled' }]);
  expect(await verdicts(session.id)).toEqual([]);
  await session.message('and now?');
  expect(JSON.stringify(sent(1))).not.toContain('srv');
  valid();
  expectLawful(await records(session.id));
});

test('consent that no model has answered to ends with its turn', async () => {
  const { model, sessions, records, sent, valid } = open('allow');
  model.script.push([...asking(), finish('stop')], httpError(401, 'no'));
  const session = await sessions.create(start);
  expect((await session.turn('drop it').outcome()).status).toBe('failed');
  expect(sent(1).at(-1)?.role).toBe('tool');
  await session.message('something else');
  expect(JSON.stringify(sent(2))).not.toContain('srv');
  valid();
  const state = fold(await records(session.id));
  expect(state.verdicts).toBeUndefined();
  expect(state.prefixFrom).toBeGreaterThan(0);
});

test('killed while it waits, continued: the same question waits on, and its answer goes to the provider once', async () => {
  const { model, sessions, storage, next, records, sent, valid } = open('ask');
  model.script.push([...asking(), finish('stop')]);
  const session = await sessions.create(start);
  void session.turn('drop it');
  await untilAsked(session, 1);
  const [before] = await session.approvals();
  storage.crash();
  model.script.push(say('Done.'));
  const there = next();
  const other = await there.sessions.load(session.id);
  expect(await other.approvals()).toEqual([before]);
  const again = await there.sessions.resume(session.id, { recover: 'continue' });
  const turn = again.recovering;
  await settled(20);
  await again.answer('ask_1', { verdict: 'once' });
  expect(await turn?.outcome()).toMatchObject({ status: 'done', message: { content: 'Done.' } });
  expect(sent(1).slice(1)).toEqual([
    { role: 'assistant', content: [CALL] },
    { role: 'tool', content: [response(true)] },
  ]);
  expect(asksIn(await records(session.id))).toHaveLength(1);
  expectAnswered(await records(session.id));
  valid();
});

test.each(['before', 'after'] as const)(
  'killed %s the second of two verdicts is stored, continued: the first stands, nobody is asked about it again, and both go back together',
  async (when) => {
    const { model, sessions, storage, next, records, verdicts, sent, valid } = open('ask');
    model.script.push([...asking('one'), ...asking('two'), finish('stop')]);
    const session = await sessions.create(start);
    // Message, step, questions, and of each an answer and a verdict.
    storage.crashAppend(7, when);
    const turn = session.turn('drop them');
    await untilAsked(session, 2);
    await session.answer('ask_1', { verdict: 'deny', message: 'not this' });
    await session.answer('ask_2', { verdict: 'once' });
    await turn.outcome();
    expect(await verdicts(session.id)).toHaveLength(when === 'before' ? 1 : 2);
    model.script.push(say('Done.'));
    const seen: string[] = [];
    const permissions: PermissionPolicy = { decide: ({ call: id }) => (seen.push(id), { verdict: 'ask' }) };
    const again = await next({ permissions }).sessions.resume(session.id, { recover: 'continue' });
    expect(await again.recovering?.outcome()).toMatchObject({ status: 'done', message: { content: 'Done.' } });
    expect(seen).toEqual(when === 'before' ? ['two'] : []);
    expect(await verdicts(session.id)).toMatchObject([
      { call: 'one', approved: false },
      { call: 'two', approved: true },
    ]);
    const told = [response(false, 'Permission denied: not this', 'one'), response(true, undefined, 'two')];
    expect(sent(1).at(-1)).toEqual({ role: 'tool', content: told });
    expect(asksIn(await records(session.id))).toHaveLength(2);
    expectAnswered(await records(session.id));
    expectLawful(await records(session.id));
    valid();
  },
);

test.each([1, 2, 3, 4, 5, 6, 7, 8])(
  'killed at append %i, continued or interrupted: the session goes on',
  async (append) => {
    for (const recover of ['continue', 'interrupt'] as const)
      for (const when of ['before', 'after'] as const) {
        const { model, sessions, storage, next, records, valid, clock } = open('ask', {
          ask: async () => ({ allow: true }),
        });
        model.script.push([...asking(), call('c', 'look'), finish('stop')], [...ran(), ...text('Done.'), finish()]);
        const session = await sessions.create(start);
        storage.crashAppend(append, when);
        await clock.drive(session.turn('drop it').outcome());
        model.script.length = 0;
        const there = next();
        const again = await there.sessions.resume(session.id, { recover });
        if (again.recovering !== undefined) await clock.drive(again.recovering.outcome());
        expect((await clock.drive(again.message('still there?'))).content).toBe('ok');
        const stored = await records(session.id);
        expectLawful(stored);
        expectAnswered(stored);
        for (let n = 1; n <= stored.length; n += 1) expectCompilable(fold(stored.slice(0, n)));
        valid();
      }
  },
);

test('another provider sees nothing of it; back at the first one, all of it is there again', async () => {
  const one = scripted();
  const two = scripted([], 'other');
  const models = resolverOf({ 'test/model': one, 'other/model': two }, infoOf());
  const { sessions } = open('allow', { models });
  one.script.push([...text('Dropping.'), ...asking(), finish('stop')], [...ran(), ...text('Done.'), finish()]);
  const session = await sessions.create(start);
  await session.message('drop it');
  await session.setModel('other/model');
  await session.message('hello');
  expect(JSON.stringify(two.requests[0]?.prompt)).not.toMatch(/srv|approval/);
  expect(problemsOf(two.requests[0] ?? { prompt: [] }, { own: 'other' })).toEqual([]);
  await session.setModel('test/model');
  await session.message('back');
  expect(one.requests[2]?.prompt[2]).toMatchObject({ role: 'tool', content: [response(true)] });
  expect(problemsOf(one.requests[2] ?? { prompt: [] }, { own: 'test' })).toEqual([]);
});

test('edits, deletions, forks and boundaries take the request and its verdict together', async () => {
  const { model, sessions, valid } = open('allow');
  const begin = async () => {
    model.script.splice(
      0,
      Infinity,
      [...text('Dropping.'), ...asking(), finish('stop')],
      [...ran(), ...text('Done.'), finish()],
    );
    const session = await sessions.create(start);
    await session.message('drop it');
    const [, asked] = await session.getMessages();
    return { session, id: asked?.id ?? '' };
  };
  const last = () => JSON.stringify(model.requests.at(-1)?.prompt);
  const edited = await begin();
  await edited.session.editMessage(edited.id, { content: 'Not dropping.' });
  await edited.session.message('x');
  expect(last()).not.toContain('approval');
  const deleted = await begin();
  await deleted.session.deleteMessage(deleted.id);
  await deleted.session.message('x');
  expect(last()).not.toContain('approval');
  const pruned = await begin();
  await pruned.session.pruneContext({ keepLast: 1 });
  await pruned.session.message('x');
  expect(last()).not.toContain('approval');
  const forked = await begin();
  const whole = await forked.session.fork({});
  await whole.message('x');
  expect(last()).toContain('tool-approval-response');
  const imported = await sessions.import(await forked.session.export(), { newId: true });
  await imported.message('x');
  expect(last()).toContain('tool-approval-response');
  const half = await forked.session.fork({ fromMessage: forked.id });
  await half.message('x');
  expect(last()).not.toContain('approval');
  valid();
});
