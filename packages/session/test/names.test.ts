import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { anthropic, startFakeProvider } from '@reprise/fake-provider';
import type { FakeProvider } from '@reprise/fake-provider';
import { Session } from '@reprise/session';
import { MODELS, environmentOf, temporaryFolder } from './support.ts';

const folder = temporaryFolder();
let fake: FakeProvider;
let session: Session;

beforeAll(async () => {
  fake = await startFakeProvider({ strict: true });
  for (const [name, value] of Object.entries(environmentOf(fake))) vi.stubEnv(name, value);
  vi.stubEnv('REPRISE_HOME', folder.path);
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await fake.close();
  folder.remove();
});
beforeEach(async () => {
  fake.fallback('anthropic', anthropic.message({ text: 'Very well.' }));
  session = await Session.create({ model: MODELS.anthropic, tools: [] });
  session.registerTool({ name: 'dice', description: 'Rolls.', handler: () => 4 });
});
afterEach(() => Session.deleteAll());

const call = () => anthropic.message({ text: 'I roll.', toolCalls: [{ id: 'a', name: 'dice', input: {} }] });
const texts = async (of = session) => (await of.getMessages()).map(({ content }) => content);
const absent = { code: 'SESSION_NOT_FOUND' };
const sent = () => JSON.stringify(fake.requests.at(-1)?.json.messages);

/** What the specification's `Session` offers, each by its name. */
type Door = 'create' | 'resume' | 'load' | 'list' | 'info' | 'delete' | 'deleteAll' | 'import';
const DOORS: Record<Door & keyof typeof Session, () => Promise<void>> = {
  async create() {
    expect(session.id).toMatch(/^[a-z0-9][a-z0-9_-]*$/);
    expect(session.state).toEqual({
      id: session.id,
      model: MODELS.anthropic,
      createdAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
      lastMessage: session.state.createdAt,
      messageCount: 0,
      tokenUsage: { input: 0, output: 0, total: 0 },
      tools: [],
      status: 'idle',
    });
  },
  async resume() {
    await session.message('Hi');
    expect(await texts(await Session.resume(session.id))).toEqual(['Hi', 'Very well.']);
  },
  async load() {
    await session.message('Hi');
    expect(await texts(await Session.load(session.id))).toEqual(['Hi', 'Very well.']);
  },
  async list() {
    const other = await Session.create({ model: MODELS.anthropic, tools: [] });
    expect((await Session.list()).map(({ id }) => id).sort()).toEqual([session.id, other.id].sort());
  },
  async info() {
    await session.message('Hi');
    expect(await Session.info(session.id)).toMatchObject({ ...session.state, title: 'Hi' });
  },
  async delete() {
    const other = await Session.create({ model: MODELS.anthropic, tools: [] });
    await Session.delete(other.id);
    await expect(Session.info(other.id)).rejects.toMatchObject(absent);
    expect((await Session.list()).map(({ id }) => id)).toEqual([session.id]);
  },
  async deleteAll() {
    await Session.deleteAll();
    expect(await Session.list()).toEqual([]);
  },
  async import() {
    await session.message('Hi');
    const exported = await session.export();
    const copy = await Session.import({ ...exported, id: 'copy' });
    expect([copy.id, await texts(copy)]).toEqual(['copy', await texts()]);
  },
};

type Member =
  | ('message' | 'turn' | 'on' | 'off' | 'once' | 'registerTool' | 'getContextUsage' | 'getMessages' | 'editMessage')
  | ('deleteMessage' | 'pruneContext' | 'clearHistory' | 'fork' | 'save' | 'export');
const MEMBERS: Record<Member & keyof Session, () => Promise<void>> = {
  async message() {
    expect(await session.message('Hi')).toMatchObject({ role: 'assistant', content: 'Very well.' });
  },
  async turn() {
    const outcome = await session.turn('Hi').outcome();
    expect(outcome).toMatchObject({ status: 'done', finishReason: 'stop', message: { content: 'Very well.' } });
  },
  async on() {
    const heard: string[] = [];
    session.on('message', ({ role }) => heard.push(role));
    await session.message('Hi');
    await session.message('Again');
    expect(heard).toEqual(['user', 'assistant', 'user', 'assistant']);
  },
  async once() {
    const heard: string[] = [];
    session.once('message', ({ content }) => heard.push(content));
    await session.message('Hi');
    expect(heard).toEqual(['Hi']);
  },
  async off() {
    const heard: string[] = [];
    const listen = ({ content }: { readonly content: string }): void => void heard.push(content);
    session.on('message', listen);
    await session.message('Hi');
    session.off('message', listen);
    await session.message('Again');
    expect(heard).toEqual(['Hi', 'Very well.']);
  },
  async registerTool() {
    fake.script('anthropic', call());
    await session.message('Roll');
    expect((await session.getMessages())[1]).toMatchObject({
      toolCalls: [{ id: 'a', tool: 'dice', params: {} }],
      toolResults: [{ id: 'a', result: 4 }],
    });
  },
  async getContextUsage() {
    const before = session.getContextUsage();
    expect(before).toEqual({ current: expect.any(Number), max: 200_000 });
    await session.message('word '.repeat(1000));
    expect(session.getContextUsage().current).toBeGreaterThan(before.current + 500);
  },
  async getMessages() {
    fake.script('anthropic', call());
    await session.message('Roll');
    const messages = await session.getMessages();
    expect(messages.map(({ role }) => role)).toEqual(['user', 'assistant', 'assistant']);
    expect(new Set(messages.map(({ id }) => id)).size).toBe(3);
    expect(session.state.messageCount).toBe(3);
  },
  async editMessage() {
    await session.message('Hi');
    const [first] = await session.getMessages();
    expect(await session.editMessage(first?.id ?? '', { content: 'Hey' })).toMatchObject({ content: 'Hey' });
    await session.message('Again');
    expect(sent()).toContain('Hey');
    expect(sent()).not.toContain('"Hi"');
  },
  async deleteMessage() {
    await session.message('Hi');
    const [first] = await session.getMessages();
    await session.deleteMessage(first?.id ?? '');
    expect(await texts()).toEqual(['Very well.']);
  },
  async pruneContext() {
    for (const text of ['One', 'Two', 'Three']) await session.message(text);
    await session.pruneContext({ keepLast: 2 });
    await session.message('Four');
    expect(sent()).not.toContain('Two');
    expect(sent()).toContain('Three');
    expect(await texts()).toContain('One');
  },
  async clearHistory() {
    await session.message('Hi');
    await session.clearHistory();
    expect(await texts()).toEqual([]);
  },
  async fork() {
    await session.message('Hi');
    const fork = await session.fork({ newSessionId: 'fork' });
    await fork.message('Elsewhere');
    expect([fork.id, (await texts(fork)).length, (await texts()).length]).toEqual(['fork', 4, 2]);
  },
  async save() {
    const unsaved = await Session.create({ model: MODELS.anthropic, tools: [], autoSave: false });
    const log = join(folder.path, 'sessions', unsaved.id, 'messages.json');
    await unsaved.message('Hi');
    expect(existsSync(log)).toBe(false);
    await unsaved.save();
    expect(existsSync(log)).toBe(true);
  },
  async export() {
    await session.message('Hi');
    const exported = await session.export();
    expect(JSON.parse(JSON.stringify(exported))).toEqual(exported);
    expect(exported).toMatchObject({ format: 1, id: session.id, state: session.state });
    expect(exported.messages).toEqual(await session.getMessages());
  },
};

describe('Session', () => {
  test.each(Object.entries(DOORS))('.%s', (_name, works) => works());
  test.each(Object.entries(MEMBERS))('#%s', (_name, works) => works());
});

test('each chunk has its shape, and the end its summary', async () => {
  const thinking = anthropic.message({
    thinking: 'Hm.',
    text: 'I roll.',
    toolCalls: [{ id: 'a', name: 'dice', input: { n: 1 } }],
    delta: 100,
  });
  fake.script('anthropic', thinking, anthropic.message({ text: 'Four.', usage: { input: 10, output: 5 } }));
  const stream = session.message('Roll');
  const ends: object[] = [];
  stream.on('end', (summary) => ends.push(summary));
  const chunks: object[] = [];
  for await (const { at, ...chunk } of stream) {
    expect(at).toEqual({ seq: expect.any(Number), attempt: 1, offset: expect.any(Number) });
    chunks.push(chunk);
  }
  expect(chunks).toEqual([
    { type: 'reasoning', content: 'Hm.' },
    { type: 'text', content: 'I roll.' },
    { type: 'tool_call', id: 'a', tool: 'dice', params: { n: 1 } },
    { type: 'tool_result', id: 'a', tool: 'dice', result: 4 },
    { type: 'text', content: 'Four.' },
  ]);
  expect(ends).toMatchObject([
    {
      status: 'done',
      finishReason: 'stop',
      message: expect.objectContaining({ content: 'Four.' }),
      tokens: 55,
      usage: { input: 35, output: 20, cached: 0, reasoning: 0, total: 55 },
      steps: 2,
    },
  ]);
});

test('an attempt that is taken back says how far', async () => {
  const half = { events: anthropic.message({ text: 'Half of it', delta: 4 }), fault: { afterEvents: 4 } };
  fake.script('anthropic', half, anthropic.message({ text: 'All of it.', delta: 100 }));
  const chunks: object[] = [];
  for await (const { at: _at, ...chunk } of session.message('Hi')) chunks.push(chunk);
  expect(chunks.slice(-2)).toEqual([
    { type: 'reset', offset: 0, reason: 'retry', code: 'NETWORK', waitMs: expect.any(Number) },
    { type: 'text', content: 'All of it.' },
  ]);
});

test('token_usage is one model call’s, with the running total of the session', async () => {
  const heard: object[] = [];
  session.on('token_usage', (usage) => heard.push(usage));
  fake.script('anthropic', call());
  await session.message('Roll');
  expect(heard).toMatchObject([
    { input: 25, output: 15, cached: 0, reasoning: 0, total: 40, session: { input: 25, output: 15, total: 40 } },
    { input: 25, output: 15, cached: 0, reasoning: 0, total: 40, session: { input: 50, output: 30, total: 80 } },
  ]);
});

test('`save` is told once a turn and once a change', async () => {
  let saves = 0;
  session.on('save', () => (saves += 1));
  fake.script('anthropic', call());
  await session.message('Roll');
  expect(saves).toBe(1);
  await session.clearHistory();
  expect(saves).toBe(2);
  await session.save();
  expect(saves).toBe(3);
});

test('no request is made but the turn’s own: the title is the first message, and pruning asks nobody', async () => {
  const asked = fake.requests.length;
  const small = await Session.create({ model: MODELS.anthropic, tools: [], systemPrompt: 'x', contextWindow: 600 });
  for (let i = 0; i < 6; i += 1) await small.message(`Question ${i} ${'lorem ipsum dolor '.repeat(30)}`);
  expect(fake.requests.length - asked).toBe(6);
  expect((await Session.info(small.id)).title).toMatch(/^Question 0/);
});

test('a new model of a known provider is taken, with a warning', async () => {
  const next = await Session.create({ model: 'anthropic/claude-next-9', tools: [] });
  const warnings: string[] = [];
  next.on('warning', ({ message }) => warnings.push(message));
  await next.message('Hi');
  expect(warnings).toEqual([expect.stringContaining('claude-next-9 is not in the catalogue; a window of 200000')]);
  expect(fake.requests.at(-1)?.json.model).toBe('claude-next-9');
});
