import { describe, expect, test } from 'vitest';
import type { SubTask, Tool } from '../src/contracts/tool.ts';
import type { Outcome, Turn } from '../src/contracts/turn.ts';
import type { RepriseError } from '../src/errors.ts';
import { until } from './support/clock.ts';
import { call, calls, scripted, text } from './support/model.ts';
import type { Answer } from './support/model.ts';
import { PRICED, saying, took } from './support/priced.ts';
import { infoOf, stage, tool } from './support/stage.ts';
import { recordsOf } from './support/storage.ts';

const start = { model: 'test/model' };

/** A tool that hands its task to a sub-session and gives what came of it. */
function agent(task: Partial<SubTask> = {}, change: Partial<Tool> = {}) {
  const turns: Turn[] = [];
  const outcomes: Outcome[] = [];
  const made = tool('agent', {
    input: { type: 'object', properties: { prompt: { type: 'string' } } },
    async run(input: { prompt?: string }, context) {
      const turn = context.spawn({ prompt: input.prompt ?? 'Do it.', ...task });
      turns.push(turn);
      const outcome = await turn.outcome();
      outcomes.push(outcome);
      if (outcome.error !== undefined) throw outcome.error;
      return outcome.message?.content;
    },
    ...change,
  });
  return { tool: made, turns, outcomes };
}

/** Answers by whom the request is for: the last user's text picks the script. */
function router(scripts: Record<string, Answer[]>) {
  const model = scripted();
  const answer: Answer = (options, n) => {
    const said = options.prompt.findLast(({ role }) => role === 'user');
    const key = Object.keys(scripts).find((name) => JSON.stringify(said?.content).includes(name)) ?? '';
    const next = scripts[key]?.shift() ?? saying('ok', {});
    return typeof next === 'function' ? next(options, n) : next;
  };
  model.script.push(...Array.from({ length: 100 }, () => answer));
  return model;
}

function theatre(scripts: Record<string, Answer[]>, tools: Tool[], more: Parameters<typeof stage>[0] = {}) {
  const model = router(scripts);
  const models = { resolve: async (name: string) => ({ requested: name, name, model, info: PRICED }) };
  return { ...stage({ tools, models, ...more }, PRICED), model };
}

const handing = (prompt: string, id = 'c1') => [
  call(id, 'agent', { prompt }),
  took({ input: 100, output: 10 }, 'tool-calls'),
];

test('a call begins a sub-session: a stored session with its own log, under its parent, as that is', async () => {
  const helper = agent();
  const look = tool('look');
  const { sessions, storage, model } = theatre(
    {
      root: [handing('sub task'), saying('All done.', { input: 200, output: 20 })],
      sub: [saying('Found it.', { input: 30, output: 3 })],
    },
    [helper.tool, look],
  );
  const session = await sessions.create({ ...start, systemPrompt: 'Be kind.', temperature: 0.3, cwd: '/home' });
  expect((await session.message('root')).content).toBe('All done.');
  expect(helper.outcomes[0]).toMatchObject({ status: 'done', message: { content: 'Found it.' } });
  const [, child] = (await storage.list({ order: 'created' })).items;
  expect(await sessions.info('s2')).toMatchObject({
    parent: { id: 's1', kind: 'spawn' },
    cwd: '/home',
    title: 'sub task',
  });
  expect(child).toBeDefined();
  expect((await recordsOf(storage, 's2')).map(({ type }) => type)).toEqual(['session', 'message', 'step', 'turn-end']);
  expect(model.requests[1]).toMatchObject({
    temperature: 0.3,
    prompt: [{ role: 'system', content: 'Be kind.' }, { role: 'user' }],
  });
  expect(model.requests[1]?.tools?.map(({ name }) => name)).toEqual(['agent', 'look']);
  const types = (await recordsOf(storage, 's1')).map(({ type }) => type);
  expect(types).toEqual(['session', 'message', 'step', 'spawn', 'spent', 'spent', 'result', 'step', 'turn-end']);
});

test('the turn above tells of it before anything of it happens, and so does the feed', async () => {
  const helper = agent();
  const { sessions } = theatre(
    {
      root: [handing('middle')],
      middle: [handing('lowest', 'c2')],
      lowest: [saying('Deep.', { input: 1, output: 1 })],
    },
    [helper.tool],
  );
  const session = await sessions.create(start);
  const turn = session.turn('root');
  const told: string[] = [];
  const watch = (above: Turn): void => {
    above.on('spawn', ({ call: by, turn: below, session: there }) => {
      told.push(`${by} begins ${there.id}`);
      below.on('start', (started) => told.push(`${started.session} starts`));
      below.on('end', ({ status }) => told.push(`${there.id} is ${status}`));
      there.on('message', ({ role }) => told.push(`${there.id} has a message of the ${role}`));
      watch(below);
    });
  };
  watch(turn);
  await turn.outcome();
  expect(told).toEqual([
    'c1 begins s2',
    's2 starts',
    's2 has a message of the user',
    's2 has a message of the assistant',
    'c2 begins s3',
    's3 starts',
    's3 has a message of the user',
    's3 has a message of the assistant',
    's3 is done',
    's2 has a message of the assistant',
    's2 is done',
  ]);
  const events = sessions.follow('s1')[Symbol.asyncIterator]();
  for (;;) {
    const { value } = await events.next();
    if (value?.type === 'spawn') {
      expect(value).toMatchObject({ turn: turn.id, call: 'c1', session: 's2' });
      break;
    }
    expect(value?.type).not.toBe('turn_end');
  }
  await events.return?.();
});

test('what it takes is in the ledgers: its own, its parent’s with sub-sessions, and that of the root, however deep', async () => {
  const helper = agent();
  const { sessions } = theatre(
    {
      root: [handing('middle')],
      middle: [handing('lowest')],
      lowest: [saying('Deep.', { input: 1000, output: 100 })],
    },
    [helper.tool],
  );
  const session = await sessions.create(start);
  await session.message('root');
  const usage = await session.usage();
  expect(usage.own.total).toMatchObject({ calls: 2, total: 125 });
  expect(usage.all.total).toMatchObject({ calls: 5, total: 125 + 125 + 1100 });
  expect(usage.all.total.cost).toBeCloseTo(1.35, 9);
  const lowest = await sessions.usage('s3');
  expect(lowest.own.total).toMatchObject({ calls: 1, total: 1100 });
  expect(lowest.root).toEqual({ id: 's1', ...usage.all });
  expect(lowest.parent).toMatchObject({ id: 's2', kind: 'spawn' });
  // Its tokens are its own in the spec's state.
  expect(session.state.tokenUsage.total).toBe(125);
});

test('a task can name tools, model, system prompt and limits; tools are allowed no more than above', async () => {
  const seen: boolean[] = [];
  const helper = agent({ tools: ['look'], model: 'test/other', system: 'Look only.', budget: { maxSteps: 1 } });
  const { sessions, model } = theatre(
    { root: [handing('sub')], sub: [calls(call('x', 'look')), saying('never', {})] },
    [helper.tool, tool('look')],
    { permissions: { decide: ({ tool: name, named }) => (name === 'look' && seen.push(named), { verdict: 'allow' }) } },
  );
  const session = await sessions.create(start);
  await session.message('root');
  expect(model.requests[1]).toMatchObject({ prompt: [{ role: 'system', content: 'Look only.' }, { role: 'user' }] });
  expect(model.requests[1]?.tools?.map(({ name }) => name)).toEqual(['look']);
  expect(helper.outcomes[0]?.error).toMatchObject({ code: 'BUDGET_EXCEEDED', details: { of: 'turn', session: 's2' } });
  expect((await sessions.usage('s2')).own.models).toHaveProperty('test/other');
  expect(seen).toEqual([false]);
});

describe('limits above a sub-session', () => {
  test.each([
    ['turn', { turn: { maxTokens: 1500 } }],
    ['session', { session: { maxTokens: 1500 } }],
  ] as const)('what it would take must fit the parent’s %s', async (of, budget) => {
    const helper = agent();
    const { sessions, model } = theatre(
      {
        root: [handing('sub')],
        sub: [[...text('a'), call('x', 'look'), took({ input: 900, output: 300 }, 'tool-calls')]],
      },
      [helper.tool, tool('look')],
    );
    const session = await sessions.create({ ...start, budget });
    const outcome = await session.turn('root').outcome();
    expect(helper.outcomes[0]?.error).toMatchObject({
      details: { limit: 'maxTokens', of, session: 's1', spent: 1310 },
    });
    expect(outcome.error).toMatchObject({ details: { limit: 'maxTokens', of, session: 's1', spent: 1310 } });
    expect(model.requests).toHaveLength(2);
  });

  test('two that run side by side share the room: what one may take is kept from the other', async () => {
    const gate = Promise.withResolvers<void>();
    const waiting: Answer = [{ act: 'wait', for: gate.promise }, ...saying('Done.', { input: 20, output: 5 })];
    const helper = agent({}, { access: () => ({ effect: 'read', locks: [] }) });
    const { sessions, model } = theatre(
      {
        root: [
          [
            call('a', 'agent', { prompt: 'sub one' }),
            call('b', 'agent', { prompt: 'sub two' }),
            took({}, 'tool-calls'),
          ],
        ],
        'sub one': [waiting],
        'sub two': [waiting],
      },
      [helper.tool],
    );
    const turn = (await sessions.create({ ...start, budget: { turn: { maxTokens: 1700 } } })).turn('root');
    await until(() => model.requests.length === 3);
    const [, one = 0, two = 0] = model.requests.map(({ maxOutputTokens }) => maxOutputTokens ?? Infinity);
    expect(one).toBe(1000);
    expect(two).toBeLessThan(700);
    gate.resolve();
    expect((await turn.outcome()).status).toBe('done');
  });

  test('time that is up above ends it, and both keep their text', async () => {
    const helper = agent();
    const { sessions, clock, model } = theatre({ root: [handing('sub')], sub: [[...text('Half'), { act: 'stall' }]] }, [
      helper.tool,
    ]);
    const turn = (await sessions.create({ ...start, budget: { turn: { maxDuration: 3000 } } })).turn('root');
    await until(() => model.requests.length === 2);
    await clock.advance(3000);
    expect(await turn.outcome()).toMatchObject({
      status: 'failed',
      error: { details: { limit: 'maxDuration', session: 's1' } },
    });
    expect(helper.outcomes[0]).toMatchObject({ status: 'failed', message: { content: 'Half' } });
  });

  test('a cost above can only be held with a price below', async () => {
    const helper = agent({ model: 'test/unpriced' });
    const model = router({ root: [handing('sub')] });
    const { sessions } = stage({
      tools: [helper.tool],
      models: {
        resolve: async (name) => ({ requested: name, name, model, info: name === 'test/model' ? PRICED : infoOf() }),
      },
    });
    await (await sessions.create({ ...start, budget: { turn: { maxCost: 50 } } })).message('root');
    expect(helper.outcomes[0]?.error).toMatchObject({ code: 'INVALID_INPUT', details: { model: 'test/unpriced' } });
  });
});

describe('it ends with its parent', () => {
  test('on abort, and leaves a whole log', async () => {
    const helper = agent();
    const { sessions, storage, model } = theatre(
      { root: [handing('sub')], sub: [[...text('Half'), { act: 'stall' }]] },
      [helper.tool],
    );
    const session = await sessions.create(start);
    const turn = session.turn('root');
    await until(() => model.requests.length === 2);
    expect(await turn.abort('Enough.')).toMatchObject({ status: 'aborted' });
    expect((await recordsOf(storage, 's2')).at(-1)).toMatchObject({
      type: 'turn-end',
      status: 'aborted',
      error: { message: 'Enough.' },
    });
    expect((await session.usage()).all.total).toMatchObject({ calls: 2, unreported: { calls: 1 } });
    expect((await sessions.info('s2')).status).toBe('idle');
  });

  test('when its call is over without it', async () => {
    let sub: Turn | undefined;
    const careless = tool('agent', {
      async run(_input, context) {
        sub = context.spawn({ prompt: 'sub' });
        return 'started';
      },
    });
    const { sessions, storage } = theatre({ root: [handing('sub')], sub: [[...text('Half'), { act: 'stall' }]] }, [
      careless,
    ]);
    const session = await sessions.create(start);
    await session.message('root');
    expect(await sub?.outcome()).toMatchObject({ status: 'aborted', error: { code: 'ABORTED' } });
    const records = await recordsOf(storage, 's1');
    expect(records.at(-1)?.type).toBe('turn-end');
    expect(records.findLast(({ type }) => type === 'spent')).toMatchObject({ session: 's2', end: true });
  });

  test('and nobody begins one once the turn is over', async () => {
    let late: (() => Turn) | undefined;
    const keeper = tool('agent', {
      run: async (_input, context) => ((late = () => context.spawn({ prompt: 'late' })), 'kept'),
    });
    const { sessions, storage } = theatre({ root: [handing('sub')] }, [keeper]);
    await (await sessions.create(start)).message('root');
    expect(() => late?.()).toThrow('The turn that began this sub-session has ended.');
    expect((await storage.list()).items).toHaveLength(1);
  });

  test.each([
    ['interrupt', 'before the sub-session’s first record', 4],
    ['interrupt', 'while it runs', 7],
    ['continue', 'while it runs', 7],
  ] as const)('after a crash (%s) %s: it is settled, and what it took is in the ledger', async (recover, _when, n) => {
    const helper = agent();
    const scripts = {
      root: [handing('sub'), saying('Went on.', {})],
      sub: [[...text('a'), call('x', 'look'), took({ input: 500, output: 50 }, 'tool-calls')], saying('late', {})],
    };
    const { sessions, storage, restart } = theatre(scripts, [helper.tool, tool('look')]);
    // session, message, step, spawn, (sub:) session, message, step, …
    const session = await sessions.create(start);
    storage.crashAppend(n - 1, 'after');
    await session.turn('root').outcome();
    storage.crash();
    const again = await restart().sessions.resume('s1', { recover });
    await again.recovering?.outcome();
    if (recover === 'interrupt')
      await again.editMessage((await again.getMessages())[0]?.id ?? '', { content: 'other' });
    const usage = await again.usage();
    const ran = n > 5;
    expect(usage.all.total.total - usage.own.total.total).toBe(ran ? 550 : 0);
    const records = await recordsOf(storage.inner, 's1');
    expect(records.filter((record) => record.type === 'spent' && record.end)).toHaveLength(1);
    expect(records.at(-1)?.type).toBe(recover === 'interrupt' ? 'edit' : 'turn-end');
    if (!ran) return;
    expect((await recordsOf(storage.inner, 's2')).at(-1)).toMatchObject({ type: 'turn-end', status: 'interrupted' });
    expect(await again.usage()).toEqual(usage);
  });
});

test('what it asks people is asked above, with the way that it came, and answered there', async () => {
  const asked: (readonly string[] | undefined)[] = [];
  const helper = agent();
  const look = tool('look');
  const { sessions } = theatre(
    { root: [handing('middle')], middle: [handing('lowest')], lowest: [calls(call('x', 'look')), saying('Seen.', {})] },
    [helper.tool, look],
    {
      permissions: { decide: ({ tool: name }) => (name === 'look' ? { verdict: 'ask' } : { verdict: 'allow' }) },
      ask: async ({ path }) => {
        asked.push(path);
        return { allow: true };
      },
    },
  );
  const session = await sessions.create(start);
  const approvals: unknown[] = [];
  session.on('approval', ({ path, call: id }) => approvals.push([path, id]));
  await session.message('root');
  expect(asked).toEqual([['s2', 's3']]);
  expect(approvals).toEqual([[['s2', 's3'], 'c1']]);
  expect(look.runs).toHaveLength(1);
});

describe('there are not too many', () => {
  const errors: RepriseError[] = [];
  const nested = tool('agent', {
    access: () => ({ effect: 'read', locks: [] }),
    async run(input: { prompt?: string }, context) {
      try {
        return (await context.spawn({ prompt: input.prompt ?? '' }).outcome()).status;
      } catch (error) {
        errors.push(error as RepriseError);
        throw error;
      }
    },
  });

  test.each([
    ['depth', { depth: 1 }, { root: [handing('middle')], middle: [handing('lowest')] }],
    ['perTurn', { perTurn: 1 }, { root: [handing('one'), handing('two', 'c2')] }],
    [
      'atOnce',
      { atOnce: 1 },
      { root: [[...handing('one').slice(0, 1), call('c2', 'agent', { prompt: 'two' }), took({}, 'tool-calls')]] },
    ],
  ] as const)('%s', async (limit, spawn, scripts) => {
    errors.length = 0;
    const copied = Object.fromEntries(Object.entries(scripts).map(([name, list]) => [name, [...list]])) as Record<
      string,
      Answer[]
    >;
    const { sessions, storage } = theatre(copied, [nested], { spawn });
    const outcome = await (await sessions.create(start)).turn('root').outcome();
    expect(outcome.status).toBe('done');
    expect(errors).toEqual([expect.objectContaining({ code: 'BUDGET_EXCEEDED', details: { limit, max: 1 } })]);
    expect((await storage.list()).items).toHaveLength(2);
  });

  test.each([
    [{ prompt: ' ' }],
    [{ prompt: 'x', tools: ['nope'] }],
    [{ prompt: 'x', budget: { maxSteps: 0 } }],
    [{ prompt: 'x', system: 5 }],
  ])('a task that is none begins nothing: %j', async (task) => {
    let thrown: unknown;
    const wrong = tool('agent', {
      async run(_input, context) {
        try {
          context.spawn(task as SubTask);
        } catch (error) {
          thrown = error;
        }
      },
    });
    const { sessions, storage } = theatre({ root: [handing('sub')] }, [wrong]);
    await (await sessions.create(start)).message('root');
    expect(thrown).toMatchObject({ code: 'INVALID_INPUT' });
    expect((await storage.list()).items).toHaveLength(1);
  });
});

test('once it has ended it is a session like any other: it goes on by its id, and for itself', async () => {
  const helper = agent();
  const { sessions } = theatre(
    { root: [handing('sub')], sub: [saying('One.', {})], more: [saying('Two.', { input: 70, output: 7 })] },
    [helper.tool],
  );
  const session = await sessions.create(start);
  await session.message('root');
  const before = await session.usage();
  expect((await (await sessions.resume('s2')).message('more')).content).toBe('Two.');
  expect(await session.usage()).toEqual(before);
  expect((await sessions.usage('s2')).own.total.total).toBe(92);
});

test('lists leave it out unless it or its parent is asked for; it is deleted with its parent, and alone', async () => {
  const helper = agent();
  const { sessions, storage } = theatre({ root: [handing('middle')], middle: [handing('lowest')] }, [helper.tool]);
  const session = await sessions.create(start);
  await session.message('root');
  const ids = async (where = {}) => (await sessions.list({ where })).map(({ id }) => id);
  expect(await ids()).toEqual(['s1']);
  expect(await ids({ parent: 's1' })).toEqual(['s2']);
  expect((await ids({ spawned: true })).sort()).toEqual(['s2', 's3']);
  await sessions.delete('s3');
  expect(await ids({ spawned: true })).toEqual(['s2']);
  const fork = await session.fork();
  await sessions.delete('s1');
  expect((await storage.list()).items.map(({ id }) => id)).toEqual([fork.id]);
  await expect(sessions.usage('s2')).rejects.toMatchObject({ code: 'SESSION_NOT_FOUND' });
});

test('an import of it is a session like any other', async () => {
  const helper = agent();
  const { sessions } = theatre({ root: [handing('sub')] }, [helper.tool]);
  await (await sessions.create(start)).message('root');
  const copy = await sessions.import(await (await sessions.load('s2')).export(), { newId: true });
  expect(copy.head.parent).toEqual({ id: 's1', seq: expect.any(Number) as number });
  expect((await sessions.list()).map(({ id }) => id)).toContain(copy.id);
});
