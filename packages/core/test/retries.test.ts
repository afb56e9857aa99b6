import { expect, test } from 'vitest';
import type { AttemptRecord, Rec, RepairRecord } from '../src/records/types.ts';
import { settled, until } from './support/clock.ts';
import type { Script } from './support/model.ts';
import { call, calls, finish, httpError, reasoning, say, scripted, text } from './support/model.ts';
import { problemsOf } from './support/prompt-rules.ts';
import { chunksOf, resolverOf, shownText, stage, tool } from './support/stage.ts';
import { recordsOf } from './support/storage.ts';

const HOUR = 3_600_000;
const limited = (seconds: number) => httpError(429, 'slow down', { 'retry-after': String(seconds) });
const unknown = () => httpError(404, 'model: gone', {}, { error: { type: 'not_found_error' } });
const isAttempt = (record: Rec): record is AttemptRecord => record.type === 'attempt';
const isRepair = (record: Rec): record is RepairRecord => record.type === 'repair';

/** A session whose model may fall back to two others, the second of another provider. */
async function chain(script: Script[] = []) {
  const models = {
    'test/model': scripted(script),
    'test/second': scripted([], 'test', 'second'),
    'other/third': scripted([], 'other', 'third'),
  };
  const theatre = stage({ models: resolverOf(models), tools: [tool('look')] });
  const session = await theatre.sessions.create({
    model: 'test/model',
    fallbackModels: ['test/second', 'other/third'],
  });
  return { ...theatre, models, session, records: () => recordsOf(theatre.storage, session.id) };
}

test.each<[string, Script[]]>([
  ['its tries are used up', Array.from({ length: 5 }, () => httpError(503, 'busy'))],
  ['it is limited for longer than a turn waits', [limited(3600)]],
  ['it is overloaded for longer than a turn waits', [httpError(529, 'Overloaded', { 'retry-after': '120' })]],
  ['the provider does not know it', [unknown()]],
  ['the request is larger than its limit of a minute', [httpError(429, 'Request too large for x on tokens per min')]],
])('another model answers where %s', async (_name, script) => {
  const { models, session, clock, records } = await chain(script);
  const warnings: string[] = [];
  session.on('warning', ({ message }) => warnings.push(message));
  const outcome = await clock.drive(session.turn('go').outcome());
  expect(outcome).toMatchObject({ status: 'done', message: { content: 'ok' }, steps: 1 });
  expect(models['test/model'].requests).toHaveLength(script.length);
  expect(models['test/second'].requests).toHaveLength(1);
  const stored = await records();
  const made = stored.filter(isAttempt);
  expect(made.map(({ attempt }) => attempt)).toEqual(script.map((_, i) => i + 2));
  expect(made.at(-1)).toMatchObject({ waitMs: 0, model: { requested: 'test/second', name: 'test/second' } });
  expect(made.slice(0, -1).filter(({ model }) => model !== undefined)).toEqual([]);
  expect(stored.find(({ type }) => type === 'step')).toMatchObject({ model: 'test/second' });
  expect(warnings).toMatchObject([expect.stringContaining('test/second answers') as string]);
});

test.each([401, 402, 403, 400])('no other model is asked after a %i', async (status) => {
  const { models, session } = await chain([httpError(status, 'no')]);
  expect((await session.turn('go').outcome()).status).toBe('failed');
  expect(models['test/second'].requests).toHaveLength(0);
});

test('a turn stays with the model that it came to, the next turn begins with its own again', async () => {
  const { models, session } = await chain([unknown()]);
  models['test/second'].script.push(calls(call('a', 'look')));
  await session.message('go');
  expect([models['test/model'].requests.length, models['test/second'].requests.length]).toEqual([1, 2]);
  await session.message('next');
  expect([models['test/model'].requests.length, models['test/second'].requests.length]).toEqual([2, 2]);
  expect(session.state.model).toBe('test/model');
});

test('each model has its own tries and its own time; when the last one fails, its error is told', async () => {
  const { models, session, clock, records } = await chain(Array.from({ length: 9 }, () => limited(59)));
  models['test/second'].script.push(...Array.from({ length: 9 }, () => httpError(503, 'busy')));
  models['other/third'].script.push(unknown());
  const outcome = await clock.drive(session.turn('go').outcome());
  expect(outcome).toMatchObject({ status: 'failed', error: { code: 'MODEL_NOT_FOUND' } });
  expect(Object.values(models).map(({ requests }) => requests.length)).toEqual([4, 5, 1]);
  expect((await records()).filter(isAttempt).map(({ attempt }) => attempt)).toEqual([2, 3, 4, 5, 6, 7, 8, 9, 10]);
  models['test/model'].script.length = 0;
  expect((await session.turn('next').outcome()).status).toBe('done');
});

test('what a failed model showed is taken back, and another provider is sent none of its signatures', async () => {
  const { models, session, clock } = await chain([
    [...reasoning('Hm.', 'sig'), ...text('One. '), call('a', 'look'), finish('tool-calls')],
    [...text('half'), { type: 'error', error: { statusCode: 404, message: 'model: gone' } }],
  ]);
  models['test/second'].script.push(unknown());
  models['other/third'].script.push(say('whole'));
  const turn = session.turn('go');
  await clock.drive(turn.outcome());
  expect(shownText(await chunksOf(turn))).toBe('One. whole');
  expect(JSON.stringify(models['test/model'].requests[1]?.prompt)).toContain('sig');
  const third = models['other/third'].requests[0] ?? { prompt: [] };
  expect(JSON.stringify(third.prompt)).not.toContain('sig');
  expect(problemsOf(third, { own: 'other' })).toEqual([]);
});

test('a fallback model that nobody knows is an error at the beginning; one that is gone later is passed over', async () => {
  const { sessions, models, session } = await chain([unknown()]);
  const bad = { model: 'test/model', fallbackModels: ['test/none'] };
  await expect(sessions.create(bad)).rejects.toMatchObject({ code: 'MODEL_NOT_FOUND' });
  await expect(sessions.create({ ...bad, fallbackModels: 'x' as never })).rejects.toMatchObject({
    code: 'INVALID_INPUT',
  });
  delete (models as Partial<typeof models>)['test/second'];
  await session.message('go');
  expect(models['other/third'].requests).toHaveLength(1);
});

test('a parked turn waits as long as it is told, and says so', async () => {
  const { model, sessions, clock, storage } = stage({ retry: { park: true } });
  model.script.push(limited(2 * 24 * 3600));
  const session = await sessions.create({ model: 'test/model' });
  const warnings: string[] = [];
  session.on('warning', ({ message }) => warnings.push(message));
  const turn = session.turn('go');
  await settled(20);
  await clock.advance(48 * HOUR - 1000);
  expect(model.requests).toHaveLength(1);
  const until = new Date(Date.UTC(2026, 0, 3) + 500).toISOString();
  expect((await recordsOf(storage, session.id)).filter(isAttempt)).toMatchObject([
    { code: 'RATE_LIMIT', waitMs: 48 * HOUR + 500, until },
  ]);
  expect(warnings).toMatchObject([expect.stringContaining(until) as string]);
  await clock.advance(2000);
  expect((await turn.outcome()).status).toBe('done');
  expect(clock.pending).toBe(0);
});

test('a parked turn is ended by an abort, at once', async () => {
  const { model, sessions, clock } = stage({ retry: { park: true } });
  model.script.push(limited(24 * 3600));
  const session = await sessions.create({ model: 'test/model' });
  const turn = session.turn('go');
  await until(() => session.head.seq === 3);
  expect((await turn.abort()).status).toBe('aborted');
  expect(clock.pending).toBe(0);
  expect((await session.message('next')).content).toBe('ok');
});

test('whoever carries on a turn that was parked waits for the rest of its time', async () => {
  const { model, sessions, clock, storage, restart } = stage({ retry: { park: true } });
  model.script.push(limited(24 * 3600));
  const session = await sessions.create({ model: 'test/model' });
  void session.turn('go');
  await until(() => session.head.seq === 3);
  await clock.advance(10 * HOUR);
  storage.crash();
  const heir = scripted();
  const next = restart({ models: resolverOf({ 'test/model': heir }) });
  const { recovering } = await next.sessions.resume(session.id, { recover: 'continue' });
  await settled(20);
  await clock.advance(14 * HOUR - 1000);
  expect(heir.requests).toHaveLength(0);
  await clock.advance(2000);
  expect((await recovering?.outcome())?.status).toBe('done');
  expect(heir.requests).toHaveLength(1);
});

test('idle time and tries are the program’s to choose', async () => {
  const { model, sessions, clock } = stage({ idleMs: 5000, retry: { attempts: 2, baseMs: 10 } });
  model.script.push([{ act: 'stall' }], [...text('half'), { act: 'stall' }]);
  const session = await sessions.create({ model: 'test/model' });
  const began = clock.now();
  const outcome = await clock.drive(session.turn('go').outcome());
  expect(outcome).toMatchObject({ status: 'failed', error: { code: 'TIMEOUT' }, message: { content: 'half' } });
  expect(model.requests).toHaveLength(2);
  expect(clock.now() - began).toBe(10_005);
});

test('pings are no part of an answer: they hold no dead call open', async () => {
  const { model, sessions, clock } = stage({ idleMs: 5000 });
  const gates = Array.from({ length: 4 }, () => Promise.withResolvers<void>());
  const ping = { type: 'ping' } as never;
  model.script.push([
    ...text('half'),
    ...gates.flatMap(({ promise }) => [{ act: 'wait' as const, for: promise }, ping]),
  ]);
  const session = await sessions.create({ model: 'test/model' });
  const turn = session.turn('go');
  await settled(10);
  for (const { resolve } of gates.slice(0, 2)) {
    resolve();
    await settled(4);
    await clock.advance(2000);
  }
  await clock.advance(1001);
  expect(model.requests[0]?.abortSignal?.aborted).toBe(true);
  expect((await clock.drive(turn.outcome())).status).toBe('done');
});

/** A session that has something for every rung: signed reasoning, old tool results, old messages. */
async function rich(more: Parameters<typeof stage>[0] = {}) {
  const theatre = stage({ tools: [tool('look', { run: () => Promise.resolve('a long result') })], ...more });
  const { model } = theatre;
  const session = await theatre.sessions.create({ model: 'test/model' });
  for (const n of [1, 2, 3]) {
    model.script.push(
      [...reasoning(`Hm ${n}.`, `sig${n}`), ...text(`Look ${n}. `), call(`c${n}`, 'look'), finish('tool-calls')],
      say(`answer ${n} ${'word '.repeat(50)}`),
    );
    await session.message(`question ${n}`);
  }
  model.requests.length = 0;
  const sent = (): string[] => model.requests.map(({ prompt }) => JSON.stringify(prompt));
  const repairs = async () => (await recordsOf(theatre.storage, session.id)).filter(isRepair);
  return { ...theatre, session, sent, repairs };
}

const refused = () => httpError(400, 'messages.3.content.0: Invalid `signature` in `thinking` block');

test('a refused request is sent again with less and less in it, never twice the same; then the error is told and all of it is back', async () => {
  const { model, session, sent, repairs, storage } = await rich();
  model.script.push(refused(), refused(), refused(), refused(), say('never'));
  const outcome = await session.turn('last').outcome();
  expect(outcome).toMatchObject({
    status: 'failed',
    error: { code: 'PROVIDER', hint: expect.stringContaining('older tool results') as string },
  });
  const [whole, unsigned, cleared, short] = sent();
  expect(sent()).toHaveLength(4);
  expect(new Set(sent()).size).toBe(4);
  for (const part of ['sig1', 'Hm 1.', 'a long result', 'question 1']) expect(whole).toContain(part);
  expect(unsigned).not.toMatch(/sig\d|Hm \d/);
  expect(unsigned).toContain('a long result');
  expect(cleared?.match(/a long result/g)).toBeNull();
  expect(cleared).toContain('question 1');
  expect(short).not.toContain('question 1');
  for (const request of model.requests) expect(problemsOf(request, { own: 'test' })).toEqual([]);
  const made = await repairs();
  expect(made.map(({ repair }) => Object.keys(repair ?? {}))).toEqual([
    ['reasoning'],
    ['reasoning', 'results'],
    ['reasoning', 'results', 'from', 'keep'],
    [],
  ]);
  expect(made.every(({ reason }) => reason.includes('Invalid `signature`'))).toBe(true);
  expect((await recordsOf(storage, session.id)).filter(isAttempt).map(({ waitMs }) => waitMs)).toEqual([0, 0, 0]);
  expect((await session.getMessages()).map(({ content }) => content)).toContain('question 1');
  model.script.length = 0;
  await session.message('after');
  for (const part of ['sig1', 'Hm 1.', 'a long result', 'question 1']) expect(sent().at(-1)).toContain(part);
  expect(new Set(sent()).size).toBe(5);
});

test('what helped stays, also for the next process; what comes after it is sent whole', async () => {
  const { model, session, sent, restart, repairs } = await rich();
  model.script.push(refused(), [
    ...reasoning('New.', 'sig9'),
    ...text('So. '),
    call('c9', 'look'),
    finish('tool-calls'),
  ]);
  expect((await session.turn('go on').outcome()).status).toBe('done');
  expect(await repairs()).toHaveLength(1);
  const later = restart({ tools: [tool('look')] });
  await (await later.sessions.resume(session.id)).message('after');
  expect(sent()).toHaveLength(4);
  for (const one of sent().slice(1)) expect(one).not.toMatch(/sig[123]/);
  expect(sent().at(-1)).toContain('sig9');
  expect(sent().at(-1)).toContain('a long result');
});

test('the newest results are what the model waits for: they go last', async () => {
  const { model, session, sent } = await rich();
  model.script.push(calls(call('c9', 'look')), refused(), refused(), refused(), say('done'));
  expect((await session.turn('look').outcome()).status).toBe('done');
  const counts = sent().map((one) => one.match(/a long result/g)?.length ?? 0);
  expect(counts).toEqual([3, 4, 4, 1, 0]);
});

test('without reasoning and results a first refusal hides nothing; a second one does', async () => {
  const { model, sessions } = stage();
  const session = await sessions.create({ model: 'test/model' });
  await session.message('one');
  model.script.push(refused(), refused(), say('done'));
  expect((await session.turn('two').outcome()).error?.code).toBe('PROVIDER');
  expect(model.requests).toHaveLength(2);
  expect((await session.turn('three').outcome()).status).toBe('done');
  expect(model.requests).toHaveLength(4);
  expect(JSON.stringify(model.requests[3]?.prompt)).not.toContain('"one"');
});

test('where nothing may be pruned, the ladder leaves the messages alone', async () => {
  const { model, session, sent, restart } = await rich();
  const later = restart({ tools: [tool('look')] });
  const unpruned = await later.sessions.resume(session.id, { pruneStrategy: 'none' });
  model.script.push(refused(), refused(), refused(), refused());
  expect((await unpruned.turn('last').outcome()).status).toBe('failed');
  expect(sent()).toHaveLength(3);
  for (const one of sent()) expect(one).toContain('question 1');
});

test('another model is sent everything again', async () => {
  const { model, session, sent, restart } = await rich({});
  model.script.push(refused(), refused());
  await session.message('go on');
  const other = scripted([], 'test', 'other');
  const later = restart({ models: resolverOf({ 'test/other': other }), tools: [tool('look')] });
  await (await later.sessions.resume(session.id, { model: 'test/other' })).message('and you?');
  expect(sent().at(-1)).not.toContain('a long result');
  expect(JSON.stringify(other.requests[0]?.prompt)).toContain('a long result');
});
