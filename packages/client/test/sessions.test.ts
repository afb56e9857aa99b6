import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { connect } from '../src/index.ts';
import type { Stage } from './support/stage.ts';
import { TOKEN, stage } from './support/stage.ts';

let at: Stage;
beforeEach(async () => void (at = await stage()));
afterEach(() => at.close());

describe('sessions', () => {
  test('are made, found, changed, copied and deleted', async () => {
    const session = await at.remote.create({ title: 'A', tags: ['x'], systemPrompt: 'Be brief.', maxSteps: 3 });
    await session.message('hello');
    expect(await at.remote.info(session.id)).toMatchObject({ title: 'A', messageCount: 2 });
    expect((await at.remote.resume(session.id, { title: 'B' })).head.title).toBe('B');
    expect(await session.update({ tags: ['y'] })).toMatchObject({ tags: ['y'] });
    const copy = await session.fork();
    expect(copy.head.parent).toMatchObject({ id: session.id });
    expect((await at.remote.list()).map(({ id }) => id).toSorted()).toEqual([session.id, copy.id].toSorted());
    expect(await at.remote.page({ limit: 1 })).toMatchObject({ items: [{}], cursor: expect.any(String) });
    expect((await at.remote.list({ where: { tag: 'y' } })).length).toBe(2);
    expect((await at.remote.list({ where: { tag: ['y', 'z'] } })).length).toBe(0);
    expect((await at.remote.list({ where: { tag: ['y', 'y'] } })).length).toBe(2);
    expect((await at.remote.list({ where: { parent: ['none', session.id] } })).map(({ id }) => id)).toEqual([copy.id]);
    const { seq } = await at.remote.info(copy.id);
    await expect(at.remote.delete(copy.id, { expected: seq - 1 })).rejects.toMatchObject({ code: 'CONFLICT' });
    await at.remote.delete(copy.id, { expected: seq });
    await expect(at.remote.info(copy.id)).rejects.toMatchObject({ code: 'SESSION_NOT_FOUND' });
    expect((await at.remote.create({ sessionId: session.id })).id).toBe(session.id);
  });

  test('have ids that sort by age, whoever makes them', async () => {
    const made: string[] = [];
    const first = await at.remote.create();
    const later = async (make: () => Promise<{ readonly id: string }>) => {
      const before = Date.now();
      await vi.waitUntil(() => Date.now() > before, { interval: 1 });
      made.push((await make()).id);
    };
    await later(() => at.sessions.create({ model: 'test/model' }));
    await later(() => first.fork());
    await later(() => at.remote.create());
    await later(() => at.sessions.create({ model: 'test/model' }));
    await later(async () => at.remote.import(await first.export(), { newId: true }));
    expect([first.id, ...made].toSorted()).toEqual([first.id, ...made]);
  });

  test('go out and come in whole', async () => {
    const session = await at.remote.create();
    await session.message('hello');
    const data = await session.export();
    await expect(at.remote.import(data)).rejects.toMatchObject({ code: 'SESSION_EXISTS' });
    const again = await at.remote.import(data, { newId: true });
    expect((await again.getMessages()).map(({ content }) => content)).toEqual(['hello', 'ok']);
    expect((await at.remote.show(again.id)).messages).toHaveLength(2);
  });

  test('have messages that can be changed, with the session as one knows it', async () => {
    const session = await at.remote.create();
    await session.message('hello');
    const [first] = await session.getMessages();
    const known = session.head.seq;
    expect(await session.editMessage(first?.id ?? '', { content: 'hi', important: true })).toMatchObject({
      content: 'hi',
    });
    await expect(session.update({ title: 'late' }, { expected: known })).rejects.toMatchObject({ code: 'CONFLICT' });
    expect((await session.update({ title: 'now' }, { expected: session.head.seq })).title).toBe('now');
    await session.deleteMessage(first?.id ?? '');
    expect((await session.getMessages()).map(({ content }) => content)).toEqual(['ok']);
    await session.pruneContext({ keepLast: 1 });
    await session.clearHistory();
    expect(await session.getMessages()).toEqual([]);
    expect(await session.getMessages({ all: true })).toHaveLength(1);
    expect(await session.contextUsage()).toMatchObject({ max: 100_000 });
  });

  test('are rewound, and what was done to them is undone and done again', async () => {
    const session = await at.remote.create();
    await session.message('hello');
    await session.message('again');
    const known = session.head.seq;
    const again = (await session.getMessages())[2]?.id ?? '';
    expect(await session.rewind(again)).toMatchObject({ id: again, content: 'again' });
    expect(session.head.messageCount).toBe(2);
    await expect(session.undo({ expected: known })).rejects.toMatchObject({ code: 'CONFLICT' });
    expect(await session.undo({ expected: session.head.seq })).toEqual({
      what: 'rewind',
      message: expect.objectContaining({ id: again }),
    });
    expect(session.head.messageCount).toBe(4);
    expect(await session.redo()).toMatchObject({ what: 'rewind' });
    expect(await session.redo()).toBeUndefined();
    expect((await session.getMessages({ all: true })).filter(({ takenBack }) => takenBack)).toHaveLength(2);
    await session.pruneContext({ keepLast: 1, expected: session.head.seq });
    await expect(session.clearHistory({ expected: known })).rejects.toMatchObject({ code: 'CONFLICT' });
  });

  test('tell their family', async () => {
    const session = await at.remote.create();
    await session.message('hello');
    const copy = await session.fork();
    const tree = await at.remote.tree(copy.id);
    expect(tree).toMatchObject({ root: session.id, items: [{ id: session.id }, { id: copy.id, kind: 'fork' }] });
    expect((await at.remote.tree(copy.id, { below: true, limit: 1 })).items).toHaveLength(1);
  });

  test('of hundreds of messages come page by page', async () => {
    const many = Array.from({ length: 1100 }, (_, n) => ({
      role: n % 2 === 0 ? 'user' : 'assistant',
      content: `message ${n}`,
      timestamp: '2026-01-01T00:00:00.000Z',
    }));
    const session = await at.remote.import(many, { model: 'test/model' });
    expect((await session.getMessages()).map(({ content }) => content)).toEqual(many.map(({ content }) => content));
  });
});

describe('a server', () => {
  test('tells its models and tools', async () => {
    expect(await at.remote.models()).toMatchObject([{ name: 'test/model' }]);
    expect(await at.remote.tools()).toEqual([{ name: 'add', description: 'Adds.' }]);
    await expect(at.remote.search('x')).rejects.toMatchObject({ code: 'UNSUPPORTED' });
  });

  test('that does not know the token says so; what is no server at all is NETWORK', async () => {
    await expect(at.connect({ token: 'another' }).list()).rejects.toMatchObject({ code: 'AUTH' });
    await expect(at.connect({ url: `${at.url}/elsewhere` }).list()).rejects.toBeInstanceOf(Error);
    const html = async () => new Response('<html>', { status: 502, headers: { 'content-type': 'text/html' } });
    const broken = at.connect({ fetch: html });
    await expect(broken.list()).rejects.toMatchObject({ code: 'NETWORK', details: { status: 502 } });
    const silent = at.connect({ fetch: hang, timeoutMs: 5 });
    await expect(silent.list()).rejects.toMatchObject({ code: 'TIMEOUT' });
  });

  test('never gets the token in a URL', async () => {
    const urls: string[] = [];
    const { fetch } = globalThis;
    const spied = at.connect({ fetch: (url, init) => (urls.push(url), fetch(url, init)) });
    await (await spied.create()).message('hello');
    expect(urls.length).toBeGreaterThan(2);
    expect(urls.join()).not.toContain(TOKEN);
  });
});

test.for([
  [{ url: 'localhost:1', token: 'x' }, 'URL'],
  [{ url: 'ftp://x', token: 'x' }, 'URL'],
  [{ url: 'http://x', token: '' }, 'token'],
  [{ url: 'http://x', token: 'a b' }, 'token'],
] as const)('%j is refused before anything is sent', ([options, word]) => {
  expect(() => connect(options)).toThrow(
    expect.objectContaining({ code: 'INVALID_INPUT', message: expect.stringContaining(word) }),
  );
});

test('an id that is none is refused before anything is sent', async () => {
  const remote = connect({ url: 'http://127.0.0.1:1', token: 'x' });
  for (const id of ['../x', '', 'A', 'a/b']) {
    await expect(remote.info(id)).rejects.toMatchObject({ code: 'INVALID_INPUT' });
    await expect(remote.delete(id)).rejects.toMatchObject({ code: 'INVALID_INPUT' });
  }
});

function hang(_url: string, { signal }: RequestInit): Promise<Response> {
  return new Promise((_, reject) => signal?.addEventListener('abort', () => reject(signal.reason as Error)));
}
