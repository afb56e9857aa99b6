import { expect, test } from 'vitest';
import type { CallFacts, Hooks, RecordFacts, RequestFacts, ResultFacts } from '../src/contracts/hooks.ts';
import type { SessionsConfig } from '../src/contracts/config.ts';
import { settled, until } from './support/clock.ts';
import { expectLawful } from './support/fold.ts';
import { call, calls, httpError, say } from './support/model.ts';
import { extendsPrefix, flattened } from './support/prompt-rules.ts';
import { stage, tool } from './support/stage.ts';
import { recordsOf } from './support/storage.ts';

const start = { model: 'test/model' };

/** A turn that looks once and says done, in a program with these hooks. */
async function turnWith(hooks: Hooks, change: Partial<SessionsConfig> = {}) {
  const look = tool('look');
  const theatre = stage({ tools: [look], hooks, ...change });
  theatre.model.script.push(calls(call('a', 'look', { n: 1 })), say('done'));
  const session = await theatre.sessions.create(start);
  const turn = session.turn('go');
  return { ...theatre, look, session, turn, records: () => recordsOf(theatre.storage, session.id) };
}

test('before a request: a hook sees what leaves, and may add headers and provider options; the rest stays as it is', async () => {
  const seen: RequestFacts[] = [];
  const { turn, model, session } = await turnWith({
    beforeRequest: async (facts) => {
      seen.push(facts);
      return { headers: { 'x-trace': `${facts.step}` }, providerOptions: { test: { user: 'ada' } } };
    },
  });
  await turn.outcome();
  expect(seen).toEqual([
    {
      session: session.id,
      turn: turn.id,
      model: 'test/model',
      purpose: 'step',
      step: 1,
      attempt: 1,
      messages: 1,
      tools: ['look'],
    },
    expect.objectContaining({ step: 2, messages: 3 }),
  ]);
  expect(model.requests.map(({ headers }) => headers?.['x-trace'])).toEqual(['1', '2']);
  expect(model.requests[1]?.providerOptions).toEqual({ test: { user: 'ada' } });
  const [first, second] = model.requests.map((request) => flattened(request));
  expect(extendsPrefix(first ?? [], second ?? [])).toBe(true);
});

test('each try of a request is one, and so is a summary', async () => {
  const seen: string[] = [];
  const hooks: Hooks = { beforeRequest: ({ purpose, attempt }) => void seen.push(`${purpose} ${attempt}`) };
  const theatre = stage({ hooks });
  const long = () => say('a '.repeat(500));
  theatre.model.script.push(httpError(503, 'busy'), ...[1, 2, 3, 4, 5, 6, 7, 8].map(long));
  const session = await theatre.sessions.create({
    ...start,
    pruneStrategy: 'summarize',
    contextWindow: 1500,
    pruneThreshold: 0.5,
  });
  await theatre.clock.drive(session.turn('go').outcome());
  for (let n = 0; n < 6; n += 1) await theatre.clock.drive(session.turn('and more').outcome());
  expect(seen.slice(0, 2)).toEqual(['step 1', 'step 2']);
  expect(seen).toContain('summary 1');
});

test('before a tool: a hook sees a copy of the call and may deny it with a reason', async () => {
  const seen: CallFacts[] = [];
  const { turn, look, session, records } = await turnWith({
    beforeTool: (facts) => {
      seen.push(facts);
      (facts.input as { n: number }).n = 99;
      return { deny: 'not on a Friday' };
    },
  });
  await turn.outcome();
  expect(seen).toMatchObject([
    { session: session.id, turn: turn.id, call: 'a', tool: 'look', access: { effect: 'read' } },
  ]);
  expect(look.runs).toEqual([]);
  expect((await session.getMessages())[1]?.toolResults?.[0]?.error).toBe('Permission denied: not on a Friday');
  expectLawful(await records());
});

test('before a tool: a hook that only looks changes nothing, not even what it was given', async () => {
  const { turn, look } = await turnWith({ beforeTool: ({ input }) => void ((input as { n: number }).n = 99) });
  await turn.outcome();
  expect(look.runs).toEqual([{ n: 1 }]);
});

test('nobody is asked about a call that a hook denies', async () => {
  let asked = 0;
  const { turn, look } = await turnWith(
    { beforeTool: () => ({ deny: 'no' }) },
    {
      permissions: { decide: () => ({ verdict: 'ask' }) },
      ask: async () => ({ allow: (asked += 1) > 0 }),
    },
  );
  await turn.outcome();
  expect([asked, look.runs.length]).toEqual([0, 0]);
});

test('after a tool: what the model is shown may be replaced; it is stored, and the result stays', async () => {
  const seen: ResultFacts[] = [];
  const { turn, model, session, records, restart } = await turnWith({
    afterTool: (facts) => {
      seen.push(facts);
      return { shown: 'three lines, without the secret' };
    },
  });
  await turn.outcome();
  expect(seen).toMatchObject([{ call: 'a', tool: 'look', input: { n: 1 }, result: 'look {"n":1}' }]);
  expect((await records()).find(({ type }) => type === 'result')).toMatchObject({
    result: 'look {"n":1}',
    shown: 'three lines, without the secret',
  });
  const shown = () => JSON.stringify(model.requests.at(-1)?.prompt);
  expect(shown()).toContain('three lines');
  expect(shown()).not.toContain('look {');
  expect((await session.getMessages())[1]?.toolResults?.[0]?.result).toBe('look {"n":1}');
  // The stored text is what a later process sends, without the hook.
  await (await restart({ hooks: {} }).sessions.resume(session.id)).message('and now?');
  expect(shown()).toContain('three lines');
});

test('after a tool that failed, too; an endless text is cut', async () => {
  const bad = tool('look', { run: () => Promise.reject(new Error('secret path')) });
  const hooks: Hooks = { afterTool: ({ error }) => ({ shown: `${error === undefined}${'x'.repeat(300_000)}` }) };
  const { turn, model } = await turnWith(hooks, { tools: [bad] });
  await turn.outcome();
  const shown = JSON.stringify(model.requests[1]?.prompt.at(-1));
  expect(shown).toContain('error-text');
  expect(shown).toContain('falsexxx');
  expect(shown).not.toContain('secret path');
  expect(shown.length).toBeLessThan(201_000);
});

test('on record: every record in the order of the log, as a copy, once it is stored', async () => {
  const seen: RecordFacts[] = [];
  const stored: number[] = [];
  const theatre = stage({
    hooks: {
      onRecord(facts) {
        seen.push(structuredClone(facts));
        stored.push(theatre.storage.counts.append);
        (facts.record as { content?: string }).content = 'changed';
      },
    },
  });
  const session = await theatre.sessions.create(start);
  await session.message('go');
  const log = await recordsOf(theatre.storage, session.id);
  expect(seen.map(({ record }) => record)).toEqual(log);
  expect(seen.map(({ seq }) => seq)).toEqual(log.map((_, at) => at + 1));
  expect(seen.every(({ session: id }) => id === session.id)).toBe(true);
  expect((await session.getMessages()).map(({ content }) => content)).toEqual(['go', 'ok']);
});

test('a record that could not be stored is none; one that is saved by hand is one when it is saved', async () => {
  const seen: string[] = [];
  const theatre = stage({ hooks: { onRecord: ({ record }) => void seen.push(record.type) } });
  const session = await theatre.sessions.create({ ...start, autoSave: false });
  await session.message('go');
  expect(seen).toEqual([]);
  await session.save();
  expect(seen).toEqual(['session', 'message', 'step', 'turn-end']);
  theatre.storage.failAppend(1, 'STORAGE_FULL');
  const other = theatre.sessions.create(start);
  await expect(other).rejects.toMatchObject({ code: 'STORAGE_FULL' });
  expect(seen).toHaveLength(4);
});

const NAMES = ['beforeRequest', 'beforeTool', 'afterTool', 'onRecord'] as const;

test.each(
  NAMES.flatMap(
    (name) =>
      [
        [
          name,
          'throws',
          () => {
            throw new Error('hook bug');
          },
        ],
        [name, 'rejects', () => Promise.reject(new Error('hook bug'))],
        [
          name,
          'throws no error',
          () => {
            throw 'hook bug';
          },
        ],
      ] as [typeof name, string, () => never][],
  ),
)('%s that %s is reported and passed over', async (name, _how, hook) => {
  const { turn, look, reported, records } = await turnWith({ [name]: hook });
  expect(await turn.outcome()).toMatchObject({ status: 'done', message: { content: 'done' } });
  expect(look.runs).toHaveLength(1);
  await settled(5);
  expect(reported.length).toBeGreaterThan(0);
  for (const error of reported) {
    expect(error).toMatchObject({ code: 'INTERNAL', message: `The hook ${name} was passed over: hook bug` });
  }
  expectLawful(await records());
});

test.each(NAMES)('%s that never ends is passed over after ten seconds, and holds up no abort', async (name) => {
  let called = 0;
  const { turn, session, look, clock, reported, model } = await turnWith({
    [name]: () => {
      called += 1;
      return new Promise(() => undefined);
    },
  });
  expect(await clock.drive(turn.outcome(), 10_000)).toMatchObject({ status: 'done', message: { content: 'done' } });
  expect(look.runs).toHaveLength(1);
  expect(called).toBeGreaterThan(0);
  if (name === 'onRecord') return;
  expect(reported[0]).toMatchObject({ message: expect.stringContaining('longer than 10 s') as string });
  // Nobody waits for it once the turn is to end.
  const count = called;
  model.script.splice(0, Infinity, calls(call('b', 'look')), say('done'));
  const second = session.turn('again');
  await until(() => called > count);
  expect(await second.abort()).toMatchObject({ status: 'aborted' });
});

test.each([
  ['beforeRequest', { headers: { a: 1 } }],
  ['beforeRequest', { headers: 'x' }],
  ['beforeRequest', { providerOptions: { test: 'x' } }],
  ['beforeTool', { deny: true }],
  ['beforeTool', 'deny'],
  ['afterTool', { shown: 3 }],
])('%s that gives %j is reported and passed over', async (name, answer) => {
  const { turn, look, model, reported } = await turnWith({ [name]: () => answer });
  expect(await turn.outcome()).toMatchObject({ status: 'done' });
  expect(look.runs).toHaveLength(1);
  expect(
    model.requests.every(({ headers, providerOptions }) => headers === undefined && providerOptions === undefined),
  ).toBe(true);
  expect(JSON.stringify(model.requests[1]?.prompt.at(-1))).toContain('look {');
  expect(reported.length).toBeGreaterThan(0);
});

test('a report that throws is the last thing that could go wrong, and nothing does', async () => {
  const broken = () => {
    throw new Error('bug');
  };
  const { turn } = await turnWith(
    { beforeRequest: broken, beforeTool: broken, afterTool: broken, onRecord: broken },
    { report: broken },
  );
  expect(await turn.outcome()).toMatchObject({ status: 'done' });
});

test.each(['throws', 'rejects', 'never ends'])('a listener that %s breaks no turn either', async (how) => {
  const listener = (): unknown => {
    if (how === 'throws') throw new Error('listener bug');
    return how === 'rejects' ? Promise.reject(new Error('listener bug')) : new Promise(() => undefined);
  };
  const { turn, session, reported } = await turnWith({});
  for (const event of ['message', 'tool_call', 'tool_result', 'token_usage', 'save', 'approval', 'answer'] as const)
    session.on(event, listener);
  for (const event of ['text', 'tool_call', 'tool_result', 'start', 'end'] as const) turn.on(event, listener);
  expect(await turn.outcome()).toMatchObject({ status: 'done', message: { content: 'done' } });
  await settled(3);
  expect(reported.length > 0).toBe(how !== 'never ends');
});
