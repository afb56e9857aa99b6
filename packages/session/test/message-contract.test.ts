import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { anthropic, startFakeProvider } from '@reprise/fake-provider';
import type { FakeProvider } from '@reprise/fake-provider';
import type { Chunk, Coded, Session, Sessions, Turn } from '@reprise/core';
import { MODELS, environmentOf, sessionsOn, temporaryFolder } from './support.ts';

/** Sends messages that fail and looks at nothing; only the session's own event says that they did. */
const PROGRAM = `
import { Session } from '@reprise/session';
const session = await Session.create({ model: 'anthropic/claude-sonnet-4-5', tools: [] });
const failures = [];
session.on('error', ({ code }) => failures.push(code));
session.message('Nobody waits for this');
session.message('Nor for this').on('text', () => undefined);
void session.turn('Nor for this');
while (failures.length < 3) await new Promise((resolve) => setTimeout(resolve, 10));
await new Promise((resolve) => setTimeout(resolve, 50));
console.log('still here,', ...failures);
`;

let fake: FakeProvider;
let folder: ReturnType<typeof temporaryFolder>;
let sessions: Sessions;
let session: Session;
let reported: unknown[];

beforeEach(async () => {
  fake = await startFakeProvider({ strict: true });
  folder = temporaryFolder();
  reported = [];
  sessions = sessionsOn(folder.path, fake, { report: (error) => reported.push(error) });
  session = await sessions.create({ model: MODELS.anthropic, tools: [] });
  session.registerTool({ name: 'dice', description: 'Rolls.', handler: () => 4 });
});
afterEach(async () => {
  await sessions.close();
  await fake.close();
  folder.remove();
});

const TEXT = 'One, two, three, four, five.';
const say = (text = TEXT) => anthropic.message({ text });
const roll = () => anthropic.message({ text: 'I roll.', toolCalls: [{ id: 'toolu_1', name: 'dice', input: {} }] });
const refuse = () => ({ status: 401, body: anthropic.errorBody('authentication_error', 'no such key') });

async function chunksOf(turn: AsyncIterable<Chunk> | Turn): Promise<Chunk[]> {
  const chunks: Chunk[] = [];
  for await (const chunk of turn) chunks.push(chunk);
  return chunks;
}
const textOf = (chunks: readonly Chunk[]): string =>
  chunks.map((chunk) => (chunk.type === 'text' ? chunk.content : '')).join('');

describe('one call, three ways to read it', () => {
  test('iterate, listen and await give the same', async () => {
    fake.script('anthropic', roll(), say());
    const stream = session.message('Roll the dice');
    const heard: string[] = [];
    stream.on('text', ({ content }) => heard.push(content));
    stream.on('tool_call', ({ tool }) => heard.push(`call ${tool}`));
    stream.on('tool_result', ({ result }) => heard.push(`result ${result}`));
    const [chunks, message] = await Promise.all([chunksOf(stream), stream]);
    expect(message).toMatchObject({ role: 'assistant', content: TEXT, finishReason: 'stop' });
    expect(textOf(chunks)).toBe(`I roll.${TEXT}`);
    expect(heard.join('')).toBe(`I roll.call diceresult 4${TEXT}`);
    expect(chunks.filter(({ type }) => type.startsWith('tool_')).map(({ type }) => type)).toEqual([
      'tool_call',
      'tool_result',
    ]);
    const [, , last] = await session.getMessages();
    expect(last).toEqual(message);
    expect(fake.requests).toHaveLength(2);
  });

  test('awaiting twice, and catch and finally, ask for no second answer', async () => {
    fake.script('anthropic', say());
    const stream = session.message('Hi');
    let finished = 0;
    const [one, two, three, four] = await Promise.all([
      stream,
      stream,
      stream.catch(() => undefined),
      stream.finally(() => void (finished += 1)),
    ]);
    expect(two).toEqual(one);
    expect(three).toEqual(one);
    expect(four).toEqual(one);
    expect(finished).toBe(1);
    expect(fake.requests).toHaveLength(1);
  });

  test('it can be given where a promise is wanted', async () => {
    fake.script('anthropic', say());
    const ask = (): Promise<{ readonly content: string }> => session.message('Hi');
    expect((await ask()).content).toBe(TEXT);
  });

  test('several iterators each get everything', async () => {
    fake.script('anthropic', say());
    const stream = session.message('Hi');
    const both = await Promise.all([chunksOf(stream), chunksOf(stream)]);
    expect(both.map(textOf)).toEqual([TEXT, TEXT]);
  });
});

describe('it starts at once', () => {
  test('the request leaves although nobody reads', async () => {
    fake.script('anthropic', say());
    session.message('Hi');
    const request = await fake.received(0);
    expect(JSON.stringify(request.json.messages)).toContain('Hi');
    await request.closed;
    await expect.poll(() => session.state.status).toBe('idle');
    expect((await session.getMessages()).map(({ content }) => content)).toEqual(['Hi', TEXT]);
  });

  test('listeners attached in the same tick miss nothing, late ones get later events only', async () => {
    fake.script('anthropic', roll(), say());
    const stream = session.message('Hi');
    const early: string[] = [];
    const late: string[] = [];
    stream.on('start', () => early.push('start'));
    stream.on('text', ({ content }) => early.push(content));
    stream.on('end', () => early.push('end'));
    stream.on('tool_result', () => stream.on('text', ({ content }) => late.push(content)));
    stream.on('tool_result', () => stream.on('start', () => late.push('start')));
    await stream;
    expect(early.join('|')).toBe(`start|I roll.|${['One, two', ', three,', ' four, f', 'ive.'].join('|')}|end`);
    expect(late.join('')).toBe(TEXT);
  });

  test('bad input throws at the call, before anything starts', () => {
    for (const input of ['', ' \n', undefined, 7]) {
      expect(() => session.message(input as string)).toThrow(expect.objectContaining({ code: 'INVALID_INPUT' }));
    }
    expect(fake.requests).toHaveLength(0);
  });
});

describe('iterators', () => {
  test('a late one gets adjacent text joined', async () => {
    fake.script('anthropic', roll(), say());
    const stream = session.message('Hi');
    await stream;
    const chunks = await chunksOf(stream);
    expect(chunks.map((chunk) => (chunk.type === 'text' ? chunk.content : chunk.type))).toEqual([
      'I roll.',
      'tool_call',
      'tool_result',
      TEXT,
    ]);
  });

  test('a slow one is never waited for and gets what came meanwhile, once', async () => {
    fake.script('anthropic', say());
    const stream = session.message('Hi');
    const seen: string[] = [];
    for await (const chunk of stream) {
      if (seen.length === 0) await stream;
      if (chunk.type === 'text') seen.push(chunk.content);
    }
    expect(seen).toHaveLength(2);
    expect(seen.join('')).toBe(TEXT);
  });

  test('break detaches, and the turn goes on', async () => {
    fake.script('anthropic', say());
    const stream = session.message('Hi');
    for await (const chunk of stream) {
      expect(chunk.type).toBe('text');
      break;
    }
    expect((await stream).content).toBe(TEXT);
    expect(textOf(await chunksOf(stream))).toBe(TEXT);
  });

  test('a failure is thrown after the last chunk, and is the same everywhere', async () => {
    fake.script('anthropic', {
      events: say('Half'),
      fault: { afterEvents: 4, send: [anthropic.error('invalid_request_error', 'no')] },
    });
    const stream = session.message('Hi');
    const told: Coded[] = [];
    stream.on('error', (error) => told.push(error));
    session.on('error', (error) => told.push(error));
    const seen: Chunk[] = [];
    const thrown = await (async () => {
      for await (const chunk of stream) seen.push(chunk);
    })().catch((error: unknown) => error);
    const rejected = await stream.catch((error: unknown) => error);
    const { error, status } = await stream.outcome();
    expect(textOf(seen)).toBe('Half');
    expect(status).toBe('failed');
    expect(error).toMatchObject({ code: 'PROVIDER' });
    expect(thrown).toBe(error);
    expect(rejected).toBe(error);
    expect(told).toEqual([error, error]);
    const [, kept] = await session.getMessages();
    expect(kept).toMatchObject({ content: 'Half', finishReason: 'interrupted' });
  });
});

describe('what goes wrong stays where it is', () => {
  test('a listener that throws is reported and stops nobody', async () => {
    fake.script('anthropic', say());
    const stream = session.message('Hi');
    const after: string[] = [];
    stream.on('text', () => {
      throw new Error('from a listener');
    });
    stream.on('text', ({ content }) => after.push(content));
    session.on('message', () => {
      throw new Error('from a session listener');
    });
    expect((await stream).content).toBe(TEXT);
    expect(after.join('')).toBe(TEXT);
    const texts = reported.map((error) => (error as Error).message);
    expect(texts.filter((text) => text === 'from a listener')).toHaveLength(4);
    expect(texts.filter((text) => text === 'from a session listener')).toHaveLength(2);
  });

  test('an unread failure never crashes the process', async () => {
    fake.fallback('anthropic', refuse());
    const run = promisify(execFile);
    const { stdout } = await run(
      process.execPath,
      ['--conditions=@reprise/source', '--input-type=module', '-e', PROGRAM],
      {
        cwd: fileURLToPath(new URL('..', import.meta.url)),
        env: { ...environmentOf(fake), REPRISE_HOME: folder.path, PATH: process.env['PATH'] },
        timeout: 20_000,
      },
    );
    expect(stdout).toBe('still here, AUTH AUTH AUTH\n');
  });

  test('a failed call leaves the session usable', async () => {
    fake.script('anthropic', refuse(), say());
    await expect(session.message('Hi')).rejects.toMatchObject({ code: 'AUTH' });
    expect(session.state.status).toBe('error');
    expect((await session.message('Again')).content).toBe(TEXT);
    expect(session.state.status).toBe('idle');
  });
});

describe('two calls at once', () => {
  test('are answered in order', async () => {
    fake.script('anthropic', { events: say('First.'), dripMs: 5 }, say('Second.'));
    const [one, two] = await Promise.all([session.message('A'), session.message('B')]);
    expect([one.content, two.content]).toEqual(['First.', 'Second.']);
    const texts = (await session.getMessages()).map(({ content }) => content);
    expect(texts).toEqual(['A', 'First.', 'B', 'Second.']);
    expect(fake.requests).toHaveLength(2);
    expect(JSON.stringify(fake.requests[0]?.json.messages)).not.toContain('"B"');
  });

  test('the second is answered when the first fails', async () => {
    fake.script('anthropic', refuse(), say());
    const first = session.message('A');
    const second = session.message('B');
    await expect(first).rejects.toMatchObject({ code: 'AUTH' });
    expect((await second).content).toBe(TEXT);
  });
});

describe('turn()', () => {
  test('can be returned from async code, where message() would be swallowed', async () => {
    fake.fallback('anthropic', say());
    const begin = async (): Promise<Turn> => session.turn('Hi');
    const turn = await begin();
    expect('then' in turn).toBe(false);
    expect(textOf(await chunksOf(turn))).toBe(TEXT);
    const swallowed = await (async () => session.message('Hi'))();
    expect(swallowed).toMatchObject({ role: 'assistant', content: TEXT });
  });

  test('its outcome never rejects', async () => {
    fake.script('anthropic', refuse());
    const outcome = await session.turn('Hi').outcome();
    expect(outcome).toMatchObject({ status: 'failed', finishReason: 'error', error: { code: 'AUTH' }, tokens: 0 });
  });

  test('abort ends it, keeps what was shown, and is ABORTED for who reads', async () => {
    fake.script('anthropic', { events: say(), fault: { afterEvents: 4, then: 'stall' } }, say());
    const turn = session.turn('Hi');
    for await (const _chunk of turn) break;
    const outcome = await turn.abort();
    expect(outcome).toMatchObject({ status: 'aborted', finishReason: 'interrupted', error: { code: 'ABORTED' } });
    await expect(chunksOf(turn)).rejects.toMatchObject({ code: 'ABORTED' });
    const [, kept] = await session.getMessages();
    expect(kept).toMatchObject({ role: 'assistant', finishReason: 'interrupted' });
    expect(TEXT.startsWith(kept?.content ?? 'x')).toBe(true);
    expect((await session.message('Go on')).content).toBe(TEXT);
  });

  test('a turn that waits for another one can be aborted before it starts', async () => {
    fake.script('anthropic', { events: say(), delayMs: 50 });
    const first = session.turn('A');
    const second = session.turn('B');
    const ended = second.abort();
    await first.outcome();
    expect(await ended).toMatchObject({ status: 'aborted' });
    expect((await session.getMessages()).map(({ content }) => content)).toEqual(['A', TEXT]);
    expect(fake.requests).toHaveLength(1);
  });
});
