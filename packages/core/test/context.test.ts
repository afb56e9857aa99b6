import { expect, test } from 'vitest';
import type { Turn } from '../src/contracts/turn.ts';
import { estimateTokens } from '../src/context/estimate.ts';
import type { BoundaryRecord } from '../src/records/types.ts';
import { call, calls, httpError, say } from './support/model.ts';
import { extendsPrefix, flattened, problemsOf } from './support/prompt-rules.ts';
import { stage, tool } from './support/stage.ts';
import { recordsOf } from './support/storage.ts';

const start = { model: 'test/model', contextWindow: 1000 };
/** About 105 tokens. */
const question = (n: number): string => `question ${n}: ${'some words of it '.repeat(30)}`;

const boundariesOf = async (theatre: ReturnType<typeof stage>, id: string) =>
  (await recordsOf(theatre.storage, id)).filter((record): record is BoundaryRecord => record.type === 'boundary');

test('a full window is pruned down to half in one step; then its prefix rests until it is full again', async () => {
  const theatre = stage();
  const { sessions, model } = theatre;
  const session = await sessions.create({ ...start, systemPrompt: 'Be brief.' });
  for (let n = 0; n < 30; n += 1) await session.message(question(n));
  const boundaries = await boundariesOf(theatre, session.id);
  expect(boundaries.length).toBeGreaterThan(3);
  expect(boundaries.length).toBeLessThan(12);
  let breaks = 0;
  model.requests.forEach((request, at) => {
    expect(problemsOf(request, { own: 'test' })).toEqual([]);
    expect(request.prompt[0]).toEqual({ role: 'system', content: 'Be brief.' });
    expect(estimateTokens(JSON.stringify(request.prompt))).toBeLessThan(1200);
    const before = model.requests[at - 1];
    if (before !== undefined && !extendsPrefix(flattened(before), flattened(request))) breaks += 1;
  });
  expect(breaks).toBe(boundaries.length);
  expect(session.getContextUsage().current).toBeLessThanOrEqual(900);
  expect(await session.getMessages()).toHaveLength(60);
});

test('an important message stays in the window, with its results; unmarked it goes', async () => {
  const theatre = stage({ tools: [tool('look')] });
  const { sessions, model } = theatre;
  model.script.push(calls(call('a', 'look', { n: 77 })), say('seen'));
  const session = await sessions.create(start);
  await session.message('remember the cat');
  const [cat, caller] = await session.getMessages();
  await session.editMessage(cat?.id ?? '', { important: true });
  await session.editMessage(caller?.id ?? '', { important: true });
  for (let n = 0; n < 12; n += 1) await session.message(question(n));
  const sent = () => JSON.stringify(model.requests.at(-1)?.prompt);
  expect(sent()).toContain('remember the cat');
  expect(sent()).toContain('look {\\"n\\":77}');
  expect(sent()).not.toContain('question 0:');
  await session.editMessage(cat?.id ?? '', { important: false });
  for (let n = 12; n < 24; n += 1) await session.message(question(n));
  expect(sent()).not.toContain('remember the cat');
  for (const request of model.requests) expect(problemsOf(request, { own: 'test' })).toEqual([]);
});

test('a message that does not fit alone is CONTEXT_LENGTH_EXCEEDED, nothing is sent, and the next one works', async () => {
  const { sessions, model } = stage();
  const session = await sessions.create(start);
  await session.message('hi');
  await expect(session.message('word '.repeat(2000))).rejects.toMatchObject({
    code: 'CONTEXT_LENGTH_EXCEEDED',
    details: { max: 1000, needed: expect.any(Number) as number },
  });
  expect(model.requests).toHaveLength(1);
  expect(session.state.status).toBe('error');
  expect((await session.message('shorter')).content).toBe('ok');
  expect(session.state.status).toBe('idle');
});

test('without a strategy nothing leaves the window; the error says so', async () => {
  const { sessions, model } = stage();
  const session = await sessions.create({ ...start, pruneStrategy: 'none' });
  const errors: unknown[] = [];
  for (let n = 0; n < 12; n += 1) await session.message(question(n)).catch((error: unknown) => errors.push(error));
  expect(errors[0]).toMatchObject({ code: 'CONTEXT_LENGTH_EXCEEDED' });
  await session.clearHistory({ keepLast: 4 });
  expect((await session.message('again')).content).toBe('ok');
  model.script.push(httpError(400, 'prompt is too long: 213462 tokens > 200000 maximum'));
  const before = session.getContextUsage();
  await expect(session.message('and again')).rejects.toMatchObject({ code: 'CONTEXT_LENGTH_EXCEEDED' });
  expect(session.getContextUsage().current).toBeGreaterThan(before.current);
});

test('the threshold says when to prune', async () => {
  const full = async (pruneThreshold: number) => {
    const theatre = stage();
    const session = await theatre.sessions.create({ ...start, pruneThreshold });
    let n = 0;
    while ((await boundariesOf(theatre, session.id)).length === 0) await session.message(question((n += 1)));
    return n;
  };
  expect(await full(0.3)).toBeLessThan(await full(0.9));
});

test('what is pinned may take most of the window: no boundary is written that moves nothing', async () => {
  const theatre = stage();
  const session = await theatre.sessions.create(start);
  await session.message('word '.repeat(650));
  await session.editMessage((await session.getMessages())[0]?.id ?? '', { important: true });
  for (let n = 0; n < 6; n += 1) await session.message('and?');
  const boundaries = await boundariesOf(theatre, session.id);
  const moves = boundaries.map(({ from, keep }) => JSON.stringify([from, keep]));
  expect(new Set(moves).size).toBe(moves.length);
  expect(boundaries.length).toBeLessThan(7);
});

test('in the middle of a turn its opening message stays, and calls stay with their results', async () => {
  const theatre = stage({ tools: [tool('look', { run: async () => 'some words of it '.repeat(30) })] });
  const { sessions, model } = theatre;
  model.script.push(...Array.from({ length: 20 }, (_, n) => calls(call(`c${n}`, 'look', { n }))), say('done'));
  const session = await sessions.create(start);
  expect((await session.message('look twenty times')).content).toBe('done');
  expect((await boundariesOf(theatre, session.id)).length).toBeGreaterThan(1);
  for (const request of model.requests) {
    expect(problemsOf(request, { own: 'test' })).toEqual([]);
    expect(JSON.stringify(request.prompt[0])).toContain('look twenty times');
  }
});

test('what steered the turn stays too, however often the window moves', async () => {
  const wordy = tool('look', { run: async () => 'some words of it '.repeat(30) });
  const theatre = stage({ tools: [wordy] });
  const { sessions, model } = theatre;
  const session = await sessions.create(start);
  let steering: Turn | undefined;
  const steer = () => {
    steering = session.turn('only those in blue', { busy: 'steer' });
    return calls(call('c0', 'look', { n: 0 }));
  };
  model.script.push(steer, ...Array.from({ length: 20 }, (_, n) => calls(call(`d${n}`, 'look', { n }))), say('done'));
  expect((await session.message('look twenty times')).content).toBe('done');
  expect((await boundariesOf(theatre, session.id)).length).toBeGreaterThan(1);
  await theatre.clock.drive(steering?.outcome() ?? Promise.reject(new Error('not sent')));
  for (const request of model.requests.slice(1)) {
    expect(problemsOf(request, { own: 'test' })).toEqual([]);
    expect(JSON.stringify(request.prompt)).toContain('only those in blue');
  }
});

test('pruneContext keeps the last few, the important and, if told so, no system messages; getMessages still shows all', async () => {
  const { sessions, model } = stage();
  const timestamp = '2026-01-01T00:00:00.000Z';
  const said = (role: string, content: string) => ({ role, content, timestamp });
  const session = await sessions.import(
    [said('system', 'SYS'), said('user', 'A'), said('assistant', 'a'), said('user', 'B'), said('assistant', 'b')],
    { model: 'test/model' },
  );
  await session.editMessage((await session.getMessages())[1]?.id ?? '', { important: true });
  await session.pruneContext({ keepLast: 1 });
  await session.message('C');
  const sent = (at: number) => JSON.stringify(model.requests[at]?.prompt);
  expect([/SYS/, /"A"/, /"a"/, /"B"/, /"b"/].map((pattern) => pattern.test(sent(0)))).toEqual([
    true,
    true,
    false,
    false,
    true,
  ]);
  await session.pruneContext({ keepLast: 1, keepSystem: false, keepImportant: false });
  await session.message('D');
  expect([/SYS/, /"A"/, /"b"/, /"ok"/].map((pattern) => pattern.test(sent(1)))).toEqual([false, false, false, true]);
  expect(await session.getMessages()).toHaveLength(9);
  expect(session.state.messageCount).toBe(8);
  for (const request of model.requests) expect(problemsOf(request, { own: 'test' })).toEqual([]);
});

test('getContextUsage tells about what the next request takes, and the window', async () => {
  const { sessions, model } = stage({ tools: [tool('look')] });
  const session = await sessions.create({ ...start, systemPrompt: 'word '.repeat(100) });
  const empty = session.getContextUsage();
  expect(empty).toMatchObject({ max: 1000 });
  await session.message(question(1));
  const used = session.getContextUsage();
  expect(used.current - empty.current).toBeGreaterThan(90);
  const told =
    estimateTokens(JSON.stringify(model.requests[0]?.prompt)) +
    estimateTokens(JSON.stringify(model.requests[0]?.tools));
  expect(Math.abs(used.current / told - 1)).toBeLessThan(0.3);
  await session.clearHistory();
  expect(session.getContextUsage().current).toBeLessThan(used.current);
  expect((await stage().sessions.create({ model: 'test/model' })).getContextUsage()).toEqual({
    current: 0,
    max: 100_000,
  });
});
