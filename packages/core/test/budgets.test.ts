import { describe, expect, test } from 'vitest';
import type { Limits } from '../src/contracts/usage.ts';
import type { RepriseError } from '../src/errors.ts';
import { until } from './support/clock.ts';
import { call, httpError, scripted, text } from './support/model.ts';
import { PRICE, PRICED, saying, took } from './support/priced.ts';
import type { Stage } from './support/stage.ts';
import { infoOf, stage, tool } from './support/stage.ts';
import { recordsOf } from './support/storage.ts';

const start = { model: 'test/model' };

/** Two budgets that mean the same: of the turn, given with the message or with the session, and of the session. */
const SCOPES = [
  ['turn', (limits: Limits) => ({ session: {}, turn: { budget: limits } })],
  ['turn', (limits: Limits) => ({ session: { budget: { turn: limits } }, turn: {} })],
  ['session', (limits: Limits) => ({ session: { budget: { session: limits } }, turn: {} })],
] as const;

/** An answer that calls a tool. */
function asking(id: string, counted: { input?: number; output?: number }) {
  return [...text('Looking. '), call(id, 'look'), took(counted, 'tool-calls')];
}

function theatre(more: Parameters<typeof stage>[0] = {}): Stage {
  return stage({ tools: [tool('look')], ...more }, PRICED);
}

describe.each(SCOPES)('limits of a %s (%#)', (of, given) => {
  test.each([
    ['maxSteps', { maxSteps: 2 }, 2],
    ['maxTokens', { maxTokens: 900 }, 2],
    ['maxCost', { maxCost: 0.9 }, 2],
  ] as const)(
    '%s: the call that does not fit is not made, and the error names limit, whose, spent and most',
    async (limit, limits, made) => {
      const { model, sessions, storage } = theatre();
      model.script.push(
        asking('a', { input: 200, output: 100 }),
        asking('b', { input: 300, output: 100 }),
        asking('c', {}),
      );
      const { session, turn } = given(limits);
      const outcome = await (await sessions.create({ ...start, ...session })).turn('go', turn).outcome();
      expect(model.requests).toHaveLength(made);
      const error = outcome.error as RepriseError;
      expect(outcome).toMatchObject({ status: 'failed', steps: 2, message: { content: 'Looking. ' } });
      const spent = { maxSteps: 2, maxTokens: 700, maxCost: 0.7 }[limit];
      const details = {
        limit,
        of,
        session: 's1',
        max: limits[limit as never],
        spent: expect.closeTo(spent, 9) as number,
      };
      expect(error).toMatchObject({ code: 'BUDGET_EXCEEDED', details });
      expect(error.message).toContain(`The ${of} reached its limit of`);
      expect(error.message).toContain(limit);
      // Law 3 holds: one result a call, one end.
      const records = await recordsOf(storage, 's1');
      expect(records.filter(({ type }) => type === 'result')).toHaveLength(2);
      expect(records.at(-1)).toMatchObject({ type: 'turn-end', status: 'failed', error: { code: 'BUDGET_EXCEEDED' } });
    },
  );

  test('maxDuration: a call that runs is ended when the time is up, and its text is kept', async () => {
    const { model, sessions, clock } = theatre();
    model.script.push([...text('Half a thought'), { act: 'stall' }]);
    const { session, turn } = given({ maxDuration: 5000 });
    const running = (await sessions.create({ ...start, ...session })).turn('go', turn);
    await clock.advance(4999);
    expect(model.requests).toHaveLength(1);
    await clock.advance(1);
    const outcome = await running.outcome();
    expect(outcome).toMatchObject({
      status: 'failed',
      message: { content: 'Half a thought', finishReason: 'interrupted' },
    });
    expect(outcome.error).toMatchObject({
      code: 'BUDGET_EXCEEDED',
      message: `The ${of} reached its limit of 5 s (maxDuration): 5 s taken.`,
      details: { limit: 'maxDuration', of, max: 5000, spent: 5000 },
    });
  });

  test('maxDuration: the time in which people are asked is no work', async () => {
    const { model, sessions, clock } = theatre({
      tools: [
        tool('look'),
        tool('slow', { run: () => new Promise((resolve) => clock.timer(2000, () => resolve(''))) }),
      ],
      permissions: { decide: (request) => (request.tool === 'look' ? { verdict: 'ask' } : { verdict: 'allow' }) },
      onAsk: 'wait',
      askTimeoutMs: 10 * 3_600_000,
    });
    model.script.push(
      [call('s', 'slow'), took({}, 'tool-calls')],
      [call('a', 'look'), call('b', 'look', { n: 2 }), took({}, 'tool-calls')],
      [...text('Half a thought'), { act: 'stall' }],
    );
    const { session, turn } = given({ maxDuration: 5000 });
    const handle = await sessions.create({ ...start, ...session });
    const running = handle.turn('go', turn);
    await clock.advance(2000);
    await until(async () => (await handle.approvals()).length === 2);
    // Nothing but the time to answer runs.
    expect(clock.pending).toBe(2);
    await clock.advance(3_600_000);
    await handle.answer('ask_1', { verdict: 'once' });
    // The other one is still asked.
    await clock.advance(3_600_000);
    expect((await handle.usage()).duration).toBe(2000);
    await handle.answer('ask_2', { verdict: 'deny' });
    await until(() => model.requests.length === 3);
    await clock.advance(2999);
    expect((await handle.usage()).duration).toBe(4999);
    await clock.advance(1);
    expect((await running.outcome()).error).toMatchObject({
      details: { limit: 'maxDuration', of, max: 5000, spent: 5000 },
    });
    expect((await handle.usage()).duration).toBe(5000);
    expect(clock.pending).toBe(0);
  });

  test('maxDuration: a tool that runs is told to stop, and gets its result', async () => {
    let stopped: unknown;
    const slow = tool('look', {
      run: (_input, { signal }) =>
        new Promise((resolve) =>
          signal.addEventListener('abort', () => resolve((stopped = (signal.reason as RepriseError).code))),
        ),
    });
    const { model, sessions, clock, storage } = theatre({ tools: [slow] });
    model.script.push(asking('a', {}));
    const { session, turn } = given({ maxDuration: 1000 });
    const running = (await sessions.create({ ...start, ...session })).turn('go', turn);
    await clock.advance(1000);
    expect(await running.outcome()).toMatchObject({ status: 'failed', error: { code: 'BUDGET_EXCEEDED' } });
    expect(stopped).toBe('BUDGET_EXCEEDED');
    expect((await recordsOf(storage, 's1')).map(({ type }) => type).slice(-2)).toEqual(['result', 'turn-end']);
    expect(clock.pending).toBe(0);
  });

  test('an answer is shortened to what is left; cut by that, it ends the turn with the limit’s name and its calls do not run', async () => {
    const look = tool('look');
    const { model, sessions, storage } = theatre({ tools: [look] });
    model.script.push(asking('a', { input: 50, output: 100 }), [
      ...text('Cut'),
      call('b', 'look'),
      took({ input: 200, output: 300 }, 'length'),
    ]);
    const { session, turn } = given({ maxTokens: 900 });
    const outcome = await (await sessions.create({ ...start, ...session })).turn('go', turn).outcome();
    expect(model.requests.map(({ maxOutputTokens = 0 }) => maxOutputTokens < 900 && maxOutputTokens >= 256)).toEqual([
      true,
      true,
    ]);
    expect(outcome.error).toMatchObject({ code: 'BUDGET_EXCEEDED', details: { limit: 'maxTokens', of } });
    expect(outcome.message).toMatchObject({ content: 'Cut', finishReason: 'length' });
    expect(look.runs).toHaveLength(1);
    const last = (await recordsOf(storage, 's1')).findLast(({ type }) => type === 'result');
    expect(last).toMatchObject({
      call: 'b',
      error: expect.stringContaining('Not run: the response was cut') as string,
    });
  });

  test('an answer that is cut because it was shortened is no answer that is done', async () => {
    const { model, sessions } = theatre();
    model.script.push([...text('Cut'), took({ input: 50, output: 400 }, 'length')]);
    const { session, turn } = given({ maxTokens: 500 });
    const outcome = await (await sessions.create({ ...start, ...session })).turn('go', turn).outcome();
    expect(outcome).toMatchObject({ status: 'failed', message: { content: 'Cut' } });
    expect(outcome.error).toMatchObject({ code: 'BUDGET_EXCEEDED', details: { limit: 'maxTokens', of, max: 500 } });
  });

  test('tries again count: what the failed one took, if its provider said so', async () => {
    const { model, sessions, clock } = theatre();
    const broken = [...text('Oh'), took({ input: 400, output: 100 }, 'error')];
    model.script.push([{ type: 'error', error: httpError(503, 'down') }, ...broken], saying('fine', {}));
    const { session, turn } = given({ maxTokens: 700 });
    const handle = await sessions.create({ ...start, ...session });
    const outcome = await clock.drive(handle.turn('go', turn).outcome());
    expect(outcome.error).toMatchObject({ code: 'BUDGET_EXCEEDED', details: { limit: 'maxTokens', of, spent: 500 } });
    expect(model.requests).toHaveLength(1);
    expect((await handle.usage()).own.total).toMatchObject({ calls: 1, retries: 1, total: 500, cost: 0.5 });
  });

  test('tries again count as model calls', async () => {
    const { model, sessions, clock } = theatre();
    model.script.push(httpError(503, 'down'), httpError(503, 'down'), saying('late', {}));
    const { session, turn } = given({ maxSteps: 2 });
    const outcome = await clock.drive((await sessions.create({ ...start, ...session })).turn('go', turn).outcome());
    expect(outcome.error).toMatchObject({ code: 'BUDGET_EXCEEDED', details: { limit: 'maxSteps', of, spent: 2 } });
    expect(model.requests).toHaveLength(2);
  });

  test('a fallback is asked within what is left, at its own price', async () => {
    const dear = { ...PRICED, price: { input: 10_000, output: 10_000 } };
    const other = scripted();
    const cheap = scripted([httpError(404, 'model not found')]);
    const { sessions, clock } = theatre({
      models: {
        resolve: async (name) => {
          const own = name === 'test/model';
          return { requested: name, name, model: own ? cheap : other, info: own ? PRICED : dear };
        },
      },
    });
    const { session, turn } = given({ maxCost: 2.5 });
    const options = { ...start, ...session, fallbackModels: ['test/other'] };
    const outcome = await clock.drive((await sessions.create(options)).turn('go', turn).outcome());
    // 1,000 tokens of output fit the first model's price, and none the other's.
    expect(cheap.requests).toHaveLength(1);
    expect(cheap.requests[0]?.maxOutputTokens).toBe(1000);
    expect(other.requests).toHaveLength(0);
    expect(outcome.error).toMatchObject({ code: 'BUDGET_EXCEEDED', details: { limit: 'maxCost', of, spent: 0 } });
  });

  test('a summary counts, and is left out where there is no room for it', async () => {
    const info = infoOf({ contextWindow: 3000, maxOutputTokens: 500, price: PRICE });
    for (const [maxTokens, asked] of [
      [9000, ['answer', 'summary', 'answer']],
      [2900, ['answer', 'answer']],
    ] as const) {
      const { model, sessions } = stage({}, info);
      model.script.push(saying('a '.repeat(4000), { input: 1000, output: 400 }));
      const { session, turn } = given({ maxTokens });
      const handle = await sessions.create({ ...start, pruneStrategy: 'summarize', pruneThreshold: 0.3, ...session });
      await handle.turn('tell me '.repeat(100), turn).outcome();
      model.script.length = 0;
      model.script.push(
        ...asked.slice(1).map((kind) => saying(kind === 'summary' ? 'In short.' : 'Yes.', { input: 300, output: 50 })),
      );
      await handle.turn('and now?', of === 'session' ? turn : { budget: { maxTokens: maxTokens - 1400 } }).outcome();
      const kinds = model.requests.map(({ prompt }) =>
        JSON.stringify(prompt).includes('condense conversations') ? 'summary' : 'answer',
      );
      expect(kinds).toEqual(asked);
      const { total } = (await handle.usage()).own;
      expect(total).toMatchObject({ calls: asked.length, compactions: asked.length - 2 });
      expect(total.total).toBe(1400 + 350 * (asked.length - 1));
    }
  });
});

test('what is asked in later turns is no matter of a turn that ended', async () => {
  const asked = { permissions: { decide: () => ({ verdict: 'ask' }) as const }, ask: async () => ({ allow: true }) };
  const { model, sessions, clock } = theatre(asked);
  const session = await sessions.create({ ...start, budget: { turn: { maxDuration: 60_000 } } });
  for (const id of ['a', 'b', 'c']) {
    model.script.push(asking(id, {}), saying('So.', {}));
    expect(await session.turn('go').outcome()).toMatchObject({ status: 'done' });
  }
  expect(clock.pending).toBe(0);
});

test('a limit of a turn given with the message stands in place of the session’s, one by one', async () => {
  const { model, sessions } = theatre();
  const session = await sessions.create({ ...start, budget: { turn: { maxSteps: 1, maxTokens: 100_000 } } });
  model.script.push(asking('a', {}), saying('two', {}));
  expect(await session.turn('go', { budget: { maxSteps: 2 } }).outcome()).toMatchObject({ status: 'done', steps: 2 });
  expect(model.requests[0]?.maxOutputTokens).toBe(1000);
  model.script.push(asking('b', {}));
  expect(await session.turn('go').outcome()).toMatchObject({ error: { code: 'BUDGET_EXCEEDED' } });
});

test('maxTokens of the session stays the output of one response, and a budget never raises it', async () => {
  const { model, sessions } = theatre();
  const session = await sessions.create({ ...start, maxTokens: 300, budget: { session: { maxTokens: 100_000 } } });
  await session.message('go');
  expect(model.requests[0]?.maxOutputTokens).toBe(300);
});

test.each([
  ['without limits', {}],
  ['with a limit of time', { budget: { turn: { maxDuration: 60_000 } } }],
  ['with a limit of steps that is no budget', { maxSteps: 5 }],
])('%s nothing is reserved and no answer is shortened', async (_how, options) => {
  const { model, sessions, storage } = theatre();
  await (await sessions.create({ ...start, ...options })).message('go');
  expect(model.requests[0]).not.toHaveProperty('maxOutputTokens');
  expect((await recordsOf(storage, 's1')).map(({ type }) => type)).toEqual(['session', 'message', 'step', 'turn-end']);
});

describe('a model without a price can’t be held to a cost', () => {
  const cost = { maxCost: 1 };
  const unpriced = () => stage({});

  test('at create, at resume and for fallbacks: INVALID_INPUT, and nothing is stored', async () => {
    const { sessions, storage } = unpriced();
    const wanted = { code: 'INVALID_INPUT', details: { limit: 'maxCost', model: 'test/model' } };
    for (const budget of [{ turn: cost }, { session: cost }])
      await expect(sessions.create({ ...start, budget })).rejects.toMatchObject(wanted);
    expect(await storage.list()).toEqual({ items: [] });
    const session = await sessions.create(start);
    await expect(sessions.resume(session.id, { budget: { turn: cost } })).rejects.toMatchObject(wanted);
    const mixed = stage({
      models: {
        resolve: async (name) => {
          const info = name === 'test/model' ? PRICED : infoOf();
          return { requested: name, name, model: scripted(), info };
        },
      },
    });
    const options = { ...start, fallbackModels: ['test/other'], budget: { turn: cost } };
    await expect(mixed.sessions.create(options)).rejects.toMatchObject({ details: { model: 'test/other' } });
    const priced = await mixed.sessions.create({ ...start, budget: { turn: cost } });
    await expect(mixed.sessions.resume(priced.id, { model: 'test/other' })).rejects.toMatchObject({
      code: 'INVALID_INPUT',
    });
  });

  test('with a message: the turn fails before anything is stored or sent', async () => {
    const { model, sessions, storage } = unpriced();
    const session = await sessions.create(start);
    await expect(session.message('go', { budget: cost })).rejects.toMatchObject({ code: 'INVALID_INPUT' });
    expect(model.requests).toHaveLength(0);
    expect(await recordsOf(storage, 's1')).toHaveLength(1);
  });
});

test.each([
  [{ maxSteps: 0 }],
  [{ maxTokens: 1.5 }],
  [{ maxCost: -1 }],
  [{ maxCost: Infinity }],
  [{ maxDuration: '1' }],
  [{ steps: 1 }],
  [[]],
  [null],
])('limits that are none are refused by name: %j', async (limits) => {
  const { sessions } = theatre();
  const wrong = { code: 'INVALID_INPUT', message: expect.stringContaining('maxDuration (ms)') as string };
  for (const budget of [{ turn: limits }, { session: limits }])
    await expect(sessions.create({ ...start, budget } as never)).rejects.toMatchObject(wrong);
  const session = await sessions.create(start);
  expect(() => session.turn('go', { budget: limits as never })).toThrow(expect.objectContaining(wrong));
});

describe('what was spent outlives the process', () => {
  test('a session’s budget goes on after a restart, and after a checkpoint', async () => {
    const { model, sessions, restart } = theatre();
    const { id } = await sessions.create({ ...start, budget: { session: { maxTokens: 2000 } } });
    model.script.push(saying('one', { input: 500, output: 400 }));
    const first = await sessions.resume(id);
    await first.message('go');
    await first.clearHistory();
    const again = await restart().sessions.resume(id);
    model.script.push(saying('two', { input: 500, output: 400 }), saying('three', {}));
    await again.message('go');
    const outcome = await (await restart().sessions.resume(id)).turn('go').outcome();
    expect(outcome.error).toMatchObject({ details: { limit: 'maxTokens', of: 'session', spent: 1800, max: 2000 } });
    expect(model.requests).toHaveLength(2);
    // Raised at resume, it lets the next turn go.
    const raised = await restart().sessions.resume(id, { budget: { session: { maxTokens: 5000 } } });
    expect((await raised.message('go')).content).toBe('three');
  });

  test('a turn that is carried on keeps its limits and what it spent', async () => {
    const { model, sessions, restart, storage } = theatre({ tools: [tool('look', { replay: 'safe' })] });
    const session = await sessions.create(start);
    model.script.push(asking('a', { input: 500, output: 100 }));
    // session, message, reserve, step, and then the result is lost.
    storage.crashAppend(4, 'before');
    await session.turn('go', { budget: { maxTokens: 900 } }).outcome();
    model.script.length = 0;
    const again = await restart().sessions.resume('s1', { recover: 'continue' });
    const outcome = await again.recovering?.outcome();
    expect(outcome?.error).toMatchObject({ code: 'BUDGET_EXCEEDED', details: { of: 'turn', max: 900, spent: 600 } });
    expect(model.requests).toHaveLength(1);
  });

  test('a call that goes down with its process counts as far as it was seen, and as a request', async () => {
    const { model, sessions, restart, storage, clock } = theatre();
    const session = await sessions.create({ ...start, budget: { session: { maxTokens: 100_000, maxCost: 10 } } });
    model.script.push([...text('A long answer that people saw '.repeat(20)), { act: 'stall' }]);
    void session.turn('go').outcome();
    await clock.advance(300);
    storage.crash();
    const again = await restart().sessions.resume('s1');
    await again.message('next');
    const { total } = (await again.usage()).own;
    expect(total.unreported.calls).toBe(1);
    expect(total.unreported.tokens).toBeGreaterThan(100);
    expect(total.unreported.cost).toBeCloseTo(total.unreported.tokens / 1000, 9);
    expect(total).toMatchObject({ calls: 2, total: 15 });
  });

  test.each(['interrupt', 'continue'] as const)(
    'a call of which nothing was seen counts as its request (%s), and the time that its process was dead not at all',
    async (recover) => {
      const { model, sessions, restart, storage, clock } = theatre();
      const session = await sessions.create({ ...start, budget: { session: { maxTokens: 100_000 } } });
      model.script.push([{ act: 'stall' }]);
      void session.turn('go').outcome();
      await until(() => model.requests.length === 1);
      storage.crash();
      await clock.advance(3_600_000);
      const again = await restart().sessions.resume('s1', { recover });
      await (recover === 'continue' ? again.recovering?.outcome() : again.message('next'));
      const { own, duration } = await again.usage();
      expect(own.total).toMatchObject({ calls: 2, total: 15, unreported: { calls: 1 } });
      expect(own.total.unreported.tokens).toBeGreaterThan(0);
      expect(duration).toBe(0);
    },
  );

  test.each([
    ['turn', 'continue', { turn: { maxSteps: 2 } }],
    ['session', 'continue', { session: { maxSteps: 2 } }],
    ['session', 'interrupt', { session: { maxSteps: 2 } }],
  ] as const)('… also where calls alone have a limit (of a %s, %s)', async (of, recover, budget) => {
    const { model, sessions, restart, storage } = theatre();
    const session = await sessions.create({ ...start, budget });
    model.script.push([{ act: 'stall' }]);
    void session.turn('go').outcome();
    await until(() => model.requests.length === 1);
    storage.crash();
    model.script.push(asking('a', {}), saying('one too many', {}));
    const again = await restart().sessions.resume('s1', { recover });
    const outcome = await (recover === 'continue' ? again.recovering : again.turn('next'))?.outcome();
    expect(outcome?.error).toMatchObject({
      code: 'BUDGET_EXCEEDED',
      details: { limit: 'maxSteps', of, spent: 2, max: 2 },
    });
    expect(model.requests).toHaveLength(2);
    // No answer is shortened for that.
    for (const request of model.requests) expect(request).not.toHaveProperty('maxOutputTokens');
  });

  test('time between a crash and the next owner is nobody’s', async () => {
    const { model, sessions, restart, storage, clock } = theatre();
    const session = await sessions.create({ ...start, budget: { session: { maxDuration: 10_000 } } });
    model.script.push([...text('A'), { act: 'stall' }]);
    void session.turn('go', { budget: { maxDuration: 9000 } }).outcome();
    await clock.advance(4000);
    storage.crash();
    await clock.advance(3_600_000);
    const again = await restart().sessions.resume('s1', { recover: 'continue' });
    model.script.push([...text('B'), { act: 'stall' }]);
    await clock.advance(8000);
    const outcome = again.recovering?.outcome();
    await clock.advance(1000);
    expect(await outcome).toMatchObject({ error: { details: { limit: 'maxDuration', of: 'turn', max: 9000 } } });
    expect((await again.usage()).duration).toBe(9000);
  });

  test('a question that outlives its process takes none of the time, before the next owner nor after', async () => {
    const asked = {
      permissions: { decide: () => ({ verdict: 'ask' }) as const },
      onAsk: 'wait',
      askTimeoutMs: 10 * 3_600_000,
    } as const;
    const { model, sessions, restart, storage, clock } = theatre(asked);
    const session = await sessions.create({ ...start, budget: { session: { maxDuration: 3000 } } });
    model.script.push(asking('a', {}));
    void session.turn('go').outcome();
    await until(async () => (await session.approvals()).length === 1);
    await clock.advance(3_600_000);
    storage.crash();
    await clock.advance(3_600_000);
    const again = await restart().sessions.resume('s1', { recover: 'continue' });
    model.script.push([...text('So'), { act: 'stall' }]);
    const outcome = again.recovering?.outcome();
    await clock.advance(3_600_000);
    await again.answer('ask_1', { verdict: 'once' });
    await until(() => model.requests.length === 2);
    await clock.advance(2999);
    expect((await again.usage()).duration).toBe(2999);
    await clock.advance(1);
    expect(await outcome).toMatchObject({ error: { details: { limit: 'maxDuration', spent: 3000 } } });
    expect((await again.usage()).duration).toBe(3000);
  });

  test('what a sub-session asks stops its time, and that of the turn above', async () => {
    const agent = tool('agent', {
      run: async (_input, context) =>
        (await context.spawn({ prompt: 'Look there.', budget: { maxDuration: 3000 } }).outcome()).status,
    });
    const { model, sessions, clock } = theatre({
      tools: [agent, tool('look')],
      permissions: { decide: (request) => ({ verdict: request.tool === 'look' ? 'ask' : 'allow' }) },
      onAsk: 'wait',
      askTimeoutMs: 10 * 3_600_000,
    });
    const session = await sessions.create({ ...start, budget: { turn: { maxDuration: 5000 } } });
    const [call1, call2] = [[call('g', 'agent'), took({}, 'tool-calls')], asking('a', {})];
    model.script.push(call1, call2, saying('Seen.', {}), saying('Done.', {}));
    const turn = session.turn('go');
    await until(async () => (await session.approvals()).length === 1);
    await clock.advance(3_600_000);
    await session.answer((await session.approvals())[0]?.id ?? '', { verdict: 'once' });
    expect(await turn.outcome()).toMatchObject({ status: 'done', message: { content: 'Done.' } });
    expect((await session.usage()).duration).toBe(0);
    const [child] = await sessions.list({ where: { parent: session.id } });
    expect((await sessions.usage(child?.id ?? '')).duration).toBe(0);
    expect(clock.pending).toBe(0);
  });

  test('a turn that ends while people are asked ends with the time that it worked', async () => {
    const { model, sessions, clock } = theatre({ permissions: { decide: () => ({ verdict: 'ask' }) }, onAsk: 'wait' });
    const session = await sessions.create(start);
    model.script.push([
      { act: 'wait', for: new Promise((resolve) => clock.timer(700, () => resolve(''))) },
      ...asking('a', {}),
    ]);
    const turn = session.turn('go');
    await clock.advance(700);
    await until(async () => (await session.approvals()).length === 1);
    await clock.advance(60_000);
    await turn.abort();
    expect((await session.usage()).duration).toBe(700);
  });

  test('a message that waits keeps its limits', async () => {
    const { model, sessions, clock } = theatre();
    const session = await sessions.create(start);
    const gate = Promise.withResolvers<void>();
    model.script.push([...text('one'), { act: 'wait', for: gate.promise }, took({})]);
    const first = session.turn('first');
    await until(() => model.requests.length === 1);
    const second = session.turn('second', { busy: 'queue', budget: { maxSteps: 1 } });
    await new Promise((resolve) => second.once('queued', resolve));
    model.script.push(asking('a', {}), saying('never', {}));
    gate.resolve();
    expect(await first.outcome()).toMatchObject({ status: 'done' });
    expect(await clock.drive(second.outcome())).toMatchObject({
      error: { code: 'BUDGET_EXCEEDED', details: { limit: 'maxSteps' } },
    });
  });
});

test('usage tells what may be taken, where that is limited', async () => {
  const { sessions } = theatre();
  const { id } = await sessions.create(start);
  expect(await sessions.usage(id)).not.toHaveProperty('budget');
  await (await sessions.resume(id, { budget: { session: { maxSteps: 9 } } })).message('go');
  expect((await sessions.usage(id)).budget).toEqual({ turn: {}, session: { maxSteps: 9 } });
  await (await sessions.resume(id)).update({ budget: {} });
  expect(await sessions.usage(id)).not.toHaveProperty('budget');
});

test('a fork starts at zero', async () => {
  const { model, sessions } = theatre();
  const session = await sessions.create({ ...start, budget: { session: { maxTokens: 1500 } } });
  model.script.push(saying('one', { input: 500, output: 400 }));
  await session.message('go');
  const fork = await session.fork();
  expect(await fork.usage()).toMatchObject({ parent: { id: session.id }, own: { total: { calls: 0, total: 0 } } });
  model.script.push(saying('two', { input: 500, output: 400 }));
  expect((await fork.message('go')).content).toBe('two');
  expect((await fork.usage()).own.total.total).toBe(900);
  expect((await session.usage()).own.total.total).toBe(900);
});
