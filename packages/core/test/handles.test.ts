import { expect, test } from 'vitest';
import type { Session } from '../src/contracts/session.ts';
import type { Chunk, Turn } from '../src/contracts/turn.ts';
import { settled, until } from './support/clock.ts';
import { call, calls, finish, httpError, say, text } from './support/model.ts';
import { chunksOf, shownText, stage, tool } from './support/stage.ts';

const start = { model: 'test/model' };

test('a turn starts by itself; its first event comes after the caller’s synchronous code', async () => {
  const { sessions, model } = stage();
  const session = await sessions.create(start);
  const turn = session.turn('go');
  const seen: string[] = [];
  for (const event of ['start', 'text', 'end', 'error'] as const) turn.on(event, () => seen.push(event));
  expect(seen).toEqual([]);
  expect(model.requests).toEqual([]);
  await turn.outcome();
  expect(seen).toEqual(['start', 'text', 'text', 'end']);
});

test('listeners, an iterator and await work on one call', async () => {
  const { sessions, model } = stage();
  model.script.push(say('Hello there'));
  const session = await sessions.create(start);
  const stream = session.message('go');
  let heard = '';
  stream.on('text', ({ content }) => (heard += content));
  let ended: unknown;
  stream.on('end', (outcome) => (ended = outcome));
  const read = chunksOf(stream);
  const message = await stream;
  expect(message.content).toBe('Hello there');
  expect(heard).toBe('Hello there');
  expect(shownText(await read)).toBe('Hello there');
  expect(ended).toMatchObject({ status: 'done', tokens: 15 });
  expect(await stream).toEqual(message);
});

test('a reader that keeps up gets each delta with its place; a late one gets joined text', async () => {
  const { sessions, model } = stage();
  const gate = Promise.withResolvers<void>();
  model.script.push([...text('abcd'), { act: 'wait', for: gate.promise }, ...text('ef'), finish()]);
  const session = await sessions.create(start);
  const turn = session.turn('go');
  const early: Chunk[] = [];
  const reading = (async () => {
    for await (const chunk of turn) early.push(chunk);
  })();
  await until(() => early.length === 2);
  gate.resolve();
  await reading;
  expect(early.map((chunk) => chunk.type === 'text' && [chunk.content, chunk.at.offset])).toEqual([
    ['ab', 0],
    ['cd', 2],
    ['e', 4],
    ['f', 5],
  ]);
  const late = await chunksOf(turn);
  expect(late).toEqual([{ type: 'text', content: 'abcdef', at: { seq: 2, attempt: 1, offset: 0 } }]);
});

test('a reader that joins in the middle gets what was said, once, and then what comes', async () => {
  const { sessions, model } = stage({ tools: [tool('look')] });
  const gate = Promise.withResolvers<void>();
  model.script.push(calls(...text('one '), call('a', 'look')), [
    ...text('two '),
    { act: 'wait', for: gate.promise },
    ...text('three'),
    finish(),
  ]);
  const session = await sessions.create(start);
  const turn = session.turn('go');
  await until(() => model.requests.length === 2);
  await settled(10);
  const reading = chunksOf(turn);
  await settled(2);
  gate.resolve();
  const chunks = await reading;
  expect(chunks.map(({ type }) => type)).toEqual(['text', 'tool_call', 'tool_result', 'text', 'text', 'text']);
  expect(shownText(chunks)).toBe('one two three');
});

test('`break` detaches the reader; the turn goes on', async () => {
  const { sessions, model } = stage();
  model.script.push(say('Hello there'));
  const session = await sessions.create(start);
  const turn = session.turn('go');
  for await (const chunk of turn) {
    expect(chunk.type).toBe('text');
    break;
  }
  expect(await turn.outcome()).toMatchObject({ status: 'done', message: { content: 'Hello there' } });
});

test('a failure is thrown to readers after the last chunk, rejects the promise, and is one error everywhere', async () => {
  const { sessions, model } = stage();
  const refused = { type: 'error', error: { message: 'bad', statusCode: 400 } } as const;
  model.script.push([...text('half'), refused]);
  const session = await sessions.create(start);
  const errors: unknown[] = [];
  const stream = session.message('go');
  stream.on('error', (error) => errors.push(error));
  session.on('error', (error) => errors.push(error));
  const seen: string[] = [];
  const read = (async () => {
    for await (const chunk of stream) if (chunk.type === 'text') seen.push(chunk.content);
  })();
  errors.push(
    await read.catch((error: unknown) => error),
    await stream.catch((error: unknown) => error),
    (await stream.outcome()).error,
  );
  expect(seen.join('')).toBe('half');
  expect(errors).toHaveLength(5);
  expect(new Set(errors).size).toBe(1);
  expect(errors[0]).toMatchObject({ code: 'PROVIDER' });
});

test('`then`, `catch` and `finally` are those of a promise', async () => {
  const { sessions, model } = stage();
  model.script.push(say('x'), httpError(400, 'bad'));
  const session = await sessions.create(start);
  let tidied = 0;
  expect(await session.message('a').finally(() => (tidied += 1))).toMatchObject({ content: 'x' });
  expect(await session.message('b').catch((error: { code: string }) => error.code)).toBe('PROVIDER');
  expect(tidied).toBe(1);
});

test('a failure that nobody reads is no unhandled rejection', async () => {
  const unhandled: unknown[] = [];
  const note = (error: unknown): void => void unhandled.push(error);
  process.on('unhandledRejection', note);
  try {
    const { sessions, model, reported } = stage();
    model.script.push(httpError(400, 'bad'), [...text('x'), { act: 'stall' }]);
    const session = await sessions.create(start);
    session.message('a');
    session.turn('b');
    await until(() => model.requests.length === 2);
    void session.message('c');
    await settled(5);
    const gone = stage();
    (await gone.sessions.create({ model: 'test/model' })).message('a');
    gone.storage.crash();
    await settled(20);
    expect(unhandled).toEqual([]);
    expect(reported).toEqual([]);
  } finally {
    process.off('unhandledRejection', note);
  }
});

test('a listener that throws, or rejects, is reported, and nobody else notices', async () => {
  const { sessions, reported } = stage();
  const session = await sessions.create(start);
  const boom = new Error('boom');
  let heard = 0;
  const turn = session.message('go');
  turn.on('text', () => {
    throw boom;
  });
  turn.on('text', () => (heard += 1));
  turn.on('end', (async () => {
    throw boom;
  }) as () => void);
  session.on('message', () => {
    throw boom;
  });
  expect((await turn).content).toBe('ok');
  await settled(1);
  expect(heard).toBe(2);
  expect(reported).toEqual([boom, boom, boom, boom, boom]);
});

test('a `report` that throws holds no turn', async () => {
  const { sessions } = stage({
    report: () => {
      throw new Error('no log');
    },
  });
  const session = await sessions.create(start);
  const turn = session.message('go');
  turn.on('end', () => {
    throw new Error('boom');
  });
  expect((await turn).content).toBe('ok');
});

test('`once` hears one event, `off` none, and one listener may be on several events', async () => {
  const { sessions } = stage();
  const session = await sessions.create(start);
  const heard: string[] = [];
  const turn = session.turn('go');
  const both = (): void => void heard.push('both');
  const twice = ({ content }: { content: string }): void => void heard.push(content);
  turn.once('text', twice);
  turn.once('end', both).once('error', both).off('end', both);
  turn.on('text', twice).off('text', twice);
  const removed = (): void => void heard.push('removed');
  turn.once('text', removed).off('text', removed);
  turn.once('text', ({ content }) => heard.push(content));
  await turn.outcome();
  expect(heard).toEqual(['o']);
});

test('two messages at once are answered in order, each with the other before it', async () => {
  const { sessions, model } = stage();
  model.script.push(say('first'), say('second'));
  const session = await sessions.create(start);
  const [a, b] = await Promise.all([session.message('A'), session.message('B')]);
  expect([a.content, b.content]).toEqual(['first', 'second']);
  expect(model.requests[1]?.prompt.map(({ role }) => role)).toEqual(['user', 'assistant', 'user']);
  expect((await session.getMessages()).map(({ content }) => content)).toEqual(['A', 'first', 'B', 'second']);
});

test('a message that waits behind another can be aborted; the other goes on', async () => {
  const { sessions, model } = stage();
  const gate = Promise.withResolvers<void>();
  model.script.push([{ act: 'wait', for: gate.promise }, ...say('first')]);
  const session = await sessions.create(start);
  const first = session.message('A');
  const second = session.turn('B');
  await until(() => model.requests.length === 1);
  const aborted = second.abort();
  gate.resolve();
  expect((await first).content).toBe('first');
  expect((await aborted).status).toBe('aborted');
  expect((await session.getMessages()).map(({ content }) => content)).toEqual(['A', 'first']);
});

test('`turn()` can be returned from async code; `message()` resolves to the message', async () => {
  const { sessions } = stage();
  const session = await sessions.create(start);
  const begin = async (): Promise<Turn> => session.turn('go');
  const turn = await begin();
  expect('then' in turn).toBe(false);
  expect(shownText(await chunksOf(turn))).toBe('ok');
  const ask = async (to: Session) => to.message('go');
  expect((await ask(session)).content).toBe('ok');
});

test('session events come in the order of the records, each once stored', async () => {
  const { sessions, model, storage } = stage({ tools: [tool('look')] });
  model.script.push(calls(...text('Looking'), call('a', 'look')), say('done'));
  const session = await sessions.create(start);
  const events: string[] = [];
  const note = (event: string): void => void events.push(`${event}@${storage.counts.append}`);
  session.on('message', ({ role }) => note(role));
  session.on('tool_call', ({ tool: name }) => note(`call ${name}`));
  session.on('tool_result', ({ id }) => note(`result ${id}`));
  session.on('token_usage', () => note('usage'));
  session.on('save', ({ seq }) => note(`save ${seq}`));
  session.on('error', () => note('error'));
  await session.message('go');
  expect(events).toEqual([
    'user@2',
    'assistant@3',
    'usage@3',
    'call look@3',
    'result a@4',
    'assistant@5',
    'usage@5',
    'save 6@6',
  ]);
});

test('chunks name the last stored record and the place in the step', async () => {
  const { sessions, model } = stage({ tools: [tool('look')] });
  model.script.push(calls(...text('Looking'), call('a', 'look')), say('done'));
  const session = await sessions.create(start);
  const chunks = await chunksOf(session.turn('go'));
  expect(chunks.map(({ type, at }) => [type, at.seq, at.attempt, at.offset])).toEqual([
    ['text', 2, 1, 0],
    ['text', 2, 1, 4],
    ['tool_call', 3, 1, 0],
    ['tool_result', 4, 1, 0],
    ['text', 4, 1, 0],
    ['text', 4, 1, 2],
  ]);
});

test.each([undefined, null, 7, '', '  \n', {}])('a message must be a text that is not empty, not %j', async (input) => {
  const { sessions } = stage();
  const session = await sessions.create(start);
  expect(() => session.message(input as string)).toThrow(expect.objectContaining({ code: 'INVALID_INPUT' }) as Error);
  expect(() => session.turn(input as string)).toThrow(expect.objectContaining({ code: 'INVALID_INPUT' }) as Error);
});
