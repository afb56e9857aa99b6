import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { anthropic, google, openaiChat } from '@reprise/fake-provider';
import type { Session } from '@reprise/core';
import { createModels } from '@reprise/providers';
import { nodeFetch } from '@reprise/providers/node-fetch';
import { MODELS, environmentOf, sessionsOn, stageForEach } from './support.ts';

const stage = stageForEach();
beforeEach(() => {
  stage.fake.fallback('anthropic', anthropic.message({ text: 'Very well.' }));
  stage.fake.fallback('google', google.message({ text: 'Very well.' }));
  stage.fake.fallback('openai-chat', openaiChat.message({ text: 'Very well.' }));
});

/** The warnings of what is done with a session. */
async function warningsOf(session: Session, work: () => Promise<unknown>): Promise<string[]> {
  const heard: string[] = [];
  const listen = ({ message }: { readonly message: string }): void => void heard.push(message);
  session.on('warning', listen);
  await work();
  session.off('warning', listen);
  return heard;
}
const RETIRED = { requested: 'claude-3-sonnet', name: 'anthropic/claude-sonnet-5-5' };
const asked = () => stage.fake.requests.at(-1)?.json.model;

describe('a retired name', () => {
  test('is told of once; both names are stored, and the session goes on with the successor', async () => {
    const session = await stage.sessions.create({ model: RETIRED.requested, tools: [] });
    expect(session.state.model).toBe(RETIRED.name);
    const told = await warningsOf(session, async () => {
      await session.message('One');
      await session.message('Two');
    });
    expect(told).toEqual([expect.stringMatching(/claude-3-sonnet-20240229 is retired; its successor .*-5-5 is used/)]);
    expect(asked()).toBe('claude-sonnet-5-5');

    await stage.restart();
    const again = await stage.sessions.resume(session.id);
    expect(await warningsOf(again, () => again.message('Three'))).toEqual([]);
    expect(asked()).toBe('claude-sonnet-5-5');
    expect((await again.export()).records?.[0]).toMatchObject({ type: 'session', model: RETIRED });
    const log = readFileSync(join(stage.folder, 'sessions', session.id, 'messages.json'), 'utf8');
    expect(log).toContain(JSON.stringify(RETIRED));
  });

  test('is told of once when it is changed to, too', async () => {
    const session = await stage.sessions.create({ model: MODELS.google, tools: [] });
    const changed = await stage.sessions.resume(session.id, { model: RETIRED.requested });
    const told = await warningsOf(changed, async () => {
      await changed.message('One');
      await changed.message('Two');
    });
    expect(told).toHaveLength(1);
    expect((await changed.export()).records).toContainEqual(
      expect.objectContaining({ type: 'change', model: RETIRED }),
    );
  });

  test('is an error at create under strictModels, and nothing is stored', async () => {
    const models = createModels({ env: environmentOf(stage.fake), fetch: nodeFetch, strictModels: true });
    const strict = sessionsOn(stage.folder, stage.fake, { models });
    await expect(strict.create({ model: RETIRED.requested })).rejects.toMatchObject({
      code: 'MODEL_NOT_FOUND',
      hint: `Use ${RETIRED.name}.`,
    });
    expect(await strict.list()).toEqual([]);
    await strict.close();
  });
});

describe('a model object in place of a name', () => {
  const object = async (name: string, provider?: string) => {
    const { model } = await createModels({ env: environmentOf(stage.fake), fetch: nodeFetch }).resolve(name);
    return provider === undefined ? model : Object.assign(Object.create(model) as typeof model, { provider });
  };

  test('has the limits and abilities of its name where the catalogue knows it', async () => {
    const model = await object('anthropic/claude-opus-5-5', 'anthropic.messages');
    const session = await stage.sessions.create({ model, tools: [], maxTokens: 50_000, temperature: 0.2 });
    expect(session.state.model).toBe('anthropic/claude-opus-5-5');
    expect(session.getContextUsage().max).toBe(1_000_000);
    expect((await session.message('Hi')).content).toBe('Very well.');
    expect(stage.fake.requests[0]?.json).toMatchObject({ model: 'claude-opus-5-5', max_tokens: 50_000 });
    expect('temperature' in stage.fake.requests[0]?.json).toBe(false);
    // Whoever has no object any more goes on by the name.
    await stage.restart();
    expect((await (await stage.sessions.resume(session.id)).message('Again')).content).toBe('Very well.');
  });

  test('has assumed ones else, and speaks its own dialect', async () => {
    const model = await object('compatible/qwen3', 'acme.chat');
    const session = await stage.sessions.create({ model, tools: [] });
    expect(session.state.model).toBe('acme/qwen3');
    expect(session.getContextUsage().max).toBe(128_000);
    expect((await session.message('Hi')).content).toBe('Very well.');
    await stage.restart();
    // Nobody knows that name: it can be read, and says at the first message what is missing.
    const again = await stage.sessions.resume(session.id);
    expect(await again.getMessages()).toHaveLength(2);
    await expect(again.message('Again')).rejects.toMatchObject({ code: 'MODEL_NOT_FOUND' });
    const there = await stage.sessions.resume(session.id, { model });
    expect((await there.message('Again')).content).toBe('Very well.');
  });
});

describe('the model of an import', () => {
  const messages = [{ role: 'user', content: 'Hello', timestamp: '2026-01-01T00:00:00.000Z' }];

  test('is resolved like any other: both names are stored, a retired one is told of once', async () => {
    const session = await stage.sessions.import(messages, { model: RETIRED.requested });
    const told = await warningsOf(session, async () => {
      await session.message('One');
      await session.message('Two');
    });
    expect(told).toHaveLength(1);
    expect((await session.export()).records?.[0]).toMatchObject({ model: RETIRED });
    await stage.restart();
    const again = await stage.sessions.resume(session.id);
    expect(await warningsOf(again, () => again.message('Three'))).toEqual([]);
  });

  test('may be another than that of the export', async () => {
    const first = await stage.sessions.create({ model: MODELS.anthropic, tools: [] });
    await first.message('Hello');
    const exported = await first.export();
    const session = await stage.sessions.import(exported, { newId: true, model: MODELS.google });
    expect(session.state.model).toBe(MODELS.google);
    await session.message('And you?');
    expect(stage.fake.requests.at(-1)).toMatchObject({
      dialect: 'google',
      text: expect.stringContaining('Very well.'),
    });
    const plain = { model: MODELS.anthropic, messages };
    expect((await stage.sessions.import(plain, { model: MODELS.google })).state.model).toBe(MODELS.google);
    expect((await stage.sessions.import(plain)).state.model).toBe(MODELS.anthropic);
  });

  test('is an error where it was asked for and is none; one that only the data name can wait', async () => {
    await expect(stage.sessions.import(messages, { model: 'gpt-99' })).rejects.toMatchObject({
      code: 'MODEL_NOT_FOUND',
    });
    await expect(stage.sessions.import(messages)).rejects.toMatchObject({ code: 'INVALID_INPUT' });
    const session = await stage.sessions.import({ model: 'gpt-99', messages });
    expect(await session.getMessages()).toMatchObject([{ content: 'Hello' }]);
    await expect(session.message('Hi')).rejects.toMatchObject({ code: 'MODEL_NOT_FOUND' });
    const there = await stage.sessions.resume(session.id, { model: MODELS.google });
    expect((await there.message('Hi')).content).toBe('Very well.');
  });
});
