import { describe, expect, test } from 'vitest';
import type { JSONSchema7, LanguageModelV4CallOptions } from '@ai-sdk/provider';
import {
  cassetteModel,
  cassetteModels,
  cassetteOf,
  readCassette,
  recordCassette,
  replayCassette,
} from '../src/cassette/index.ts';
import { Log } from '../src/cassette/log.ts';
import { recordedStorage } from '../src/cassette/record-storage.ts';
import type { Session } from '../src/contracts/session.ts';
import type { SessionStorage } from '../src/contracts/storage.ts';
import { RepriseError } from '../src/errors.ts';
import type { Rec } from '../src/records/types.ts';
import { createSessions } from '../src/session/sessions.ts';
import { memoryStorage } from '../src/storage/memory.ts';
import { settled, until } from './support/clock.ts';
import type { Answer } from './support/model.ts';
import { call, calls, finish, httpError, reasoning, say, scripted, text } from './support/model.ts';
import type { Stage } from './support/stage.ts';
import { infoOf, resolverOf, stage, tool } from './support/stage.ts';

const start = { model: 'test/model' };

interface Scene {
  readonly theatre: Stage;
  readonly session: Session;
  /** What was recorded so far. */
  text(): string;
}

/** A stage whose models and store are recorded. */
async function recorded(
  script: readonly Answer[],
  change: Parameters<typeof stage>[0] = {},
  options: Partial<Parameters<Stage['sessions']['create']>[0]> = {},
  info = infoOf(),
): Promise<Scene> {
  const lines: string[] = [];
  let made: Stage | undefined;
  const recorder = recordCassette((line) => lines.push(line), { now: () => made?.clock.now() ?? 0 });
  const model = scripted(script);
  const theatre: Stage = (made = stage({
    models: recorder.models(resolverOf({ 'test/model': model, 'test/other': scripted([], 'test', 'other') }, info)),
    storage: recorder.storage(memoryStorage()),
    ...change,
  }));
  const session = await theatre.sessions.create({ ...start, ...options });
  return { theatre: { ...theatre, model }, session, text: () => lines.join('') };
}

/** Both ways of playing it again give the same records: the recording, and the log alone. */
async function expectSame({ session, text: recording, theatre }: Scene, turns: number): Promise<void> {
  expect(await replayCassette(readCassette(recording()))).toEqual({ turns, skipped: [] });
  const models = resolverOf({ 'test/model': theatre.model, 'test/other': scripted([], 'test', 'other') });
  const log = cassetteOf(await session.export());
  expect(await replayCassette(log, { models })).toEqual({ turns, skipped: [] });
}

const look = (): ReturnType<typeof tool> =>
  tool('look', {
    run: async (input: { n?: number }) => {
      if (input.n === 2) throw new Error('nothing there');
      return input.n === 3 ? { found: [1, 2] } : 'seen';
    },
    toModel: (output) => [{ type: 'text', text: `told: ${JSON.stringify(output)}` }],
  });

describe('what was recorded gives the same records', () => {
  test.each<[string, readonly Answer[], number?]>([
    ['text', [say('Hello.')]],
    [
      'reasoning with its signature, text, and calls at once that succeed, fail and are unknown',
      [
        calls(
          ...reasoning('Hm.', 'sig'),
          ...text('I look.', { test: { id: 'm1' } }),
          call('a', 'look', { n: 1 }),
          call('b', 'look', { n: 2 }),
          call('c', 'look', { n: 3 }),
          call('d', 'nothing'),
        ),
        say('So.'),
      ],
    ],
    [
      'arguments that are none, calls without an id and twice under one',
      [
        calls(
          call('a', 'look', '{"n":'),
          call('b', 'look', '[1]'),
          call('', 'look', { n: 1 }),
          call('c', 'look', { n: 'x' }),
        ),
        say('So.'),
      ],
    ],
    ['calls that an output limit cut', [[...text('I'), call('a', 'look'), finish('length')]]],
    [
      'tries that failed, each in its way',
      [
        httpError(429, 'rate limit', { 'retry-after': '7' }),
        httpError(529, 'overloaded'),
        [...text('Half an ans'), { act: 'break', error: new Error('socket hang up') }],
        [...text('Half'), { type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } }],
        say('At last.'),
      ],
    ],
    ['a failure that ends the turn', [httpError(401, 'invalid x-api-key')]],
    ['a limit that lasts for a day', [httpError(429, 'rate limit', { 'retry-after': '86400' })]],
    ['five failures', Array.from({ length: 5 }, () => httpError(503, 'unavailable'))],
    [
      'a failure after shown text',
      [
        ...Array.from({ length: 4 }, () => httpError(503, 'unavailable')),
        [...text('Half'), { act: 'break', error: new Error('reset') }],
      ],
    ],
    [
      'an answer that breaks its protocol',
      [[...text('So')], [{ act: 'break', error: new Error('odd bytes') }], say('Good.')],
    ],
    [
      'a refusal, and what is left out for it',
      [calls(...reasoning('Hm.', 'sig'), call('a', 'look', { n: 1 })), httpError(400, 'messages.1: no'), say('Good.')],
    ],
    ['a loop', Array.from({ length: 3 }, (_, i) => calls(call(`c${i}`, 'look', { n: 1 })))],
    [
      'parts that nobody knows',
      [[{ type: 'source', sourceType: 'url', id: 's', url: 'https://a.example/' }, ...say('Hello.')]],
    ],
  ])('%s', async (_name, script) => {
    const scene = await recorded(script, { tools: [look()] });
    const { clock } = scene.theatre;
    await clock.drive(scene.session.turn('go').outcome());
    await clock.drive(scene.session.turn('and now?').outcome());
    await expectSame(scene, 2);
  });

  test('silence, a time limit and what comes after it', async () => {
    const scene = await recorded([[...text('Half'), { act: 'stall' }], say('Whole.')]);
    const outcome = await scene.theatre.clock.drive(scene.session.turn('go').outcome(), 400_000);
    expect(outcome).toMatchObject({ status: 'done', message: { content: 'Whole.' } });
    await expectSame(scene, 1);
  });

  test('results in the order in which they came', async () => {
    const hold = Promise.withResolvers<void>();
    const slow = tool('slow', { run: () => hold.promise.then(() => 'slow') });
    const quick = tool('quick', { run: async () => 'quick' });
    const scene = await recorded([calls(call('a', 'slow'), call('b', 'quick')), say('So.')], { tools: [slow, quick] });
    const turn = scene.session.turn('go');
    await until(() => quick.runs.length > 0);
    await settled();
    hold.resolve();
    await turn.outcome();
    const { records = [] } = await scene.session.export();
    expect((records as { type: string; call?: string }[]).flatMap((one) => one.call ?? [])).toEqual(['b', 'a']);
    await expectSame(scene, 1);
    expect([slow.runs.length, quick.runs.length]).toEqual([1, 1]);
  });

  test('with the tools themselves where they are given, and else without them', async () => {
    const tools = [look()];
    const scene = await recorded([calls(call('a', 'look', { n: 1 })), say('So.')], { tools });
    await scene.session.turn('go').outcome();
    const cassette = readCassette(scene.text());
    expect(await replayCassette(cassette)).toEqual({ turns: 1, skipped: [] });
    expect(tools[0]?.runs).toHaveLength(1);
    expect(await replayCassette(cassette, { tools })).toEqual({ turns: 1, skipped: [] });
    expect(tools[0]?.runs).toHaveLength(2);
    const other = [tool('look', { run: async () => 'another thing' })];
    expect((await replayCassette(cassette, { tools: other, match: 'order' })).difference).toMatchObject({
      in: { seq: 4 },
      path: 'result',
    });
  });

  test('a value of a schema, and what was said of one that did not fit', async () => {
    const scene = await recorded([say('{"n":"x"}'), say('{"n":7}')]);
    const output: JSONSchema7 = { type: 'object', properties: { n: { type: 'number' } }, required: ['n'] };
    expect((await scene.session.turn('How many?', { output }).outcome()).output).toEqual({ n: 7 });
    expect(await replayCassette(readCassette(scene.text()))).toEqual({ turns: 1, skipped: [] });
  });

  test('denials, and that they were', async () => {
    const scene = await recorded(
      ['a', 'b', 'c'].map((id) => calls(call(id, 'look'))),
      { tools: [look()], permissions: { decide: () => ({ verdict: 'deny', reason: 'not here' }) } },
    );
    expect(await scene.session.turn('go').outcome()).toMatchObject({ error: { code: 'PERMISSION_DENIED' } });
    await expectSame(scene, 1);
  });

  test.each<[string, Answer, string]>([
    ['before the first part', [{ act: 'stall' }], ''],
    ['in the middle of an answer', [...text('Half of'), { act: 'stall' }], 'Half of'],
  ])('an abort %s', async (_name, answer, content) => {
    const scene = await recorded([answer, say('Next.')]);
    const turn = scene.session.turn('go');
    await until(() => scene.theatre.model.requests.length === 1);
    await settled(8);
    expect((await turn.abort('enough')).message?.content ?? '').toBe(content);
    await scene.session.turn('and now?').outcome();
    await expectSame(scene, 2);
  });

  test('an abort while a tool runs, and one in the wait for another try', async () => {
    const never = tool('look', {
      run: (_input, { signal }) =>
        new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('stopped')))),
    });
    const scene = await recorded([calls(call('a', 'look')), httpError(429, 'rate limit', { 'retry-after': '30' })], {
      tools: [never],
    });
    const turn = scene.session.turn('go');
    await until(() => never.runs.length === 1);
    await turn.abort();
    const second = scene.session.turn('again');
    await until(() => scene.theatre.model.requests.length === 2);
    await settled(8);
    await second.abort();
    await expectSame(scene, 2);
  });

  test('a message that steered the turn', async () => {
    const hold = Promise.withResolvers<void>();
    const slow = tool('slow', { run: () => hold.promise.then(() => 'slow') });
    const scene = await recorded([calls(call('a', 'slow')), say('So.')], { tools: [slow] });
    const turn = scene.session.turn('go');
    await until(() => slow.runs.length > 0);
    const steering = scene.session.turn('the other way', { busy: 'steer', key: 'k1' });
    await settled(8);
    hold.resolve();
    await turn.outcome();
    await scene.theatre.clock.drive(steering.outcome());
    expect(JSON.stringify(scene.theatre.model.requests.at(-1)?.prompt)).toContain('the other way');
    await expectSame(scene, 1);
  });

  test('pruned windows, summed up or not, and a request that was too long', async () => {
    const long = 'word '.repeat(150);
    const tooLong = httpError(400, 'prompt is too long: 1200 tokens > 1000 maximum');
    for (const pruneStrategy of ['sliding-window', 'summarize'] as const) {
      const small = infoOf({ contextWindow: 1000 });
      const scene = await recorded([say(long), say(long), tooLong], {}, { pruneStrategy }, small);
      for (let i = 0; i < 8; i += 1)
        await scene.theatre.clock.drive(scene.session.turn(`question ${i} ${long}`).outcome());
      const replay = await replayCassette(readCassette(scene.text()));
      expect(replay).toEqual({ turns: 8, skipped: [] });
      const { records = [] } = await scene.session.export();
      expect((records as { type: string }[]).filter(({ type }) => type === 'boundary').length).toBeGreaterThan(1);
      const models = resolverOf({ 'test/model': scene.theatre.model }, small);
      expect(await replayCassette(cassetteOf(await scene.session.export()), { models })).toEqual({
        turns: 8,
        skipped: [],
      });
    }
  });

  test('turns on what a rewind, an undo and a redo left', async () => {
    const scene = await recorded([say('a1'), say('a2'), say('b2'), say('a3'), say('c2')]);
    const { session } = scene;
    for (const said of ['one', 'two']) await session.message(said);
    const two = (await session.getMessages())[2]?.id ?? '';
    await session.rewind(two);
    await session.message('second');
    await session.undo();
    await session.undo();
    await session.message('three');
    await session.deleteMessage(two);
    await session.undo();
    await session.redo();
    await session.message('four');
    await expectSame(scene, 5);
    // Also where no checkpoint helps, as in an import.
    const { records = [], ...rest } = await session.export();
    const bare = records.map((record) =>
      (record as Rec).type === 'checkpoint' ? { type: 'warning', at: rest.state.createdAt, message: 'none' } : record,
    );
    const models = resolverOf({ 'test/model': scene.theatre.model });
    expect(await replayCassette(cassetteOf({ ...rest, records: bare }), { models })).toEqual({ turns: 5, skipped: [] });
  });

  test('another model for the rest of a turn, and what was changed between turns', async () => {
    const scene = await recorded(
      [httpError(404, 'model not found'), say('again')],
      { tools: [look()] },
      { fallbackModels: ['test/other'] },
    );
    await scene.session.turn('go').outcome();
    const [first] = await scene.session.getMessages();
    await scene.session.editMessage(first?.id ?? '', { content: 'go there' });
    await scene.theatre.sessions.resume(scene.session.id, { temperature: 0.1 });
    await scene.session.turn('and now?').outcome();
    await scene.session.clearHistory();
    await scene.session.turn('anew').outcome();
    await expectSame(scene, 3);
  });
});

describe('a difference', () => {
  test('of the engine is told with its record and its place', async () => {
    const scene = await recorded([calls(call('a', 'look')), say('So.')], { tools: [look()] });
    await scene.session.turn('go').outcome();
    const text = scene.text().replace('"steps":2', '"steps":3');
    expect((await replayCassette(readCassette(text))).difference).toEqual({
      session: 's1',
      turn: 1,
      in: { seq: 6 },
      path: 'steps',
      recorded: 3,
      found: 2,
      text: 'Turn 1 of s1, record 6: steps: 3 on the cassette, 2 now.',
    });
  });

  test('of the request comes first', async () => {
    const scene = await recorded([say('So.')]);
    await scene.session.turn('What is the time in Lima?').outcome();
    const text = scene.text().replace('"text":"What is the time in Lima?"', '"text":"What is the time in Rome?"');
    expect((await replayCassette(readCassette(text))).difference).toEqual({
      session: 's1',
      turn: 1,
      in: 'request',
      path: 'prompt[0].content[0].text',
      recorded: 'What is the time in Rome?',
      found: 'What is the time in Lima?',
      text: 'Turn 1 of s1, a request: prompt[0].content[0].text: "What is the time in Rome?" on the cassette, "What is the time in Lima?" now.',
    });
    expect(await replayCassette(readCassette(text), { match: 'order' })).toEqual({ turns: 1, skipped: [] });
  });

  test('in what was recorded of a model is found in the records', async () => {
    const scene = await recorded([say('So it is.')]);
    await scene.session.turn('go').outcome();
    const [part = ''] = /"delta":"So it[^"]*"/.exec(scene.text()) ?? [];
    const text = scene.text().replace(part, '"delta":"So it was "');
    expect((await replayCassette(readCassette(text))).difference).toMatchObject({ in: { seq: 3 }, path: 'content' });
  });
});

describe('results in an order that can not be had any more', () => {
  test('are told, and hold up nothing', async () => {
    const scene = await recorded([calls(call('a', 'look'), call('b', 'look', { n: 3 })), say('So.')], {
      tools: [look()],
    });
    await scene.session.turn('go').outcome();
    // A result of a call that nobody makes comes first: those that are made wait for it in vain.
    const text = scene.text().replace('"call":"a"', '"call":"nobody"');
    const { difference } = await replayCassette(readCassette(text), { match: 'order' });
    expect(difference).toMatchObject({ in: { seq: 4 }, path: 'call', recorded: 'nobody' });
  });
});

describe('an agent on a cassette', () => {
  const record = async (): Promise<string> => {
    const scene = await recorded(
      [calls(call('a', 'look', { n: 1 })), say('It is noon.')],
      { tools: [look()] },
      { systemPrompt: 'Be brief.' },
    );
    await scene.session.turn('go').outcome();
    return scene.text();
  };
  const agent = (text: string, options: Parameters<typeof cassetteModels>[1] = {}, tools = [look()]) =>
    createSessions({ storage: memoryStorage(), models: cassetteModels(readCassette(text), options), tools });

  test('runs its tools and gives the recorded answers', async () => {
    const tools = [look()];
    const session = await agent(await record(), {}, tools).create({ ...start, systemPrompt: 'Be brief.' });
    expect((await session.message('go')).content).toBe('It is noon.');
    expect(tools[0]?.runs).toEqual([{ n: 1 }]);
  });

  test('that asks something else is told where, at once and without another try', async () => {
    const cassette = await record();
    const session = await agent(cassette).create({ ...start, systemPrompt: 'Be verbose.' });
    const outcome = await session.turn('go').outcome();
    expect(outcome).toMatchObject({
      status: 'failed',
      error: {
        code: 'CONFLICT',
        message: expect.stringContaining('prompt[0].content: "Be brief." on the cassette, "Be verbose." now') as string,
      },
    });
    const { records = [] } = await session.export();
    expect((records as { type: string }[]).map(({ type }) => type)).toEqual(['session', 'message', 'turn-end']);
    for (const match of ['order', ({ prompt }: { prompt: readonly unknown[] }) => prompt.slice(1)] as const) {
      const lenient = await agent(cassette, { match }).create({ ...start, systemPrompt: 'Be verbose.' });
      expect((await lenient.message('go')).content).toBe('It is noon.');
    }
  });

  test('that asks once more than was recorded is told so', async () => {
    const session = await agent(await record()).create({ ...start, systemPrompt: 'Be brief.' });
    await session.message('go');
    await expect(session.message('again')).rejects.toMatchObject({
      code: 'CONFLICT',
      message: expect.stringContaining('one more'),
    });
  });

  test('with a model object, a name that is not there, and nothing but streams', async () => {
    const cassette = readCassette(await record());
    const model = cassetteModel(cassette, { match: 'order' });
    expect([model.provider, model.modelId]).toEqual(['test', 'model']);
    await expect(model.doGenerate({ prompt: [] })).rejects.toMatchObject({ code: 'UNSUPPORTED' });
    await expect(cassetteModels(cassette).resolve('no/such')).rejects.toMatchObject({
      code: 'MODEL_NOT_FOUND',
      hint: 'It has test/model.',
    });
    const sessions = createSessions({ storage: memoryStorage(), models: cassetteModels(cassette), tools: [look()] });
    expect((await (await sessions.create({ model })).message('anything')).content).toBe('It is noon.');
  });

  test('at the speed at which it was recorded', async () => {
    const { clock } = stage();
    const parts = say('Slowly.');
    const lines = [
      { cassette: 1, at: '2026-01-01T00:00:00.000Z' },
      { type: 'call', call: 1, model: { provider: 'p', modelId: 'm' }, request: { prompt: [] } },
      ...parts.map((part, i) => ({ type: 'part', call: 1, ms: 100 * i, part })),
      { type: 'end', call: 1, ms: 1000 },
    ];
    const cassette = readCassette(lines.map((line) => JSON.stringify(line)).join('\n'));
    const model = cassetteModel(cassette, { speed: 2, clock });
    const { stream } = await model.doStream({ prompt: [] } as LanguageModelV4CallOptions);
    const began = clock.now();
    const times: number[] = [];
    const read = (async () => {
      for await (const part of stream) if (part.type === 'text-delta') times.push(clock.now() - began);
    })();
    await clock.drive(read);
    expect(times).toEqual([100, 150]);
    expect(clock.now() - began).toBe(500);
  });
});

describe('the file', () => {
  test('grows with the conversation and not with its square', async () => {
    const scene = await recorded([]);
    const sizes: number[] = [];
    for (let i = 0; i < 30; i += 1) {
      const before = scene.text().length;
      await scene.session.turn(`question ${i} ${'x'.repeat(500)}`).outcome();
      sizes.push(scene.text().length - before);
    }
    expect(Math.max(...sizes.slice(1))).toBeLessThan(1.2 * Math.min(...sizes.slice(1)));
    expect(await replayCassette(readCassette(scene.text()))).toEqual({ turns: 30, skipped: [] });
  });

  test('that a crash cut at any byte is read up to there, and what it holds of a turn is compared', async () => {
    const scene = await recorded([calls(...reasoning('Hm.'), call('a', 'look')), say('So.')], { tools: [look()] });
    await scene.session.turn('go').outcome();
    const text = scene.text();
    for (let cut = text.indexOf('"type":"message"'); cut < text.length; cut += 97) {
      const replay = await replayCassette(readCassette(text.slice(0, cut)));
      expect([cut, replay.difference]).toEqual([cut, undefined]);
    }
  });

  test('may hold several recordings, also after one that was cut', async () => {
    const lines: string[] = [];
    const models = resolverOf({ 'test/model': scripted([say('one'), say('two'), say('three')]) });
    const storage = memoryStorage();
    const process = () => {
      const recorder = recordCassette((line) => lines.push(line));
      return stage({ models: recorder.models(models), storage: recorder.storage(storage) }).sessions;
    };
    const session = await process().create(start);
    await session.message('first');
    lines.push('{"type":"part","call":1,"m\n');
    await (await process().resume(session.id)).message('second');
    await (await process().resume(session.id)).message('third');
    expect(await replayCassette(readCassette(lines.join('')))).toEqual({ turns: 3, skipped: [] });
    // A recording that begins in the middle of a session brings along what was there.
    const last = lines.join('').slice(lines.join('').lastIndexOf('{"cassette"'));
    expect(await replayCassette(readCassette(last))).toEqual({ turns: 1, skipped: [] });
  });

  test.each<[string, string, string]>([
    ['what is no cassette', 'hello', 'Line 1'],
    ['JSON that is none', '{"a":1}\n', 'Line 1'],
    ['an array', '[]\n', 'Line 1'],
    ['lines without a beginning', '{"type":"end","call":1,"ms":0}\n', 'Line 1'],
    ['a part of no call', '{"cassette":1,"at":""}\n{"type":"part","call":1,"ms":0,"part":{}}\n', 'Line 2'],
    ['damage in the middle', '{"cassette":1,"at":""}\n{"ty\n{"type":"end","call":1,"ms":0}\n', 'Line 2'],
  ])('INVALID_INPUT names the line: %s', (_name, text, where) => {
    expect(() => readCassette(text)).toThrow(
      expect.objectContaining({ code: 'INVALID_INPUT', message: expect.stringContaining(where) }) as Error,
    );
  });

  test('of a newer format is refused; lines of an unknown type are passed over', () => {
    expect(() => readCassette('{"cassette":2}\n')).toThrow(
      expect.objectContaining({ code: 'FORMAT_TOO_NEW' }) as Error,
    );
    const { calls: found } = readCassette('{"cassette":1,"at":""}\n{"type":"note","text":"hi"}\n');
    expect(found).toEqual([]);
  });

  test('without a session can answer and not be played again', async () => {
    const text = '{"cassette":1,"at":"2026-01-01T00:00:00.000Z"}\n';
    await expect(replayCassette(readCassette(text))).rejects.toMatchObject({ code: 'INVALID_INPUT' });
  });

  test('remembers so many sessions; one that it forgot is introduced again, and plays the same', async () => {
    const lines: string[] = [];
    const log = new Log(
      (line) => lines.push(line),
      (json) => json,
      undefined,
    );
    log.add({ cassette: 1, at: '' });
    const { sessions } = stage({ storage: recordedStorage(memoryStorage(), log, 2) });
    const ids = [];
    for (let i = 0; i < 3; i += 1) ids.push((await sessions.create({ ...start, title: `${i}` })).id);
    const [first = '', , last = ''] = ids;
    const before = (id: string) => lines.filter((line) => line.includes('"before":true') && line.includes(`"${id}"`));
    for (const id of [last, first]) await (await sessions.resume(id)).update({ title: 'another' });
    expect([before(first).length, before(last).length]).toEqual([1, 0]);
    const { sessions: logs } = readCassette(lines.join(''));
    expect(logs.get(first)?.map(({ seq, before: old, record }) => [seq, old, record.type])).toEqual([
      [1, false, 'session'],
      [2, false, 'change'],
    ]);
  });

  test('that can not be written any more stops the recording and nothing else', async () => {
    const reported: unknown[] = [];
    let lines = 0;
    const recorder = recordCassette(
      () => {
        lines += 1;
        if (lines > 3) throw new Error('disk full');
      },
      { report: (error) => reported.push(error) },
    );
    const { sessions } = stage({ models: recorder.models(resolverOf({ 'test/model': scripted([say('fine')]) })) });
    expect((await (await sessions.create(start)).message('go')).content).toBe('fine');
    expect([lines, reported]).toEqual([4, [new Error('disk full')]]);
  });

  test.each([
    ['damage is left out and the recording goes on', new RepriseError('STORAGE_DAMAGED', 'a hole'), []],
    ['what can not be read stops the recording', new Error('no disk'), [new Error('no disk')]],
  ])('of a session that began before: %s, and the turn is answered', async (_, thrown, told) => {
    const { storage, sessions, restart } = stage();
    const { id } = await sessions.create(start);
    const lines: string[] = [];
    const reported: unknown[] = [];
    const recorder = recordCassette((line) => lines.push(line), { report: (error) => reported.push(error) });
    let broken = false;
    const inner: SessionStorage = {
      ...storage.inner,
      async *read(...range) {
        if (broken) throw thrown;
        yield* storage.inner.read(...range);
      },
    };
    const models = recorder.models(resolverOf({ 'test/model': scripted([say('fine')]) }));
    const session = await restart({ models, storage: recorder.storage(inner) }).sessions.load(id);
    broken = true;
    expect((await session.message('go')).content).toBe('fine');
    expect(reported).toEqual(told);
    expect(lines.some((line) => line.includes('"type":"record"'))).toBe(told.length === 0);
  });

  test('holds no header, no key and no secret', async () => {
    const lines: string[] = [];
    const secrets = ['hunter2-hunter2', 'quo"te-secret'];
    const recorder = recordCassette((line) => lines.push(line), { secrets });
    const error = httpError(401, 'Incorrect API key provided: sk-proj-abc123def456ghi789', {
      'set-cookie': 'session=1',
      'retry-after': '3',
    });
    const model = recorder.model(
      scripted([
        Object.assign(error, { requestBodyValues: { a: 'the body' }, url: 'https://h/?key=abc' }),
        say('Bearer abcdefgh12345'),
      ]),
    );
    const options = { prompt: [], headers: { authorization: 'Bearer abcdefgh1234' } } as LanguageModelV4CallOptions;
    await expect(model.doStream(options)).rejects.toThrow();
    const { stream } = await model.doStream({
      ...options,
      prompt: [{ role: 'system', content: `${secrets.join()} AIzaSyA1234567890abcdefghijklmnopqrstu` }],
    });
    for await (const part of stream) void part;
    const text = lines.join('');
    expect(text).not.toMatch(/authorization|abcdefgh|sk-proj|set-cookie|the body|key=abc|hunter2|te-secret|AIza/);
    expect(text).toContain('[secret],[secret] [key]');
    expect(text).toContain('"retry-after":"3"');
    for (const line of lines) expect(() => JSON.parse(line) as unknown).not.toThrow();
  });

  test('keeps bytes, links, times and odd keys as they were', async () => {
    const lines: string[] = [];
    const at = new Date(5);
    const parts = [
      { type: 'response-metadata', id: 'r', timestamp: at },
      { type: 'file', mediaType: 'image/png', data: { type: 'data', data: new Uint8Array([0, 255, 7]) } },
      {
        type: 'source',
        sourceType: 'url',
        id: 's',
        url: 'x',
        providerMetadata: { p: { $bytes: 'no', $date: { $url: 1 } } },
      },
      {
        type: 'custom',
        kind: 'a.b',
        providerMetadata: { p: { $date: 'not one' }, q: JSON.parse('{"__proto__":{"a":1}}') },
      },
      finish(),
    ];
    const stream = new ReadableStream<never>({
      start(controller) {
        for (const part of parts) controller.enqueue(part as never);
        controller.close();
      },
    });
    const model = recordCassette((line) => lines.push(line)).model({
      ...scripted(),
      doStream: async () => ({ stream }),
    });
    const prompt = [
      {
        role: 'user',
        content: [{ type: 'file', mediaType: 'image/png', data: { type: 'url', url: new URL('https://a.example/') } }],
      },
    ];
    const read = async (from: typeof model) => {
      const given: unknown[] = [];
      for await (const part of (await from.doStream({ prompt } as never)).stream) given.push(part);
      return given;
    };
    const first = await read(model);
    expect(await read(cassetteModel(readCassette(lines.join(''))))).toEqual(first);
  });
});

describe('what can not be played again is named', () => {
  test('a turn that a crash cut, and one that was carried on after it', async () => {
    const lines: string[] = [];
    const recorder = recordCassette((line) => lines.push(line));
    const model = scripted([calls(call('a', 'look')), say('done'), say('next')]);
    const first = stage({ tools: [look()], models: recorder.models(resolverOf({ 'test/model': model })) });
    const session = await first.sessions.create(start);
    first.storage.crashAppend(3, 'after');
    await session.turn('go').outcome();
    first.storage.crash();
    const next = first.restart({
      storage: recorder.storage(first.storage.inner),
      models: recorder.models(resolverOf({ 'test/model': model })),
    });
    const resumed = await next.sessions.resume('s1');
    await resumed.message('and now?');
    const { turns, skipped, difference } = await replayCassette(readCassette(lines.join('')));
    expect([turns, difference]).toEqual([1, undefined]);
    expect(skipped).toEqual([]);
    const log = await replayCassette(cassetteOf(await resumed.export()));
    expect(log.skipped).toEqual([{ session: 's1', turn: 1, why: expect.stringContaining('died') as string }]);
    expect(log.turns).toBe(1);
  });

  test('a turn that was carried on after a crash in which nothing of the answer was seen', async () => {
    const { model, sessions, storage, restart } = stage();
    model.script.push([{ act: 'stall' }], say('done'));
    void (await sessions.create(start)).turn('go').outcome();
    await until(() => model.requests.length === 1);
    storage.crash();
    const resumed = await restart().sessions.resume('s1', { recover: 'continue' });
    expect(await resumed.recovering?.outcome()).toMatchObject({ status: 'done' });
    const why = 'its process died, and another one carried it on';
    expect(await replayCassette(cassetteOf(await resumed.export()))).toEqual({
      turns: 0,
      skipped: [{ session: 's1', turn: 1, why }],
    });
  });

  test('a turn that saw attachments', async () => {
    const scene = await recorded([say('Hello.'), say('Seen.'), say('Still seen.')]);
    await scene.session.turn('go').outcome();
    const attachments = [{ data: new TextEncoder().encode('a note'), mediaType: 'text/plain', name: 'a.txt' }];
    expect((await scene.session.turn({ text: 'look', attachments }).outcome()).error).toBeUndefined();
    await scene.session.turn('and now?').outcome();
    const why = 'it saw attachments, whose bytes are on no cassette';
    const skipped = [2, 3].map((turn) => ({ session: 's1', turn, why }));
    expect(await replayCassette(readCassette(scene.text()))).toEqual({ turns: 1, skipped });
  });

  test('a log with a hole', async () => {
    const scene = await recorded([say('So.')]);
    await scene.session.turn('go').outcome();
    const lines = scene.text().split('\n');
    const holed = lines.filter((line) => !line.includes('"seq":1,')).join('\n');
    await expect(replayCassette(readCassette(holed))).rejects.toMatchObject({
      code: 'INVALID_INPUT',
      message: expect.stringContaining('record 1'),
    });
  });
});
