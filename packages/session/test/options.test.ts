import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { anthropic, google, openaiChat, openaiResponses, startFakeProvider } from '@reprise/fake-provider';
import type { Dialect, FakeProvider, WireEvent } from '@reprise/fake-provider';
import type { SessionOptions, Sessions } from '@reprise/core';
import { createModels } from '@reprise/providers';
import { nodeFetch } from '@reprise/providers/node-fetch';
import type { SessionOptions as Spec } from './spec/interfaces.ts';
import { MODELS, environmentOf, sessionsOn, temporaryFolder } from './support.ts';

let fake: FakeProvider;
let folder: ReturnType<typeof temporaryFolder>;
let sessions: Sessions;

const say: Record<Dialect, (text: string) => readonly WireEvent[]> = {
  anthropic: (text) => anthropic.message({ text }),
  'openai-responses': (text) => openaiResponses.message({ text }),
  'openai-chat': (text) => openaiChat.message({ text }),
  google: (text) => google.message({ text }),
};
const dialects = Object.keys(say) as Dialect[];

beforeEach(async () => {
  fake = await startFakeProvider({ strict: true });
  for (const dialect of dialects) fake.fallback(dialect, say[dialect]('Very well.'));
  folder = temporaryFolder();
  sessions = sessionsOn(folder.path, fake);
});
afterEach(async () => {
  await sessions.close();
  await fake.close();
  folder.remove();
});

/** The body of the request that such a session sends. */
async function sent(options: Partial<SessionOptions> = {}): Promise<any> {
  const session = await sessions.create({ model: MODELS.anthropic, tools: [], ...options });
  await session.message('Hi');
  return fake.requests.at(-1)?.json;
}
const refused = (options: object) =>
  expect(sessions.create({ model: MODELS.anthropic, ...options } as SessionOptions)).rejects.toMatchObject({
    code: 'INVALID_INPUT',
  });

/** One for each of the specification's options, so that none is forgotten. */
const EFFECTS: Record<keyof Spec, () => Promise<void>> = {
  async model() {
    expect(await sent({ model: 'anthropic/claude-opus-4-5' })).toMatchObject({ model: 'claude-opus-4-5' });
    await expect(sessions.create({ model: 'nobody/x' })).rejects.toMatchObject({ code: 'MODEL_NOT_FOUND' });
    await refused({ model: 7 });
  },
  async tools() {
    const names = (body: any): string[] => (body.tools ?? []).map((tool: { name: string }) => tool.name);
    expect(names(await sent({ tools: ['grep', 'read'] }))).toEqual(['grep', 'read']);
    expect((await sent({ tools: [] })).tools).toBeUndefined();
    const session = await sessions.create({ model: MODELS.anthropic });
    await session.message('Hi');
    expect(names(fake.requests.at(-1)?.json)).toEqual(['bash', 'read', 'write', 'edit', 'grep', 'glob']);
    await refused({ tools: ['no-such-tool'] });
  },
  async systemPrompt() {
    const systemPrompt = ' Word for\nword. ';
    expect((await sent({ systemPrompt })).system).toMatchObject([{ type: 'text', text: systemPrompt }]);
    expect((await sent({ systemPrompt: '' })).system).toBeUndefined();
  },
  async temperature() {
    expect(await sent({ temperature: 0.2 })).toMatchObject({ temperature: 0.2 });
    expect(await sent()).toMatchObject({ temperature: 0.7 });
    expect(await sent({ temperature: 0 })).toMatchObject({ temperature: 0 });
    // Sent only where the model takes it.
    expect('temperature' in (await sent({ model: 'anthropic/claude-sonnet-5-5', temperature: 0.2 }))).toBe(false);
    expect('temperature' in (await sent({ model: MODELS['openai-responses'], temperature: 0.2 }))).toBe(false);
    // By our own catalogue, whatever the provider's SDK knows.
    const catalogue = { 'compatible/cold': { temperature: false } };
    const models = createModels({ env: environmentOf(fake), fetch: nodeFetch, catalogue });
    const cold = sessionsOn(folder.path, fake, { models });
    await (await cold.create({ model: 'compatible/cold', tools: [], temperature: 0.2 })).message('Hi');
    await cold.close();
    expect('temperature' in fake.requests.at(-1)?.json).toBe(false);
    expect(await sent({ model: MODELS['openai-chat'], temperature: 0.2 })).toMatchObject({ temperature: 0.2 });
    expect(await sent({ model: MODELS.google, temperature: 0.2 })).toMatchObject({
      generationConfig: { temperature: 0.2 },
    });
    await refused({ temperature: 1.1 });
    await refused({ temperature: Number.NaN });
  },
  async maxTokens() {
    expect(await sent({ maxTokens: 1000 })).toMatchObject({ max_tokens: 1000 });
    expect(await sent({ maxTokens: 10_000_000 })).toMatchObject({ max_tokens: 64_000 });
    expect(await sent({ model: MODELS['openai-responses'], maxTokens: 1000 })).toMatchObject({
      max_output_tokens: 1000,
    });
    // Responses takes no fewer than 16.
    expect(await sent({ model: MODELS['openai-responses'], maxTokens: 1 })).toMatchObject({ max_output_tokens: 16 });
    expect(await sent({ model: MODELS['openai-chat'], maxTokens: 1000 })).toMatchObject({ max_tokens: 1000 });
    expect(await sent({ model: MODELS.google, maxTokens: 1000 })).toMatchObject({
      generationConfig: { maxOutputTokens: 1000 },
    });
    await refused({ maxTokens: 0 });
  },
  async stopSequences() {
    const stopSequences = ['END', 'STOP'];
    expect(await sent({ stopSequences })).toMatchObject({ stop_sequences: stopSequences });
    expect(await sent({ model: MODELS['openai-chat'], stopSequences })).toMatchObject({ stop: stopSequences });
    expect(await sent({ model: MODELS.google, stopSequences })).toMatchObject({ generationConfig: { stopSequences } });
    expect('stop' in (await sent({ model: MODELS['openai-responses'], stopSequences }))).toBe(false);
    await refused({ stopSequences: 'END' });
  },
  async contextWindow() {
    const session = await sessions.create({
      model: MODELS.anthropic,
      tools: [],
      systemPrompt: 'x',
      contextWindow: 600,
    });
    expect(session.getContextUsage().max).toBe(600);
    for (let i = 0; i < 6; i += 1) await session.message(`Question ${i} ${'lorem ipsum dolor '.repeat(30)}`);
    const { messages } = fake.requests.at(-1)?.json ?? {};
    expect(messages.length).toBeLessThan(11);
    expect(JSON.stringify(messages)).not.toContain('Question 0');
    expect(await session.getMessages()).toHaveLength(12);
    await expect(session.message('lorem ipsum dolor '.repeat(1000))).rejects.toMatchObject({
      code: 'CONTEXT_LENGTH_EXCEEDED',
    });
    expect((await session.message('Short')).content).toBe('Very well.');
  },
  async autoSave() {
    const session = await sessions.create({ model: MODELS.anthropic, tools: [], autoSave: false });
    const place = join(folder.path, 'sessions', session.id);
    const saves: number[] = [];
    session.on('save', ({ seq }) => saves.push(seq));
    await session.message('Hi');
    expect(existsSync(join(place, 'messages.json'))).toBe(false);
    expect(await sessions.list()).toEqual([]);
    expect(saves).toEqual([]);
    await session.save();
    expect(existsSync(join(place, 'messages.json'))).toBe(true);
    expect((await sessions.info(session.id)).messageCount).toBe(2);
    expect(saves).toHaveLength(1);
    await session.message('Not saved');
    expect((await sessions.info(session.id)).messageCount).toBe(2);
  },
  async sessionId() {
    const session = await sessions.create({ model: MODELS.anthropic, tools: [] });
    await session.message('Hello');
    await sessions.close();
    sessions = sessionsOn(folder.path, fake);
    const again = await sessions.create({ sessionId: session.id, model: MODELS.google, temperature: 0.1 });
    expect(again.id).toBe(session.id);
    await again.message('Again');
    expect(fake.requests.at(-1)).toMatchObject({ dialect: 'google', json: { generationConfig: { temperature: 0.1 } } });
    expect(JSON.stringify(fake.requests.at(-1)?.json.contents)).toContain('Hello');
    expect(again.state.model).toBe(MODELS.google);
    await expect(sessions.create({ sessionId: 'typo', model: MODELS.anthropic })).rejects.toMatchObject({
      code: 'SESSION_NOT_FOUND',
    });
    await refused({ sessionId: '../x' });
  },
};

test.each(Object.entries(EFFECTS))('%s', (_name, effect) => effect());

test('an option that does not exist is refused', () => refused({ temprature: 0.5 }));

describe('stop sequences that the API does not take are applied by the engine', () => {
  const text = 'One two STOP three';

  test.each([
    ['openai-responses', ['STOP'], 'One two '],
    ['openai-responses', ['nothing', 'two', 'STOP'], 'One '],
    ['anthropic', [' '], 'One'],
    ['openai-chat', ['1', '2', '3', '4', 'STOP'], 'One two '],
    ['google', ['1', '2', '3', '4', '5', 'STOP'], 'One two '],
  ] as const)('%s: %j', async (dialect, stopSequences, expected) => {
    const events = say[dialect](text);
    // Everything but the end, which never comes.
    fake.script(dialect, { events, fault: { afterEvents: events.length - 1, then: 'stall' } });
    const session = await sessions.create({ model: MODELS[dialect], tools: [], stopSequences });
    const shown: string[] = [];
    const stream = session.message('Count').on('text', ({ content }) => shown.push(content));
    expect(await stream).toMatchObject({ content: expected, finishReason: 'stop' });
    expect(shown.join('')).toBe(expected);
    // The connection is closed rather than read to its end.
    expect((await fake.requests[0]?.closed)?.whole).toBe(false);
    expect((await session.message('Go on')).content).toBe(dialect === 'anthropic' ? 'Very' : 'Very well.');
  });
});

describe('pruning options', () => {
  const talk = async (options: Partial<SessionOptions>): Promise<any> => {
    const session = await sessions.create({ model: MODELS.anthropic, tools: [], systemPrompt: 'x', ...options });
    for (let i = 0; i < 6; i += 1) await session.message(`Question ${i} ${'lorem ipsum dolor '.repeat(30)}`);
    return fake.requests.at(-1)?.json.messages;
  };

  test('pruneThreshold moves the point at which old messages leave', async () => {
    expect(await talk({ contextWindow: 4000 })).toHaveLength(11);
    expect((await talk({ contextWindow: 4000, pruneThreshold: 0.1 })).length).toBeLessThan(11);
  });

  test('pruneStrategy none keeps everything until nothing fits', async () => {
    await expect(talk({ contextWindow: 500, pruneStrategy: 'none' })).rejects.toMatchObject({
      code: 'CONTEXT_LENGTH_EXCEEDED',
    });
  });
});
