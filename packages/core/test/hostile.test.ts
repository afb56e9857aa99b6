import type { JSONValue } from '@ai-sdk/provider';
import { afterEach, expect, test } from 'vitest';
import { isCoded } from '../src/errors.ts';
import { call, calls, say } from './support/model.ts';
import { problemsOf } from './support/prompt-rules.ts';
import { stage, tool } from './support/stage.ts';

const start = { model: 'test/model' };
const nested = (depth: number): string => `${'['.repeat(depth)}${']'.repeat(depth)}`;

/** JSON texts that break programs which trust what they read. */
const HOSTILE: Readonly<Record<string, string>> = {
  'nested 300 deep': nested(300),
  'nested 900 deep': nested(900),
  'lone surrogates, in keys too': '{"\\ud800":"\\udfff","text":"half \\ud83d and \\ude00 whole \\ud83d\\ude00"}',
  'U+0000 and line separators': '{"\\u0000":"\\u0000","a":"\\u2028\\u2029\\u0085\\ufeff"}',
  'keys of the prototype': '{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}},"hasOwnProperty":1}',
  'keys that are called': '{"toJSON":"x","then":"y","valueOf":1,"toString":1,"length":-1}',
  'numbers beyond a double': '{"big":12345678901234567890,"small":1e-400}',
  'what looks like a line of a log': '{"seq":1,"sum":"00000000","and":"00000000","type":"session","format":99}',
};

/** Valid JSON, and no half of a surrogate pair in it, which providers refuse. */
function expectSendable(prompt: unknown): void {
  const wire = JSON.stringify(prompt);
  expect(JSON.stringify(JSON.parse(wire))).toBe(wire);
  const halves: string[] = [];
  JSON.parse(wire, (key, value: unknown) => {
    for (const text of [key, value]) if (typeof text === 'string' && !text.isWellFormed()) halves.push(text);
    return value;
  });
  expect(halves).toEqual([]);
}

/** Compared as text: what is nested deep is too much for the comparison by value. */
const json = (value: unknown): string => JSON.stringify(value);

afterEach(() => {
  expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  expect(Object.keys(Object.prototype)).toEqual([]);
});

test.each(Object.entries(HOSTILE))(
  'a call and a result that are %s come back as they were, in this process, in the next one and by an import',
  async (_name, hostile) => {
    const value = JSON.parse(hostile) as JSONValue;
    const seen: unknown[] = [];
    const echo = tool('echo', {
      input: { type: 'object' },
      run: async (input: object) => {
        seen.push(input);
        return (input as { value: unknown }).value;
      },
    });
    const theatre = stage({ tools: [echo] });
    theatre.model.script.push(calls(call('a', 'echo', `{"value":${hostile}}`)), say('done'));
    const session = await theatre.sessions.create(start);
    expect((await session.turn('go').outcome()).status).toBe('done');
    expect(json(seen)).toBe(json([{ value }]));
    const messages = await session.getMessages();
    expect(json(messages[1]?.toolCalls?.[0]?.params)).toBe(json({ value }));
    expect(json(messages[1]?.toolResults)).toBe(json([{ id: 'a', result: value }]));
    for (const request of theatre.model.requests) {
      expect(problemsOf(request, { own: 'test' })).toEqual([]);
      expectSendable(request.prompt);
    }
    const next = theatre.restart({ tools: [echo] });
    expect(json(await (await next.sessions.resume(session.id)).getMessages())).toBe(json(messages));
    const exported = JSON.parse(JSON.stringify(await session.export())) as object;
    const imported = await next.sessions.import(exported, { newId: true });
    expect(json(await imported.getMessages())).toBe(json(messages));
    expect((await imported.message('and now?')).content).toBe('ok');
  },
);

test.each([...Object.values(HOSTILE), '\ud800', 'half \ud83d', '\u0000', 'a\u2028b', '__proto__'])(
  'a message and an answer that read %j come back as they were',
  async (content) => {
    const theatre = stage();
    theatre.model.script.push(say(content));
    const session = await theatre.sessions.create(start);
    await session.message(content);
    const next = theatre.restart();
    const again = await next.sessions.resume(session.id);
    expect((await again.getMessages()).map((message) => message.content)).toEqual([content, content]);
    await again.message('next');
    expectSendable(next.model.requests.at(-1)?.prompt);
  },
);

test.each([1100, 8000, 200_000])(
  'what is nested %i deep is not kept: the model is told, an import is refused, and the session answers the next message',
  async (depth) => {
    const deep = nested(depth);
    const give = tool('give', { input: { type: 'object' }, run: async () => JSON.parse(deep) as JSONValue });
    const theatre = stage({ tools: [give] });
    theatre.model.script.push(calls(call('a', 'give')), say('done'));
    theatre.model.script.push(calls(call('b', 'give', `{"x":${deep}}`)), say('done'));
    const session = await theatre.sessions.create(start);
    expect((await session.message('result')).content).toBe('done');
    expect((await session.message('input')).content).toBe('done');
    const results = (await session.getMessages()).flatMap(({ toolResults = [] }) => toolResults);
    expect(results.map(({ error }) => error)).toEqual([
      expect.stringContaining('was not kept'),
      expect.stringContaining('levels'),
    ]);
    expect(give.runs, 'the second call never ran').toEqual([{}]);
    for (const request of theatre.model.requests) expect(problemsOf(request, { own: 'test' })).toEqual([]);
    const next = theatre.restart({ tools: [give] });
    expect((await (await next.sessions.resume(session.id)).message('next')).content).toBe('ok');
    for (const part of ['toolCalls', 'toolResults']) {
      const hung = `"${part}":[{"id":"a","tool":"give","params":{"x":${deep}},"result":${deep}}]`;
      const message = `{"role":"assistant","content":"x","timestamp":"2026-01-01T00:00:00.000Z",${hung}}`;
      const given = { model: 'test/model', messages: [JSON.parse(message)] };
      await expect(next.sessions.import(given), part).rejects.toMatchObject({ code: 'INVALID_INPUT' });
    }
  },
);

test('what JSON can’t hold is refused by an import, a cycle too', async () => {
  const { sessions } = stage();
  const cycle: { self?: unknown } = {};
  cycle.self = [cycle, cycle];
  for (const bad of [cycle, { f: () => 1 }, { u: undefined }, { n: NaN }, { d: new Date(0) }, { b: 1n }, [1]]) {
    const call = { id: 'a', tool: 'x', params: bad };
    const message = { role: 'assistant', content: '', timestamp: '2026-01-01T00:00:00.000Z', toolCalls: [call] };
    const given = { model: 'test/model', messages: [message] };
    await expect(sessions.import(given)).rejects.toMatchObject({ code: 'INVALID_INPUT' });
  }
});

test('a message of 64 MiB is stored and comes back, or is refused with a code', async () => {
  const content = `${'0123456789abcdef'.repeat((64 << 20) / 16)}!`;
  const theatre = stage();
  const session = await theatre.sessions.create(start);
  const outcome = await session.turn(content).outcome();
  expect(outcome.status === 'done' || isCoded(outcome.error)).toBe(true);
  const again = await theatre.restart().sessions.resume(session.id);
  const [first] = await again.getMessages({ all: true });
  expect(first?.content === content, 'as it was').toBe(true);
  await again.clearHistory();
  expect((await again.message('next')).content).toBe('ok');
});
