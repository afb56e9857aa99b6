import type { JSONSchema7 } from '@ai-sdk/provider';
import type { Chunk, FeedEvent } from '@reprise/core';
import { memoryStorage } from '@reprise/core';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { RemoteSession } from '../src/index.ts';
import type { Fetch } from '../src/http.ts';
import { cutter } from './support/cutter.ts';
import type { Stage } from './support/stage.ts';
import { stage } from './support/stage.ts';

let at: Stage;
beforeEach(async () => void (at = await stage()));
afterEach(() => at.close());

const ADDING = [
  [
    'Let me ',
    { think: 'Hm.' },
    'add. ',
    { call: 'add', id: 'c1', input: { a: 1, b: 2 } },
    { call: 'add', id: 'c2', input: { a: 3, b: 4 } },
  ],
  ['3 ', 'and ', '7.'],
] as const;

/** What somebody sees who shows text as it comes and takes back what is taken back. */
function shown(chunks: readonly Chunk[]): string {
  let before = '';
  let step = '';
  for (const chunk of chunks) {
    if (chunk.type === 'text') step += chunk.content;
    if (chunk.type === 'reset') step = step.slice(0, chunk.offset);
    if (chunk.type === 'tool_call') [before, step] = [before + step, ''];
  }
  return before + step;
}

async function all(turn: AsyncIterable<Chunk>): Promise<Chunk[]> {
  const chunks: Chunk[] = [];
  for await (const chunk of turn) chunks.push(chunk);
  return chunks;
}

describe('a message', () => {
  test('can be iterated, listened to and awaited, like one of the library', async () => {
    at.script.push(...ADDING);
    const session = await at.remote.create();
    const heard: string[] = [];
    session.on('message', ({ role }) => heard.push(role));
    session.on('tool_call', ({ tool }) => heard.push(tool));
    session.on('tool_result', ({ result }) => heard.push(String(result)));
    session.on('token_usage', ({ total, session: sum }) => heard.push(`${total} of ${sum.total}`));
    session.on('save', () => heard.push('save'));
    const message = session.message('add');
    const events: string[] = [];
    message.on('start', ({ turn }) => events.push(`start ${typeof turn}`));
    message.on('end', ({ tokens }) => events.push(`end ${tokens}`));
    const chunks = await all(message);
    expect(shown(chunks)).toBe('Let me add. 3 and 7.');
    expect(chunks.filter(({ type }) => type === 'reasoning')).toMatchObject([{ content: 'Hm.' }]);
    expect(chunks.filter(({ type }) => type.startsWith('tool'))).toMatchObject([
      { type: 'tool_call', id: 'c1', tool: 'add', params: { a: 1, b: 2 } },
      { type: 'tool_call', id: 'c2', tool: 'add', params: { a: 3, b: 4 } },
      { type: 'tool_result', id: 'c1', tool: 'add', result: 3 },
      { type: 'tool_result', id: 'c2', tool: 'add', result: 7 },
    ]);
    expect(await message).toMatchObject({ role: 'assistant', content: '3 and 7.', finishReason: 'stop' });
    expect(await message.outcome()).toMatchObject({ status: 'done', steps: 2, usage: { input: 20, output: 10 } });
    expect(events).toEqual(['start string', 'end 30']);
    expect(heard).toEqual(['user', 'add', 'add', 'assistant', '15 of 15', '3', '7', 'assistant', '15 of 30', 'save']);
    expect(session.state).toMatchObject({ messageCount: 3, tokenUsage: { total: 30 }, status: 'idle' });
    // A late reader gets joined text.
    expect(shown(await all(message))).toBe('Let me add. 3 and 7.');
  });

  test('gives what the library would give on the same session', async () => {
    at.script.push(...ADDING, ...ADDING);
    const far = await at.remote.create();
    const near = await at.sessions.create({ model: 'test/model' });
    const bare = (chunks: readonly Chunk[]) => {
      const joined: object[] = [];
      for (const { at: _at, ...chunk } of chunks) {
        const last = joined.at(-1) as { type?: string; content?: string } | undefined;
        if (chunk.type === 'text' && last?.type === 'text') last.content += chunk.content;
        else joined.push({ ...chunk });
      }
      return joined;
    };
    expect(bare(await all(far.turn('add')))).toEqual(bare(await all(near.turn('add'))));
    const facts = ({ id: _id, timestamp: _time, ...message }: { id: string; timestamp: string }) => message;
    expect((await far.getMessages()).map(facts)).toEqual((await near.getMessages()).map(facts));
  });

  test('of a session that is gone fails with its code, in every form', async () => {
    const session = await at.remote.create();
    await at.sessions.delete(session.id);
    const message = session.message('hello?');
    const told: string[] = [];
    message.on('error', ({ code }) => told.push(code));
    await expect(message).rejects.toMatchObject({ code: 'SESSION_NOT_FOUND' });
    await expect(all(message)).rejects.toMatchObject({ code: 'SESSION_NOT_FOUND' });
    expect((await message.outcome()).status).toBe('failed');
    expect(told).toEqual(['SESSION_NOT_FOUND']);
  });

  test('whose model fails keeps the code and what was said', async () => {
    at.script.push(['half', Object.assign(new Error('no'), { statusCode: 401, isRetryable: false })]);
    const session = await at.remote.create();
    const outcome = await session.turn('go').outcome();
    expect(outcome).toMatchObject({ status: 'failed', error: expect.any(Error), message: { content: 'half' } });
    expect((await session.message('again')).content).toBe('ok');
  });

  test('two at once are answered in order', async () => {
    at.script.push(['one'], ['two']);
    const session = await at.remote.create();
    const both = [session.message('1'), session.message('2')];
    expect((await Promise.all(both)).map(({ content }) => content)).toEqual(['one', 'two']);
  });

  test('may bring files of every kind, and whoever reads it gets their bytes', async () => {
    const session = await at.remote.create();
    const bytes = crypto.getRandomValues(new Uint8Array(40_000));
    bytes.set(new TextEncoder().encode('%PDF-1.4\n'));
    const pieces = async function* () {
      yield bytes.subarray(0, 10);
      yield bytes.subarray(10);
    };
    await session.message({
      text: 'look',
      attachments: [
        { text: 'plain words', name: 'a.txt' },
        { data: bytes, mediaType: 'application/pdf' },
        { data: pieces(), name: 'other.pdf' },
        new File([bytes.slice(0, 1000)], 'b.pdf', { type: 'application/pdf' }),
      ],
    });
    const [first] = await session.getMessages();
    expect(first?.attachments).toMatchObject([{ name: 'a.txt', size: 11 }, {}, {}, { name: 'b.pdf', size: 1000 }]);
    const sizes = await Promise.all(first?.attachments?.map(({ sha256 }) => session.attachment(sha256)) ?? []);
    expect(sizes.slice(1)).toEqual([bytes, bytes, bytes.slice(0, 1000)]);
    const huge = Object.defineProperty(new Blob(['x']), 'size', { value: 40_000_000 });
    await expect(session.message({ attachments: [huge] })).rejects.toMatchObject({ code: 'INVALID_INPUT' });
    expect(await session.getMessages()).toHaveLength(2);
  });

  test('may ask for a value', async () => {
    at.script.push(['{"sum": ', '3}'], ['{"sum": 4}']);
    const session = await at.remote.create();
    const output = { type: 'object', properties: { sum: { type: 'number' } }, required: ['sum'] } satisfies JSONSchema7;
    expect(await session.turn('add', { output }).outcome()).toMatchObject({
      output: { sum: 3 },
      message: { output: { sum: 3 } },
    });
    expect((await session.message('add', { output })).output).toEqual({ sum: 4 });
    expect(() => session.turn('add', { output: { ...output, safeParse: () => undefined } as never })).toThrow(
      expect.objectContaining({ code: 'INVALID_INPUT' }),
    );
  });

  test('that is aborted ends where it runs, with what was said', async () => {
    at.script.push(['half', new Promise(() => undefined)]);
    const session = await at.remote.create();
    const turn = session.turn('go');
    turn.once('text', () => void turn.abort('enough'));
    expect(await turn.outcome()).toMatchObject({
      status: 'aborted',
      finishReason: 'interrupted',
      error: { code: 'ABORTED', message: 'enough' },
      message: { content: 'half' },
    });
    expect((await at.remote.info(session.id)).status).toBe('idle');
  });

  test('that waits behind a turn can be taken back, and the turn goes on', async () => {
    const gate = Promise.withResolvers<void>();
    at.script.push(['first', gate.promise, '.'], ['never']);
    const session = await at.remote.create();
    const first = session.turn('1');
    await new Promise((resolve) => first.once('text', resolve));
    const waiting = session.turn('2', { busy: 'queue' });
    await new Promise((resolve) => waiting.once('queued', resolve));
    expect(await waiting.abort()).toMatchObject({ status: 'aborted' });
    gate.resolve();
    expect(await first.outcome()).toMatchObject({ status: 'done', message: { content: 'first.' } });
    expect((await session.getMessages()).map(({ content }) => content)).toEqual(['1', 'first.']);
  });

  test('that steers becomes part of the turn that runs', async () => {
    const gate = Promise.withResolvers<void>();
    at.script.push(['first', gate.promise, '.'], ['second']);
    const session = await at.remote.create();
    const first = session.turn('1');
    await new Promise((resolve) => first.once('text', resolve));
    const steering = session.turn('2', { busy: 'steer' });
    await new Promise((resolve) => steering.once('queued', resolve));
    gate.resolve();
    expect(shown(await all(steering))).toBe('second');
    expect(await steering.outcome()).toMatchObject({ status: 'done', message: { content: 'second' } });
  });
});

describe('connections that break', () => {
  test(
    'wherever they do, nothing is missed or shown twice, and the message is sent once',
    { timeout: 60_000 },
    async () => {
      const whole = await oneTurn(await at.remote.create());
      for (let cut = 1; cut < 3200; cut += 97) {
        const way = await cutter(at.url, (connection) => (connection % 3 === 0 ? undefined : cut * (connection % 3)));
        try {
          const near = await at.remote.create();
          const far = await at.connect({ url: way.url }).load(near.id);
          expect(await oneTurn(far), `cut at ${cut}`).toEqual(whole);
          expect(await near.getMessages()).toHaveLength(3);
        } finally {
          await way.close();
        }
      }

      async function oneTurn(session: RemoteSession) {
        at.script.splice(0, 9, ...ADDING);
        const chunks = await all(session.turn('add'));
        const calls = chunks.filter(({ type }) => type === 'tool_call' || type === 'tool_result');
        return { text: shown(chunks), calls: calls.map(({ at: _at, ...chunk }) => chunk) };
      }
    },
  );

  test('a server that went away and came back goes on', async () => {
    const gate = Promise.withResolvers<void>();
    at.script.push(['before', gate.promise, ' after']);
    const session = await at.remote.create();
    let way = await cutter(at.url, () => undefined);
    const port = Number(new URL(way.url).port);
    const turn = (await at.connect({ url: way.url }).load(session.id)).turn('go');
    await new Promise((resolve) => turn.once('text', resolve));
    await way.close();
    gate.resolve();
    await new Promise((resolve) => setTimeout(resolve, 50));
    way = await cutter(at.url, () => undefined, port);
    expect(shown(await all(turn))).toBe('before after');
    await way.close();
  });

  test.each(['fail', 'queue', 'steer'] as const)(
    'a message that comes again to another server of the same store, with %j, is the turn that runs on the first',
    async (busy) => {
      const shared = memoryStorage();
      const storage = { ...shared, supports: { ...shared.supports, processes: 'many' as const } };
      const [one, two] = [await stage({}, { storage }), await stage({}, { storage })];
      const gate = Promise.withResolvers<void>();
      one.script.push(['before', gate.promise, ' after']);
      const session = await one.remote.create();
      const first = session.turn('go', { key: 'k1' });
      await new Promise((resolve) => first.once('text', resolve));
      const again = (await two.remote.load(session.id)).turn('go', { key: 'k1', busy });
      await new Promise((resolve) => again.once('start', resolve));
      gate.resolve();
      expect(shown(await all(again))).toBe('before after');
      const [outcome, same] = [await first.outcome(), await again.outcome()];
      expect(same).toMatchObject({ status: 'done', message: { id: outcome.message?.id } });
      expect(two.requests).toHaveLength(0);
      await two.close();
      await one.close();
    },
  );

  test('where a stream that broke finds no room it waits and goes on; one that only begins is told', async () => {
    const gate = Promise.withResolvers<void>();
    at.script.push(['before', gate.promise, ' after']);
    const session = await at.remote.create();
    const asked: string[] = [];
    let break_ = (): void => undefined;
    const busy = (code: string, status: number) =>
      new Response(JSON.stringify({ code, detail: 'later', retryAt: new Date(Date.now() + 50).toISOString() }), {
        status,
        headers: { 'content-type': 'application/problem+json' },
      });
    const fetched: Fetch = async (url, init) => {
      if (!url.includes('/messages') && !url.includes('/events')) return fetch(url, init);
      asked.push(`${init.method}`);
      if (asked.length === 2) return busy('RATE_LIMIT', 429);
      if (asked.length === 3) return busy('OVERLOADED', 503);
      const cut = new AbortController();
      break_ = () => cut.abort();
      return fetch(url, { ...init, signal: AbortSignal.any([init.signal ?? cut.signal, cut.signal]) });
    };
    const far = at.connect({ fetch: fetched });
    const turn = (await far.load(session.id)).turn('go');
    await new Promise((resolve) => turn.once('text', resolve));
    break_();
    await expect.poll(() => asked.length).toBe(4);
    gate.resolve();
    expect(shown(await all(turn))).toBe('before after');
    expect(asked).toEqual(['POST', 'GET', 'GET', 'GET']);

    asked.length = 1;
    await expect(drain(far.follow(session.id))).rejects.toMatchObject({ code: 'RATE_LIMIT' });
  });

  test('a server that stays away is NETWORK once the patience ends', async () => {
    const session = await at.remote.create();
    const way = await cutter(at.url, () => 10);
    await way.close();
    const far = at.connect({ url: way.url, patienceMs: 1 });
    await expect(far.info(session.id)).rejects.toMatchObject({
      code: 'NETWORK',
      hint: expect.stringContaining('serve'),
    });
    await expect(drain(far.follow(session.id))).rejects.toMatchObject({ code: 'NETWORK' });
  });
});

describe('following', () => {
  test('tells everybody of every turn, from any position, until told to stop', async () => {
    at.script.push(['Hello ', 'you.']);
    const session = await at.remote.create();
    await session.message('hi');
    const stop = new AbortController();
    const seen: FeedEvent[] = [];
    for await (const event of session.follow({ signal: stop.signal })) {
      seen.push(event);
      if (event.type === 'turn_end') stop.abort();
    }
    expect(seen.map(({ type }) => type)).toEqual(['session', 'message', 'message', 'turn_end']);
    const again = new AbortController();
    for await (const event of at.remote.follow(session.id, { after: seen[1]?.at ?? 0, signal: again.signal })) {
      expect(event).toEqual(seen[2]);
      again.abort();
    }
  });

  test('a position that the session has not reached is a CONFLICT', async () => {
    const { id } = await at.remote.create();
    await expect(drain(at.remote.follow(id, { after: 99 }))).rejects.toMatchObject({ code: 'CONFLICT' });
  });
});

async function drain(events: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of events);
}
