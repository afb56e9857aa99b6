import { expect, test } from 'vitest';
import { z } from 'zod';
import type { Access, PermissionRequest } from '../src/contracts/tool.ts';
import type { StepRecord } from '../src/records/types.ts';
import { until } from './support/clock.ts';
import { call, calls, finish, say } from './support/model.ts';
import { problemsOf } from './support/prompt-rules.ts';
import { chunksOf, stage, tool } from './support/stage.ts';
import { recordsOf } from './support/storage.ts';

const start = { model: 'test/model' };

/** One turn whose first response makes these calls; what came of it. */
async function turnWith(
  made: ReturnType<typeof call>[],
  config: Parameters<typeof stage>[0],
  reason: 'tool-calls' | 'stop' | 'length' | 'content-filter' = 'tool-calls',
) {
  const theatre = stage(config);
  theatre.model.script.push([...made, finish(reason)], say('done'));
  const session = await theatre.sessions.create(start);
  const turn = session.turn('go');
  const outcome = await turn.outcome();
  const messages = await session.getMessages();
  const records = await recordsOf(theatre.storage, session.id);
  for (const request of theatre.model.requests) expect(problemsOf(request, { own: 'test' })).toEqual([]);
  return { ...theatre, session, outcome, caller: messages[1], messages, records, chunks: await chunksOf(turn) };
}

test('parallel calls run side by side; results are stored as they end and shown in call order', async () => {
  const gates = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const look = tool('look', {
    run: async ({ n }: { n: number }) => {
      await gates[n]?.promise;
      return `seen ${n}`;
    },
  });
  const { model, sessions, storage } = stage({ tools: [look] });
  model.script.push(calls(call('a', 'look', { n: 0 }), call('b', 'look', { n: 1 })), say('done'));
  const session = await sessions.create(start);
  const turn = session.turn('go');
  await until(() => look.runs.length === 2);
  gates[1]?.resolve();
  await until(() => session.head.seq === 4);
  expect(await recordsOf(storage, session.id)).toMatchObject([{}, {}, { type: 'step' }, { type: 'result', call: 'b' }]);
  gates[0]?.resolve();
  await turn.outcome();
  expect((await session.getMessages())[1]?.toolResults).toEqual([
    { id: 'a', result: 'seen 0' },
    { id: 'b', result: 'seen 1' },
  ]);
  expect(model.requests[1]?.prompt.at(-1)?.content).toMatchObject([{ toolCallId: 'a' }, { toolCallId: 'b' }]);
  const chunks = await chunksOf(turn);
  expect(chunks.map((chunk) => ('id' in chunk ? `${chunk.type} ${chunk.id}` : chunk.type))).toEqual([
    'tool_call a',
    'tool_call b',
    'tool_result b',
    'tool_result a',
    'text',
  ]);
});

test.each<[string, Partial<Record<'access', () => Access>>, boolean]>([
  ['without locks they overlap', { access: () => ({ effect: 'read' }) }, true],
  ['with one lock they take turns', { access: () => ({ effect: 'write', locks: ['file:/a'] }) }, false],
  ['with `*` they take turns', { access: () => ({ effect: 'none', locks: ['*'] }) }, false],
  ['with an unknown effect they take turns', { access: () => ({ effect: 'unknown' }) }, false],
  ['without `access` they take turns', { access: undefined as never }, false],
])('two calls of one tool: %s', async (_name, change, overlaps) => {
  let running = 0;
  let most = 0;
  const order: number[] = [];
  const work = tool('work', {
    ...change,
    run: async ({ n }: { n: number }) => {
      running += 1;
      most = Math.max(most, running);
      order.push(n);
      await new Promise((resolve) => setImmediate(resolve));
      running -= 1;
      return n;
    },
  });
  if (change.access === undefined) delete (work as { access?: unknown }).access;
  await turnWith([call('a', 'work', { n: 1 }), call('b', 'work', { n: 2 })], { tools: [work] });
  expect(most).toBe(overlaps ? 2 : 1);
  expect(order).toEqual([1, 2]);
});

test('arguments that are no JSON object never run and are told to the model', async () => {
  const look = tool('look');
  const { caller } = await turnWith(
    [call('a', 'look', '{"n": 1'), call('b', 'look', '[1]'), call('c', 'look', '"x"'), call('d', 'look', 'null')],
    { tools: [look] },
  );
  expect(look.runs).toEqual([]);
  expect(caller?.toolResults?.map(({ error }) => error)).toEqual([
    expect.stringContaining('not valid JSON'),
    expect.stringContaining('must be a JSON object'),
    expect.stringContaining('must be a JSON object'),
    expect.stringContaining('must be a JSON object'),
  ]);
  expect(caller?.toolCalls?.[0]).toEqual({ id: 'a', tool: 'look', params: {} });
});

test('arguments with a slip that leaves no doubt run as they were meant, and go back mended', async () => {
  const theatre = stage({ tools: [tool('look')] });
  theatre.model.script.push(calls(call('a', 'look', '```json\n{n: 7,}\n```')), say('done'));
  const session = await theatre.sessions.create({ model: 'test/model' });
  await session.message('go');
  const [, asked] = await session.getMessages();
  expect(asked).toMatchObject({ toolCalls: [{ params: { n: 7 } }], toolResults: [{ result: 'look {"n":7}' }] });
  expect(JSON.stringify(theatre.model.requests[1]?.prompt)).toContain('"input":{"n":7}');
});

test('a call that was cut is not mended, whatever its finish says', async () => {
  for (const reason of ['stop', 'tool-calls', 'length'] as const) {
    const look = tool('look');
    const theatre = stage({ tools: [look] });
    theatre.model.script.push([call('a', 'look', '{"n":7'), finish(reason)], say('done'));
    await (await theatre.sessions.create({ model: 'test/model' })).turn('go').outcome();
    expect(look.runs).toEqual([]);
  }
});

test('absent arguments are none', async () => {
  const look = tool('look');
  await turnWith([call('a', 'look', '')], { tools: [look] });
  expect(look.runs).toEqual([{}]);
});

test('an unknown tool is told to the model with the tools that there are', async () => {
  const { caller, outcome } = await turnWith([call('a', 'paint')], { tools: [tool('look'), tool('hear')] });
  expect(caller?.toolResults?.[0]?.error).toBe('There is no tool paint. The tools are: look, hear.');
  expect(outcome.status).toBe('done');
});

test('a name that differs only in case is the tool', async () => {
  const look = tool('look');
  await turnWith([call('a', 'Look', { n: 3 })], { tools: [look, tool('hear')] });
  expect(look.runs).toEqual([{ n: 3 }]);
});

test('a tool that the session was not given does not run', async () => {
  const [look, hear] = [tool('look'), tool('hear')];
  const { model, sessions } = stage({ tools: [look, hear] });
  model.script.push(calls(call('a', 'hear')), say('done'));
  const session = await sessions.create({ ...start, tools: ['look'] });
  await session.message('go');
  expect(model.requests[0]?.tools?.map(({ name }) => name)).toEqual(['look']);
  expect(hear.runs).toEqual([]);
});

test('wrong types never run, by JSON schema and by zod; a zod schema’s defaults reach the tool', async () => {
  const plain = tool('plain');
  const typed = tool('typed', { input: z.object({ n: z.number(), unit: z.string().default('m') }) });
  const { caller } = await turnWith(
    [call('a', 'plain', { n: 'x' }), call('b', 'typed', { n: '7' }), call('c', 'typed', { n: 7 })],
    { tools: [plain, typed] },
  );
  expect(plain.runs).toEqual([]);
  expect(typed.runs).toEqual([{ n: 7, unit: 'm' }]);
  expect(caller?.toolResults?.[0]?.error).toMatch(/arguments of plain are wrong[\s\S]*expected number/);
  expect(caller?.toolResults?.[1]?.error).toMatch(/arguments of typed are wrong/);
});

test('a schema that cannot be read refuses the call and not the turn', async () => {
  const odd = tool('odd', { input: { type: 'object', properties: { n: { $ref: 'https://example.org/n' } } } });
  const broken = tool('broken', {
    input: z.object({}).refine(() => {
      throw new Error('refine broke');
    }),
  });
  const { caller, outcome } = await turnWith([call('a', 'odd', { n: 1 }), call('b', 'broken')], {
    tools: [odd, broken],
  });
  expect(outcome.status).toBe('done');
  expect(caller?.toolResults?.map(({ error }) => error)).toEqual([
    expect.stringContaining('odd'),
    expect.stringContaining('refine broke'),
  ]);
});

test('a call that is repeated in one response runs once', async () => {
  const look = tool('look');
  const { caller } = await turnWith([call('a', 'look', { n: 1 }), call('a', 'look', { n: 1 })], { tools: [look] });
  expect(look.runs).toEqual([{ n: 1 }]);
  expect(caller?.toolCalls).toHaveLength(1);
});

test('two different calls under one id: the first runs, the second is refused and told', async () => {
  const look = tool('look');
  const { caller } = await turnWith([call('a', 'look', { n: 1 }), call('a', 'look', { n: 2 })], { tools: [look] });
  expect(look.runs).toEqual([{ n: 1 }]);
  expect(caller?.toolCalls?.map(({ id }) => id)).toEqual(['a', expect.stringMatching(/^call_/)]);
  expect(caller?.toolResults?.[1]?.error).toMatch(/same id/);
});

test.each(['with space', 'x'.repeat(60), '__proto__', 'constructor'])(
  'the call id %j runs, and goes on the wire in a form that every provider takes',
  async (id) => {
    const look = tool('look');
    const { caller } = await turnWith([call(id, 'look', { n: 1 }), call('b', 'look', { n: 2 })], { tools: [look] });
    expect(look.runs).toHaveLength(2);
    expect(caller?.toolResults?.map(({ error }) => error)).toEqual([undefined, undefined]);
  },
);

test('a call without an id never runs, and the model is told', async () => {
  const look = tool('look');
  const { caller } = await turnWith([call('', 'look', { n: 1 }), call('b', 'look', { n: 2 })], { tools: [look] });
  expect(look.runs).toEqual([{ n: 2 }]);
  expect(caller?.toolResults?.[0]?.error).toMatch(/without an id/);
});

test('a refused call under the id `__proto__` stays refused', async () => {
  const look = tool('look');
  const { caller } = await turnWith([call('__proto__', 'look', '{"n')], { tools: [look] });
  expect(look.runs).toEqual([]);
  expect(caller?.toolResults?.[0]?.error).toMatch(/not valid JSON/);
});

test('an id that the window has seen before gets another one', async () => {
  const look = tool('look');
  const { model, sessions } = stage({ tools: [look] });
  model.script.push(calls(call('same', 'look', { n: 1 })), calls(call('same', 'look', { n: 2 })), say('done'));
  const session = await sessions.create(start);
  await session.message('go');
  expect(look.runs).toEqual([{ n: 1 }, { n: 2 }]);
  const ids = (await session.getMessages()).flatMap((message) => (message.toolCalls ?? []).map(({ id }) => id));
  expect(new Set(ids).size).toBe(2);
  expect(problemsOf(model.requests[2] ?? { prompt: [] }, { own: 'test' })).toEqual([]);
});

test.each(['length', 'content-filter'] as const)(
  'calls of a response that ended with `%s` do not run',
  async (reason) => {
    const look = tool('look');
    const { caller, records } = await turnWith([call('a', 'look', { n: 1 })], { tools: [look] }, reason);
    expect(look.runs).toEqual([]);
    expect(caller?.toolResults?.[0]?.error).toMatch(/^Not run/);
    expect((records[2] as StepRecord).refused).toHaveProperty('a');
  },
);

test('a call reported with `stop` runs', async () => {
  const look = tool('look');
  const { outcome } = await turnWith([call('a', 'look')], { tools: [look] }, 'stop');
  expect(look.runs).toHaveLength(1);
  expect(outcome).toMatchObject({ status: 'done', steps: 2 });
});

test.each<[string, () => unknown, unknown, string | undefined]>([
  [
    'throws',
    () => {
      throw new Error('no such file');
    },
    null,
    'no such file',
  ],
  [
    'throws something that is no error',
    () => {
      throw 'just text';
    },
    null,
    'just text',
  ],
  [
    'throws without a text',
    () => {
      throw new Error('');
    },
    null,
    'The tool failed without a message.',
  ],
  ['returns nothing', () => undefined, null, undefined],
  ['returns a function', () => () => 1, null, undefined],
  ['returns a BigInt', () => ({ big: 10n }), { big: '10' }, undefined],
  [
    'returns dates and holes',
    () => ({ at: new Date(0), hole: undefined, list: [undefined] }),
    { at: '1970-01-01T00:00:00.000Z', list: [null] },
    undefined,
  ],
  [
    'returns an own `__proto__` key',
    () => JSON.parse('{"__proto__":{"x":1}}') as unknown,
    JSON.parse('{"__proto__":{"x":1}}'),
    undefined,
  ],
])('a tool that %s', async (_name, run, result, error) => {
  const { caller, outcome } = await turnWith([call('a', 'odd')], { tools: [tool('odd', { run: async () => run() })] });
  expect(outcome.status).toBe('done');
  expect(caller?.toolResults?.[0]?.result).toEqual(result);
  expect(caller?.toolResults?.[0]?.error).toBe(error);
  expect(({} as { x?: number }).x).toBeUndefined();
});

test('a tool that returns a cycle fails with a text, not the turn', async () => {
  const cycle: Record<string, unknown> = {};
  cycle['self'] = cycle;
  const { caller, outcome } = await turnWith([call('a', 'odd')], { tools: [tool('odd', { run: async () => cycle })] });
  expect(outcome.status).toBe('done');
  expect(caller?.toolResults?.[0]?.error).toMatch(/circular/);
});

test('a huge output is stored whole and shown cut', async () => {
  const { caller, model } = await turnWith([call('a', 'odd')], {
    tools: [tool('odd', { run: async () => 'x'.repeat(300_000) })],
  });
  expect(caller?.toolResults?.[0]?.result).toHaveLength(300_000);
  const shown = JSON.stringify(model.requests[1]?.prompt.at(-1));
  expect(shown.length).toBeLessThan(201_000);
  expect(shown).toContain('100000 more characters were left out');
});

test('`toModel` decides what the model sees; an empty output is told as such', async () => {
  const { model } = await turnWith([call('a', 'odd'), call('b', 'mute')], {
    tools: [
      tool('odd', { run: async () => ({ secret: 1 }), toModel: () => [{ type: 'text', text: 'public' }] }),
      tool('mute', { run: async () => '' }),
    ],
  });
  expect(model.requests[1]?.prompt.at(-1)?.content).toMatchObject([
    { output: { type: 'text', value: 'public' } },
    { output: { value: '(no output)' } },
  ]);
});

test('a tool that ignores the abort is left behind two seconds later, and what it says then changes nothing', async () => {
  const release = Promise.withResolvers<void>();
  let progress: (() => void) | undefined;
  const deaf = tool('deaf', {
    run: async (_input, context) => {
      progress = () => context.progress({ text: 'still here' });
      await release.promise;
      return 'late';
    },
  });
  const { model, sessions, clock, storage } = stage({ tools: [deaf] });
  model.script.push(calls(call('a', 'deaf')));
  const session = await sessions.create(start);
  const turn = session.turn('go');
  await until(() => deaf.runs.length === 1);
  let ended = false;
  const aborted = turn.abort().then(() => (ended = true));
  await clock.advance(1900);
  expect(ended).toBe(false);
  await clock.advance(200);
  await aborted;
  const before = await recordsOf(storage, session.id);
  expect(before.slice(-2)).toMatchObject([
    { type: 'result', call: 'a', error: expect.stringContaining('unknown') as string },
    { type: 'turn-end', status: 'aborted' },
  ]);
  progress?.();
  release.resolve();
  await clock.advance(10);
  expect(await recordsOf(storage, session.id)).toEqual(before);
  expect((await chunksOf(turn)).some(({ type }) => type === 'tool_progress')).toBe(false);
  expect((await session.message('next')).content).toBe('ok');
});

test('a call has 15 minutes; then it is told to stop', async () => {
  const slow = tool('slow', {
    run: (_input, { signal }) =>
      new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error))),
  });
  const { model, sessions, clock } = stage({ tools: [slow] });
  model.script.push(calls(call('a', 'slow')), say('done'));
  const session = await sessions.create(start);
  const message = session.message('go');
  await until(() => slow.runs.length === 1);
  await clock.advance(15 * 60_000);
  await message;
  expect((await session.getMessages())[1]?.toolResults?.[0]?.error).toBe('The call took longer than 900 s.');
});

test('the program may say another limit, and a tool its own', async () => {
  const run = (_input: unknown, { signal }: { signal: AbortSignal }) =>
    new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)));
  const tools = [tool('slow', { run }), tool('slower', { run, callMs: 90_000 })];
  const { model, sessions, clock } = stage({ tools, callMs: 30_000 });
  model.script.push(calls(call('a', 'slow'), call('b', 'slower')), say('done'));
  const session = await sessions.create(start);
  const message = session.message('go');
  await until(() => tools.every(({ runs }) => runs.length === 1));
  await clock.advance(30_000);
  await clock.advance(59_999);
  expect((await session.getMessages())[1]?.toolResults?.map(({ error }) => error)).toEqual([
    'The call took longer than 30 s.',
  ]);
  await clock.advance(1);
  await message;
  expect((await session.getMessages())[1]?.toolResults?.[1]?.error).toBe('The call took longer than 90 s.');
});

test('progress is live only', async () => {
  const { chunks, records } = await turnWith([call('a', 'busy')], {
    tools: [tool('busy', { run: async (_input, { progress }) => progress({ text: 'half', data: { done: 0.5 } }) })],
  });
  expect(chunks.find(({ type }) => type === 'tool_progress')).toMatchObject({
    id: 'a',
    text: 'half',
    data: { done: 0.5 },
  });
  expect(JSON.stringify(records)).not.toContain('half');
});

test('a reader that keeps up gets every report of progress, a late one the newest hundred', async () => {
  const busy = tool('busy', {
    run: async (_input, { progress }) => {
      for (let n = 0; n < 1000; n += 1) {
        progress({ data: n });
        if (n % 50 === 0) await new Promise((resolve) => setImmediate(resolve));
      }
    },
  });
  const { model, sessions } = stage({ tools: [busy] });
  model.script.push(calls(call('a', 'busy')), say('done'));
  const turn = (await sessions.create(start)).turn('go');
  const early = await chunksOf(turn);
  const late = await chunksOf(turn);
  const reports = (chunks: typeof early) =>
    chunks.flatMap((chunk) => (chunk.type === 'tool_progress' ? [chunk.data] : []));
  expect(reports(early)).toEqual(Array.from({ length: 1000 }, (_, n) => n));
  expect(reports(late)).toEqual(Array.from({ length: 100 }, (_, n) => 900 + n));
  expect(late.map(({ type }) => type).filter((type) => type !== 'tool_progress')).toEqual([
    'tool_call',
    'tool_result',
    'text',
  ]);
});

test('three equal failures in a row end the turn with TOOL_ERROR; each call has its result, and the next message works', async () => {
  const bad = tool('bad', {
    run: async () => {
      throw new Error('disk on fire');
    },
  });
  const { model, sessions } = stage({ tools: [bad] });
  model.script.push(...['a', 'b', 'c', 'd'].map((id) => calls(call(id, 'bad', { n: 1 }))));
  const session = await sessions.create(start);
  await expect(session.message('go')).rejects.toMatchObject({
    code: 'TOOL_ERROR',
    message: expect.stringContaining('disk on fire') as string,
  });
  expect(bad.runs).toHaveLength(3);
  model.script.length = 0;
  expect((await session.message('next')).content).toBe('ok');
});

test('failures that differ, or that something else comes between, are no loop', async () => {
  let runs = 0;
  const bad = tool('bad', {
    run: async () => {
      throw new Error(`failure ${(runs += 1)}`);
    },
  });
  const { model, sessions } = stage({ tools: [bad, tool('look')] });
  model.script.push(
    ...['a', 'b', 'c', 'd'].map((id) => calls(call(id, 'bad', { n: 1 }))),
    calls(call('e', 'look')),
    calls(call('f', 'look', { n: 2 })),
    calls(call('g', 'look')),
    calls(call('h', 'look', { n: 2 })),
    calls(call('i', 'look')),
    say('done'),
  );
  expect((await (await sessions.create(start)).message('go')).content).toBe('done');
});

test('three equal results in a row are a loop too', async () => {
  const { model, sessions } = stage({ tools: [tool('look')] });
  model.script.push(...['a', 'b', 'c', 'd'].map((id) => calls(call(id, 'look', { n: 1 }))));
  await expect((await sessions.create(start)).message('go')).rejects.toMatchObject({ code: 'TOOL_ERROR' });
});

test('three denials in a row end the turn with PERMISSION_DENIED', async () => {
  const look = tool('look');
  const { model, sessions } = stage({
    tools: [look],
    permissions: { decide: () => ({ verdict: 'deny', reason: 'not today' }) },
  });
  model.script.push(...['a', 'b', 'c', 'd'].map((id) => calls(call(id, 'look'))));
  const session = await sessions.create(start);
  await expect(session.message('go')).rejects.toMatchObject({ code: 'PERMISSION_DENIED' });
  expect(look.runs).toEqual([]);
});

test('the policy is asked with the checked input, what it accesses, and whether the program named the tool', async () => {
  const asked: PermissionRequest[] = [];
  const permissions = {
    decide: (request: PermissionRequest) => {
      asked.push(request);
      return { verdict: 'allow' } as const;
    },
  };
  const { model, sessions } = stage({
    tools: [tool('look', { access: ({ n }: { n: number }) => ({ effect: 'read', paths: [`/x/${n}`] }) })],
    permissions,
    cwd: '/w',
  });
  const make = () => [calls(call('a', 'look', { n: 1 })), say('done')];
  model.script.push(...make(), ...make());
  await (await sessions.create(start)).message('go');
  await (await sessions.create({ ...start, tools: ['look'] })).message('go');
  expect(asked).toMatchObject([
    {
      tool: 'look',
      call: 'a',
      named: false,
      input: { n: 1 },
      access: { effect: 'read', paths: ['/x/1'] },
      cwd: '/w',
      roots: ['/w'],
    },
    { named: true },
  ]);
});

test.each<[string, Parameters<typeof stage>[0], string | undefined]>([
  ['`ask` without an asker', {}, 'nobody is there to ask'],
  ['`ask`, allowed', { ask: async () => ({ allow: true }) }, undefined],
  [
    '`ask`, denied with a word',
    { ask: async () => ({ allow: false, message: 'use grep' }) },
    'Permission denied: use grep',
  ],
  ['`ask`, denied', { ask: async () => ({ allow: false }) }, 'Permission denied by the user.'],
  ['`ask`, the asker rejects', { ask: () => Promise.reject(new Error('closed')) }, 'nobody answered'],
  [
    'a policy that throws',
    {
      permissions: {
        decide: () => {
          throw new Error('bug');
        },
      },
    },
    'the policy failed',
  ],
])('permission: %s', async (_name, config, denial) => {
  const look = tool('look');
  const { caller, outcome } = await turnWith([call('a', 'look')], {
    tools: [look],
    permissions: { decide: () => ({ verdict: 'ask', reason: 'why not' }) },
    ...config,
  });
  expect(outcome.status).toBe('done');
  expect(look.runs).toHaveLength(denial === undefined ? 1 : 0);
  const error = caller?.toolResults?.[0]?.error;
  if (denial === undefined) expect(error).toBeUndefined();
  else expect(error).toContain(denial);
});

test('an `access` that throws is a denial', async () => {
  const look = tool('look', {
    access: () => {
      throw new Error('bad path');
    },
  });
  const { caller } = await turnWith([call('a', 'look')], { tools: [look] });
  expect(look.runs).toEqual([]);
  expect(caller?.toolResults?.[0]?.error).toMatch(/denied.*bad path/);
});

test('asking shows an `approval` chunk with what is accessed, and gives the asker the reason', async () => {
  const questions: unknown[] = [];
  const { chunks } = await turnWith([call('a', 'look')], {
    tools: [tool('look')],
    permissions: { decide: () => ({ verdict: 'ask', reason: 'it looks' }) },
    ask: async (request) => {
      questions.push(request);
      return { allow: true };
    },
  });
  expect(chunks.find(({ type }) => type === 'approval')).toMatchObject({ call: 'a', access: { effect: 'read' } });
  expect(questions).toMatchObject([{ tool: 'look', reason: 'it looks' }]);
});

test('an abort ends the wait for a person who does not answer, and asks no further question', async () => {
  let questions = 0;
  const { model, sessions } = stage({
    tools: [tool('look')],
    permissions: { decide: () => ({ verdict: 'ask' }) },
    ask: () => {
      questions += 1;
      return new Promise(() => undefined);
    },
  });
  model.script.push(calls(call('a', 'look', { n: 1 }), call('b', 'look', { n: 2 })));
  const session = await sessions.create(start);
  const turn = session.turn('go');
  await until(() => questions === 1);
  expect(await turn.abort('enough')).toMatchObject({
    status: 'aborted',
    error: { code: 'ABORTED', message: 'enough' },
  });
  expect(questions).toBe(1);
  expect((await session.getMessages())[1]?.toolResults).toHaveLength(2);
  expect((await session.message('next')).content).toBe('ok');
});

test('a tool that a running tool registers is offered at the next model call', async () => {
  const { model, sessions } = stage({
    tools: [
      tool('grow', {
        run: async () => void session.registerTool({ name: 'fruit', description: 'd', handler: () => 'apple' }),
      }),
    ],
  });
  model.script.push(calls(call('a', 'grow')), calls(call('b', 'fruit')), say('done'));
  const session = await sessions.create(start);
  expect((await session.message('go')).content).toBe('done');
  expect(model.requests.map((request) => request.tools?.map(({ name }) => name))).toEqual([
    ['grow'],
    ['grow', 'fruit'],
    ['grow', 'fruit'],
  ]);
  expect((await session.getMessages())[2]?.toolResults?.[0]?.result).toBe('apple');
});
