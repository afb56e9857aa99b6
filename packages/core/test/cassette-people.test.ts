import { describe, expect, test } from 'vitest';
import { cassetteOf, readCassette, recordCassette, replayCassette } from '../src/cassette/index.ts';
import type { Replay } from '../src/cassette/index.ts';
import type { Session } from '../src/contracts/session.ts';
import type { Answer, Asker, Decision } from '../src/contracts/tool.ts';
import { memoryStorage } from '../src/storage/memory.ts';
import type { Answer as Script } from './support/model.ts';
import { call, calls, finish, say, scripted } from './support/model.ts';
import type { Stage } from './support/stage.ts';
import { resolverOf, stage, tool } from './support/stage.ts';

type Played = (session?: Session) => Promise<{ readonly recording: Replay; readonly log: Replay }>;

/** A stage whose models and store are recorded, and what playing that again, or the log alone, gives. */
async function taped(
  script: readonly Script[],
  config: Parameters<typeof stage>[0],
): Promise<Stage & { readonly session: Session; readonly played: Played }> {
  const lines: string[] = [];
  const recorder = recordCassette((line) => lines.push(line), { now: () => 0 });
  const model = scripted(script);
  const models = resolverOf({ 'test/model': model });
  const theatre = stage({ models: recorder.models(models), storage: recorder.storage(memoryStorage()), ...config });
  const session = await theatre.sessions.create({ model: 'test/model' });
  const played: Played = async (of = session) => ({
    recording: await replayCassette(readCassette(lines.join(''))),
    log: await replayCassette(cassetteOf(await of.export()), { models }),
  });
  return { ...theatre, model, session, played };
}

const WRITE = {
  decide: ({ tool: name }: { tool: string }): Decision =>
    name === 'write' ? { verdict: 'ask' } : { verdict: 'allow' },
};
const same = { turns: 1, skipped: [] };

test.each<[string, Answer]>([
  ['allowed', { allow: true }],
  ['allowed always', { allow: true, always: true }],
  ['denied', { allow: false }],
  ['denied with a word', { allow: false, message: 'later' }],
])('a turn in which people were asked (%s) plays again without them, and gives the same', async (_how, said) => {
  const lines: string[] = [];
  const recorder = recordCassette((line) => lines.push(line), { now: () => 0 });
  const model = scripted([
    calls(call('a', 'write', { n: 1 }), call('b', 'survey'), call('c', 'write', { n: 1 })),
    calls(call('d', 'write', { n: 2 })),
    say('done'),
  ]);
  const ask: Asker = async ({ question }) => (question === undefined ? said : { allow: true, text: 'red' });
  const { sessions } = stage({
    models: recorder.models(resolverOf({ 'test/model': model })),
    storage: recorder.storage(memoryStorage()),
    tools: [tool('write'), tool('survey', { run: async (_input, context) => context.ask({ text: 'which?' }) })],
    permissions: { decide: ({ tool: name }) => (name === 'write' ? { verdict: 'ask' } : { verdict: 'allow' }) },
    ask,
  });
  const session = await sessions.create({ model: 'test/model' });
  expect(await session.turn('go').outcome()).toMatchObject({ status: 'done' });
  expect(lines.join('')).toContain('"answer"');
  expect(await replayCassette(readCassette(lines.join('')))).toEqual({ turns: 1, skipped: [] });
  const log = cassetteOf(await session.export());
  const models = resolverOf({ 'test/model': model });
  expect(await replayCassette(log, { models })).toEqual({ turns: 1, skipped: [] });
});

test.each<[string, Decision, Answer]>([
  ['allowed', { verdict: 'allow' }, { allow: false }],
  ['denied', { verdict: 'deny', reason: 'no' }, { allow: true }],
  ['asked, and a person agrees', { verdict: 'ask' }, { allow: true }],
  ['asked, and a person does not', { verdict: 'ask' }, { allow: false }],
])('a turn in which a provider asked whether it may run a call (%s) plays again', async (_how, decision, said) => {
  const lines: string[] = [];
  const recorder = recordCassette((line) => lines.push(line), { now: () => 0 });
  const model = scripted([
    [
      { type: 'tool-call', toolCallId: 'srv', toolName: 'mcp.drop', input: '{}', providerExecuted: true },
      { type: 'tool-approval-request', approvalId: 'apr', toolCallId: 'srv' },
      finish('stop'),
    ],
    say('done'),
  ]);
  const { sessions } = stage({
    models: recorder.models(resolverOf({ 'test/model': model })),
    storage: recorder.storage(memoryStorage()),
    permissions: { decide: () => decision },
    ask: async () => said,
  });
  const session = await sessions.create({ model: 'test/model' });
  expect(await session.turn('go').outcome()).toMatchObject({ status: 'done', steps: 2 });
  expect(lines.join('')).toContain('"verdict"');
  expect(await replayCassette(readCassette(lines.join('')))).toEqual({ turns: 1, skipped: [] });
  const models = resolverOf({ 'test/model': model });
  expect(await replayCassette(cassetteOf(await session.export()), { models })).toEqual({ turns: 1, skipped: [] });
});

describe('what people did not allow plays again as theirs', () => {
  test('three times no, which ends the turn', async () => {
    const script = ['a', 'b', 'c'].map((id) => calls(call(id, 'write', { n: 1 })));
    const ask: Asker = async () => ({ allow: false });
    const { session, played } = await taped(script, { tools: [tool('write')], permissions: WRITE, ask });
    expect(await session.turn('go').outcome()).toMatchObject({
      status: 'failed',
      error: { code: 'PERMISSION_DENIED' },
    });
    expect(await played()).toEqual({ recording: same, log: same });
  });

  test('three times no answer in time', async () => {
    const script = ['a', 'b', 'c'].map((id) => calls(call(id, 'write')));
    const patience = { onAsk: 'wait', askTimeoutMs: 5000 } as const;
    const { session, played, clock } = await taped(script, {
      tools: [tool('write')],
      permissions: WRITE,
      ...patience,
    });
    const outcome = await clock.drive(session.turn('go').outcome());
    expect(outcome).toMatchObject({ status: 'failed', error: { code: 'PERMISSION_DENIED' } });
    expect(JSON.stringify(await session.getMessages())).toContain('nobody answered in time');
    expect(await played()).toEqual({ recording: same, log: same });
  });

  test('three times no answer to the question of a tool: that is a failure of the tool', async () => {
    const script = ['a', 'b', 'c'].map((id) => calls(call(id, 'survey')));
    const survey = tool('survey', { run: async (_input, context) => context.ask({ text: 'which?' }) });
    const { session, played } = await taped(script, { tools: [survey], ask: async () => ({ allow: false }) });
    expect(await session.turn('go').outcome()).toMatchObject({ status: 'failed', error: { code: 'TOOL_ERROR' } });
    expect(await played()).toEqual({ recording: same, log: same });
  });

  test('answers in another order than the questions, with a call beside them', async () => {
    const step = calls(
      call('a', 'write', { n: 1 }),
      call('b', 'look'),
      call('c', 'write', { n: 2 }),
      call('d', 'write', { n: 3 }),
    );
    const { session, played } = await taped([step, say('So.')], {
      tools: [tool('write'), tool('look')],
      permissions: WRITE,
      onAsk: 'wait',
    });
    const asked: string[] = [];
    const all = Promise.withResolvers<void>();
    session.on('approval', ({ id }) => void (asked.push(id) === 3 && all.resolve()));
    const turn = session.turn('go');
    await all.promise;
    for (const id of asked.reverse()) await session.answer(id, { verdict: 'deny', message: `not ${id}` });
    expect(await turn.outcome()).toMatchObject({ status: 'done' });
    expect(await played()).toEqual({ recording: same, log: same });
  });
});

describe('a turn that is not to wait for people, and ends for that', () => {
  const failing = { tools: [tool('write'), tool('look')], onAsk: 'fail' as const };
  const beside = calls(call('a', 'look'), call('b', 'write', { n: 1 }), call('c', 'write', { n: 2 }));
  const served: Script = [
    { type: 'tool-call', toolCallId: 'srv', toolName: 'mcp.drop', input: '{}', providerExecuted: true },
    { type: 'tool-approval-request', approvalId: 'apr', toolCallId: 'srv' },
    finish('stop'),
  ];

  test.each<[string, Script, (name: string) => Decision]>([
    ['of a call', beside, (name) => (name === 'write' ? { verdict: 'ask' } : { verdict: 'allow' })],
    [
      '… with the reason',
      beside,
      (name) => (name === 'write' ? { verdict: 'ask', reason: 'it: writes.' } : { verdict: 'allow' }),
    ],
    ['of a call that the provider runs', served, () => ({ verdict: 'ask', reason: 'who knows' })],
  ])('plays again to the same end: because %s', async (_what, step, decide) => {
    const { session, played } = await taped([calls(call('x', 'look')), step], {
      ...failing,
      permissions: { decide: (request) => (request.call === 'x' ? { verdict: 'allow' } : decide(request.tool)) },
    });
    expect(await session.turn('go').outcome()).toMatchObject({
      status: 'failed',
      error: { code: 'PERMISSION_DENIED' },
    });
    expect(await played()).toEqual({ recording: same, log: same });
  });

  test('is named where a tool asked something, or a sub-session did', async () => {
    const why = 'it ended because something within a tool needed a person';
    const skipped = { turns: 0, skipped: [{ session: 's1', turn: 1, why }] };
    const survey = tool('survey', {
      run: async (_input, context) => context.ask({ text: 'which?' }).catch(() => 'none'),
    });
    const one = await taped([calls(call('a', 'survey'))], { tools: [survey], onAsk: 'fail' });
    expect(await one.session.turn('go').outcome()).toMatchObject({ error: { code: 'PERMISSION_DENIED' } });
    expect(await one.played()).toEqual({ recording: skipped, log: skipped });
    const agent = tool('agent', {
      run: async (_input, context) => (await context.spawn({ prompt: 'do' }).outcome()).status,
    });
    const two = await taped([calls(call('a', 'agent')), calls(call('b', 'write')), say('No.')], {
      tools: [agent, tool('write')],
      permissions: WRITE,
      onAsk: 'fail',
    });
    expect(await two.session.turn('go').outcome()).toMatchObject({ error: { code: 'PERMISSION_DENIED' } });
    expect(await two.played()).toMatchObject({ recording: { skipped: skipped.skipped }, log: skipped });
  });
});

test('what was not allowed to a sub-session is no answer to the call that began it', async () => {
  const agent = tool('agent', {
    run: async (_input, context) => (await context.spawn({ prompt: 'do it' }).outcome()).status,
  });
  const { session, played } = await taped(
    [calls(call('a', 'agent')), calls(call('b', 'write')), say('No.'), say('So.')],
    {
      tools: [agent, tool('write')],
      permissions: WRITE,
      ask: async () => ({ allow: false, message: 'not there' }),
    },
  );
  expect(await session.turn('go').outcome()).toMatchObject({ status: 'done', message: { content: 'So.' } });
  expect(await played()).toEqual({ recording: { turns: 2, skipped: [] }, log: same });
});

test('sub-sessions are not begun again: what their calls gave is known, and each plays by itself', async () => {
  const agent = tool('agent', {
    run: async ({ n }: { n: number }, context) =>
      (await context.spawn({ prompt: `Part ${n}.` }).outcome()).message?.content,
  });
  const script = [
    calls(call('a', 'agent', { n: 1 }), call('b', 'agent', { n: 2 })),
    say('One half.'),
    say('The other half.'),
    say('All of it.'),
  ];
  const { session, played } = await taped(script, { tools: [agent] });
  expect(await session.turn('go').outcome()).toMatchObject({ status: 'done', message: { content: 'All of it.' } });
  expect(await played()).toEqual({ recording: { turns: 3, skipped: [] }, log: same });
});
