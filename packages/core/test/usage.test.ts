import type { JSONObject, LanguageModelV4StreamPart } from '@ai-sdk/provider';
import { expect, test } from 'vitest';
import type { RepriseError } from '../src/errors.ts';
import { readSessions } from '../src/session/read.ts';
import { call, httpError, scripted, text } from './support/model.ts';
import { PRICED, saying, took } from './support/priced.ts';
import { infoOf, stage, tool } from './support/stage.ts';
import { recordsOf } from './support/storage.ts';

const start = { model: 'test/model' };

test('the ledger tells calls, tokens of each kind and cost, by model and in all; a reader finds the same without the engine', async () => {
  const other = scripted();
  const model = scripted();
  const { sessions, storage, clock } = stage({
    tools: [tool('look')],
    models: {
      resolve: async (name) => ({
        requested: name,
        name,
        model: name === 'test/model' ? model : other,
        info: infoOf({ price: { input: 2, output: 10, cacheRead: 0.2, cacheWrite: 2.5 } }),
      }),
    },
  });
  model.script.push(
    [
      ...text('Looking'),
      call('a', 'look'),
      took({ input: 1000, output: 100, cached: 400, cacheWrite: 300 }, 'tool-calls'),
    ],
    saying('Done', { input: 2000, output: 50, reasoning: 20 }),
    httpError(404, 'model not found'),
  );
  other.script.push(saying('I am another', { input: 10, output: 10 }));
  const session = await sessions.create({ ...start, fallbackModels: ['test/other'] });
  await session.message('one');
  await clock.drive(session.message('two'));
  const usage = await session.usage();
  expect(usage.own.models['test/model']).toEqual({
    calls: 3,
    retries: 1,
    compactions: 0,
    input: 3000,
    cached: 400,
    cacheWrite: 300,
    output: 150,
    reasoning: 20,
    total: 3150,
    cost: expect.closeTo((300 * 2 + 400 * 0.2 + 300 * 2.5 + 100 * 10 + 2000 * 2 + 50 * 10) / 1e6, 12) as number,
    unpriced: 0,
    unreported: { calls: 0, tokens: 0, cost: 0 },
  });
  expect(usage.own.models['test/other']).toMatchObject({ calls: 1, total: 20 });
  expect(usage.own.total).toMatchObject({ calls: 4, total: 3170 });
  expect(usage.all).toEqual(usage.own);
  expect(usage.root).toEqual({ id: 's1', ...usage.own });
  expect(await readSessions(storage).usage('s1')).toEqual(usage);
  expect(session.state.tokenUsage).toEqual({ input: 3010, output: 160, total: 3170 });
});

test('a provider that counts nothing has its calls told as unreported, about; one that counts 0 has none', async () => {
  const { model, sessions } = stage({}, PRICED);
  model.script.push([...text('word '.repeat(100)), took({ input: NaN, output: NaN })]);
  const session = await sessions.create(start);
  const message = await session.message('go');
  expect(message.usage).toMatchObject({ input: 0, output: 0, total: 0 });
  const { total } = (await session.usage()).own;
  expect(total).toMatchObject({ calls: 1, total: 0, cost: 0, unreported: { calls: 1 } });
  expect(total.unreported.tokens).toBeGreaterThan(90);
  model.script.push([...text('free'), took({ input: 0, output: 0 })]);
  await session.message('go');
  expect((await session.usage()).own.total).toMatchObject({ calls: 2, unreported: { calls: 1 } });
});

test('an answer that was cut off is unreported too, one that was refused took nothing', async () => {
  const { model, sessions, clock, storage } = stage({}, infoOf());
  const session = await sessions.create(start);
  model.script.push([...text('half'), { act: 'stall' }]);
  const turn = session.turn('go');
  await clock.advance(10);
  await turn.abort();
  expect((await session.usage()).own.total).toMatchObject({ calls: 1, unpriced: 1, unreported: { calls: 1, cost: 0 } });
  model.script.push(httpError(401, 'no key'));
  await session.turn('go').outcome();
  expect((await session.usage()).own.total).toMatchObject({ calls: 2, unreported: { calls: 1 } });
  expect((await recordsOf(storage, 's1')).at(-1)).toMatchObject({ type: 'turn-end', spent: { model: 'test/model' } });
});

test('an attempt that broke keeps what its provider counted', async () => {
  const { model, sessions, clock, storage } = stage({}, PRICED);
  model.script.push(
    [...text('Oh'), { type: 'error', error: httpError(503, 'down') }, took({ input: 70, output: 7 }, 'error')],
    saying('fine', { input: 80, output: 8 }),
  );
  const session = await sessions.create(start);
  await clock.drive(session.message('go'));
  const attempt = (await recordsOf(storage, 's1')).find(({ type }) => type === 'attempt');
  expect(attempt).toMatchObject({ spent: { model: 'test/model', usage: { input: 70, output: 7, cost: 0.077 } } });
  expect((await session.usage()).own.total).toMatchObject({ calls: 2, retries: 1, total: 165 });
  expect(session.state.tokenUsage.total).toBe(165);
});

test('an answer that broke after its provider had counted the request: that as it said, and about what it gave', async () => {
  const price = { input: 2, output: 10, cacheRead: 0.2, cacheWrite: 2.5 };
  const { model, sessions, clock, storage } = stage({}, infoOf({ price }));
  const begun = (usage: JSONObject): LanguageModelV4StreamPart => ({
    type: 'custom',
    kind: 'anthropic.message_start',
    providerMetadata: { anthropic: { usage } },
  });
  const counted = { input_tokens: 100, cache_read_input_tokens: 4000, cache_creation_input_tokens: 900 };
  const session = await sessions.create(start);
  // Tried again after nothing, aborted in the middle of a text, and without figures that are any.
  model.script.push(
    [begun(counted), { act: 'break', error: httpError(529, 'overloaded') }],
    [begun(counted), ...text('word '.repeat(100)), { act: 'stall' }],
  );
  const turn = session.turn('go');
  await clock.advance(60_000);
  await turn.abort();
  const cost = (100 * 2 + 4000 * 0.2 + 900 * 2.5) / 1e6;
  const usage = { input: 5000, output: 0, cached: 4000, cacheWrite: 900, reasoning: 0, total: 5000, cost };
  const records = await recordsOf(storage, 's1');
  expect(records.find(({ type }) => type === 'attempt')).toMatchObject({ spent: { model: 'test/model', usage } });
  const output = expect.toSatisfy((tokens: number) => tokens > 90 && tokens < 250) as number;
  const step = records.find(({ type }) => type === 'step');
  expect(step).toMatchObject({ finishReason: 'interrupted', usage, unreported: { input: 0, output } });
  expect(step).not.toHaveProperty('parts');
  const { total } = (await session.usage()).own;
  expect(total).toMatchObject({
    calls: 2,
    input: 10_000,
    cached: 8000,
    cacheWrite: 1800,
    unreported: { calls: 1, tokens: output },
  });
  expect(total.cost).toBeCloseTo(2 * cost, 12);
  for (const unknown of [{}, { input_tokens: 'many' }, { input_tokens: -1 }]) {
    model.script.push([begun(unknown), ...text('So.'), took({ input: NaN, output: NaN })]);
    expect((await session.message('again')).usage).toMatchObject({ input: 0, total: 0 });
  }
  expect(session.state.tokenUsage.input).toBe(10_000);
});

test('the time of turns is counted, not the time between them', async () => {
  const { model, sessions, clock } = stage({}, PRICED);
  const session = await sessions.create(start);
  model.script.push([...text('a'), { act: 'stall' }]);
  const turn = session.turn('go');
  await clock.advance(3000);
  expect((await session.usage()).duration).toBe(3000);
  await turn.abort();
  await clock.advance(60_000);
  expect((await session.usage()).duration).toBe(3000);
});

test('a checkpoint of another version is passed over: the log is folded from its start', async () => {
  const { model, sessions, storage, restart } = stage({}, PRICED);
  const session = await sessions.create(start);
  model.script.push(saying('one', { input: 500, output: 50 }));
  const { id } = await session.message('go');
  await session.clearHistory({ keepLast: 1 });
  const exported = await session.export();
  const lease = await storage.inner.acquire('old', { owner: { name: 't' }, expect: 'new' });
  const records = (await recordsOf(storage, 's1')).map((record) => {
    if (record.type !== 'checkpoint') return JSON.stringify(record);
    // As it was before there was a ledger.
    const { ledger: _ledger, ...state } = record.state as Record<string, unknown>;
    return JSON.stringify({ type: 'checkpoint', at: record.at, state });
  });
  await storage.inner.append(lease, { expected: 0, records, head: { ...session.head, id: 'old' } });
  await lease.release();
  const old = await restart().sessions.resume('old');
  expect((await old.usage()).own).toEqual((await session.usage()).own);
  expect(await old.getMessages()).toEqual(exported.messages.filter((message) => message.id === id));
  const fork = await old.fork({ fromMessage: id });
  expect(await fork.getMessages({ all: true })).toHaveLength(2);
});

test('usage of a session that is not there is SESSION_NOT_FOUND', async () => {
  const { sessions } = stage();
  const error = await sessions.usage('nowhere').catch((thrown: unknown) => thrown);
  expect((error as RepriseError).code).toBe('SESSION_NOT_FOUND');
});
