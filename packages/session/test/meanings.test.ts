import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { anthropic, openaiChat, openaiResponses, startFakeProvider } from '@reprise/fake-provider';
import type { FakeProvider } from '@reprise/fake-provider';
import type { Session, Sessions } from '@reprise/core';
import { createModels } from '@reprise/providers';
import { MODELS, sessionsOn, temporaryFolder } from './support.ts';

let fake: FakeProvider;
let folder: ReturnType<typeof temporaryFolder>;
let sessions: Sessions;
let session: Session;

beforeEach(async () => {
  fake = await startFakeProvider({ strict: true });
  fake.fallback('anthropic', anthropic.message({ text: 'Very well.' }));
  folder = temporaryFolder();
  sessions = sessionsOn(folder.path, fake);
  session = await sessions.create({ model: MODELS.anthropic, tools: [] });
});
afterEach(async () => {
  await sessions.close();
  await fake.close();
  folder.remove();
});

const code = (expected: string) => ({ code: expected });
const texts = async (of: Session, all = false) => (await of.getMessages({ all })).map(({ content }) => content);

describe('sessions by id', () => {
  test('resume and load of what is not there are SESSION_NOT_FOUND', async () => {
    await expect(sessions.resume('nobody')).rejects.toMatchObject(code('SESSION_NOT_FOUND'));
    await expect(sessions.load('nobody')).rejects.toMatchObject(code('SESSION_NOT_FOUND'));
    await expect(sessions.info('nobody')).rejects.toMatchObject(code('SESSION_NOT_FOUND'));
    await expect(sessions.delete('nobody')).rejects.toMatchObject(code('SESSION_NOT_FOUND'));
  });

  test('an id that is no id is INVALID_INPUT', async () => {
    for (const id of ['../x', '', 'A', 'a/b', 7, undefined]) {
      await expect(sessions.resume(id as string)).rejects.toMatchObject(code('INVALID_INPUT'));
      await expect(sessions.delete(id as string)).rejects.toMatchObject(code('INVALID_INPUT'));
    }
  });

  test('a deleted session answers SESSION_NOT_FOUND from its handle', async () => {
    await session.message('Hi');
    await sessions.delete(session.id);
    await expect(session.message('Hi')).rejects.toMatchObject(code('SESSION_NOT_FOUND'));
    await expect(session.getMessages()).rejects.toMatchObject(code('SESSION_NOT_FOUND'));
    await expect(session.export()).rejects.toMatchObject(code('SESSION_NOT_FOUND'));
    await expect(session.fork()).rejects.toMatchObject(code('SESSION_NOT_FOUND'));
    await expect(session.save()).rejects.toMatchObject(code('SESSION_NOT_FOUND'));
  });

  test('options at resume override, and are recorded', async () => {
    await session.message('Hi');
    const again = await sessions.resume(session.id, { systemPrompt: 'Brief.', maxTokens: 77, title: 'New' });
    await again.message('Hi');
    expect(fake.requests.at(-1)?.json).toMatchObject({ max_tokens: 77, system: [{ text: 'Brief.' }] });
    await sessions.close();
    sessions = sessionsOn(folder.path, fake);
    await (await sessions.resume(session.id)).message('Hi');
    expect(fake.requests.at(-1)?.json).toMatchObject({ max_tokens: 77, system: [{ text: 'Brief.' }] });
    expect((await sessions.info(session.id)).title).toBe('New');
  });
});

describe('forks and imports', () => {
  test('a fork includes its message, and without options copies all', async () => {
    await session.message('One');
    await session.message('Two');
    const [, answer] = await session.getMessages();
    expect(await texts(await session.fork({ fromMessage: answer?.id ?? '' }))).toEqual(['One', 'Very well.']);
    expect(await texts(await session.fork())).toEqual(['One', 'Very well.', 'Two', 'Very well.']);
    await expect(session.fork({ fromMessage: 'nobody' })).rejects.toMatchObject(code('INVALID_INPUT'));
  });

  test('a taken id is SESSION_EXISTS; an import gets a new one if asked', async () => {
    await expect(session.fork({ newSessionId: session.id })).rejects.toMatchObject(code('SESSION_EXISTS'));
    const exported = await session.export();
    await expect(sessions.import(exported)).rejects.toMatchObject(code('SESSION_EXISTS'));
    expect((await sessions.import(exported, { newId: true })).id).not.toBe(session.id);
  });

  test('a fork in the same process keeps registered tools; after resume they are registered again', async () => {
    session.registerTool({ name: 'dice', description: 'Rolls.', handler: () => 4 });
    await session.message('Hi');
    const offered = () => (fake.requests.at(-1)?.json.tools ?? []).map((tool: { name: string }) => tool.name);
    await (await session.fork()).message('Hi');
    expect(offered()).toEqual(['dice']);
    await sessions.close();
    sessions = sessionsOn(folder.path, fake);
    const again = await sessions.resume(session.id);
    await again.message('Hi');
    expect(offered()).toEqual([]);
    again.registerTool({ name: 'dice', description: 'Rolls.', handler: () => 4 });
    await again.message('Hi');
    expect(offered()).toEqual(['dice']);
    const twice = () => again.registerTool({ name: 'dice', description: 'Rolls.', handler: () => 4 });
    expect(twice).toThrow(expect.objectContaining(code('INVALID_INPUT')));
  });
});

describe('history', () => {
  test('clear forgets all, or all but the last; everything stays in the log', async () => {
    for (const text of ['One', 'Two']) await session.message(text);
    await session.clearHistory({ keepLast: 1 });
    expect(await texts(session)).toEqual(['Very well.']);
    await session.clearHistory();
    expect(await texts(session)).toEqual([]);
    expect(await texts(session, true)).toEqual(['One', 'Very well.', 'Two', 'Very well.']);
    expect(session.state.messageCount).toBe(0);
    await session.message('Three');
    expect(JSON.stringify(fake.requests.at(-1)?.json.messages)).not.toMatch(/One|Two/);
  });

  test('pruning hides nothing from people', async () => {
    for (const text of ['One', 'Two', 'Three']) await session.message(text);
    const [first] = await session.getMessages();
    await session.editMessage(first?.id ?? '', { important: true });
    await session.pruneContext({ keepLast: 2 });
    expect(await texts(session)).toHaveLength(6);
    await session.message('Four');
    const sent = JSON.stringify(fake.requests.at(-1)?.json.messages);
    expect(sent).toContain('One');
    expect(sent).not.toContain('Two');
    await session.pruneContext({ keepLast: 2, keepImportant: false });
    await session.message('Five');
    expect(JSON.stringify(fake.requests.at(-1)?.json.messages)).not.toContain('One');
  });

  test('an edit keeps what follows, and the calls of an assistant', async () => {
    session.registerTool({ name: 'dice', description: 'Rolls.', handler: () => 4 });
    fake.script('anthropic', anthropic.message({ text: 'I roll.', toolCalls: [{ id: 'a', name: 'dice', input: {} }] }));
    await session.message('Roll');
    const [, called] = await session.getMessages();
    await session.editMessage(called?.id ?? '', { content: 'Rolling.' });
    const [, edited] = await session.getMessages();
    expect(edited).toMatchObject({
      content: 'Rolling.',
      toolCalls: [{ id: 'a' }],
      toolResults: [{ id: 'a', result: 4 }],
    });
    expect(await texts(session)).toHaveLength(3);
    await session.message('Again');
    expect(fake.requests.at(-1)?.json.messages[1].content).toMatchObject([{ text: 'Rolling.' }, { id: 'a' }]);
  });
});

describe('turns', () => {
  test('usage is summed over the steps; a provider that reports none gives 0', async () => {
    session.registerTool({ name: 'dice', description: 'Rolls.', handler: () => 4 });
    fake.script(
      'anthropic',
      anthropic.message({ toolCalls: [{ name: 'dice', input: {} }], usage: { input: 10, output: 5 } }),
    );
    const outcome = await session.turn('Roll').outcome();
    expect(outcome).toMatchObject({ steps: 2, tokens: 55, usage: { input: 35, output: 20, total: 55 } });
    expect(session.state.tokenUsage).toEqual({ input: 35, output: 20, total: 55 });
    fake.script('openai-chat', openaiChat.message({ text: 'Hi', usage: false }));
    const local = await sessions.create({ model: MODELS['openai-chat'], tools: [] });
    expect(await local.turn('Hi').outcome()).toMatchObject({ tokens: 0, usage: { input: 0, output: 0, total: 0 } });
  });

  test('a result prints as the model was shown it, whatever it is', async () => {
    const results: unknown[] = [{ city: 'Bern', sky: ['clear'] }, [{ a: 1 }, 2], 'text', 7, null, {}];
    for (const result of results) {
      const one = await sessions.create({ model: MODELS.anthropic, tools: [] });
      one.registerTool({ name: 'ask', description: 'Asks.', handler: () => result });
      fake.script('anthropic', anthropic.message({ toolCalls: [{ id: 'a', name: 'ask', input: {} }] }));
      const printed: string[] = [];
      const given: unknown[] = [];
      const stream = one.message('Ask').on('tool_result', (chunk) => {
        printed.push(`${chunk.result}`);
        given.push(chunk.result);
      });
      await stream;
      const [told] = fake.requests.at(-1)?.json.messages[2].content;
      expect(printed).toEqual([told.content]);
      expect(given).toEqual([result]);
      expect(JSON.stringify(given)).toBe(JSON.stringify([result]));
    }
  });

  test('a step limit ends the turn with BUDGET_EXCEEDED and keeps what was said', async () => {
    const short = await sessions.create({ model: MODELS.anthropic, tools: [], maxSteps: 2 });
    let n = 0;
    short.registerTool({ name: 'dice', description: 'Rolls.', handler: () => (n += 1) });
    fake.fallback('anthropic', () => anthropic.message({ toolCalls: [{ name: 'dice', input: {} }] }));
    const outcome = await short.turn('Roll').outcome();
    expect(outcome).toMatchObject({ status: 'step-limit', steps: 2, error: code('BUDGET_EXCEEDED') });
    expect(n).toBe(2);
  });

  test('a wait over a minute ends the turn with RATE_LIMIT and an ISO retryAt; a shorter one is sat out', async () => {
    const limited = (after: string) => ({
      status: 429,
      headers: { 'retry-after-ms': after },
      body: anthropic.errorBody('rate_limit_error', 'slow'),
    });
    fake.script('anthropic', limited('3'), anthropic.message({ text: 'Now.' }));
    expect((await session.message('Hi')).content).toBe('Now.');
    fake.script('anthropic', limited('61000'));
    const error = await session.message('Hi').catch((failure: { retryAt?: string }) => failure);
    expect(error).toMatchObject(code('RATE_LIMIT'));
    const at = (error as { retryAt?: string }).retryAt ?? '';
    expect(new Date(at).toISOString()).toBe(at);
  });

  test('five tries in all', async () => {
    for (let i = 0; i < 6; i += 1)
      fake.script('anthropic', { status: 529, body: anthropic.errorBody('overloaded_error', 'busy') });
    await expect(session.message('Hi')).rejects.toMatchObject(code('OVERLOADED'));
    expect(fake.requests).toHaveLength(5);
  });

  test('a denied tool is told to the model, and the turn goes on', async () => {
    const cautious = await sessions.create({ model: MODELS.anthropic });
    fake.script('anthropic', anthropic.message({ toolCalls: [{ id: 'a', name: 'bash', input: { command: 'rm x' } }] }));
    expect((await cautious.message('Remove x')).content).toBe('Very well.');
    const [, called] = await cautious.getMessages();
    expect(called?.toolResults).toEqual([
      { id: 'a', result: null, error: expect.stringMatching(/^Permission denied/) },
    ]);
    expect(fake.requests.at(-1)?.json.messages[2].content).toMatchObject([{ tool_use_id: 'a', is_error: true }]);
  });

  test('a setting that the model does not take is dropped with a warning, which is recorded', async () => {
    const cold = await sessions.create({ model: 'anthropic/claude-sonnet-5-5', tools: [], temperature: 0.2 });
    const warnings: string[] = [];
    cold.on('warning', ({ message }) => warnings.push(message));
    await cold.message('Hi');
    expect(warnings).toEqual(['anthropic/claude-sonnet-5-5 takes no temperature, so none is sent.']);
    expect((await cold.export()).records).toContainEqual(
      expect.objectContaining({ type: 'warning', message: warnings[0] }),
    );
    await cold.message('Again');
    expect(warnings).toHaveLength(1);
    const warm = await sessions.create({ model: MODELS.anthropic, tools: [], temperature: 0.2 });
    const again = await sessions.resume(warm.id, { model: 'openai/gpt-5' });
    again.on('warning', ({ message }) => warnings.push(message));
    fake.script('openai-responses', openaiResponses.message({ text: 'Hi' }));
    await again.message('Hi');
    expect(warnings[1]).toMatch(/^openai\/gpt-5 takes no temperature/);
  });

  test('a missing key is AUTH at the first message, not before', async () => {
    const keyless = sessionsOn(folder.path, fake, { models: createModels({ env: {} }) });
    const silent = await keyless.create({ model: 'openai/gpt-5' });
    await expect(silent.message('Hi')).rejects.toMatchObject(code('AUTH'));
    await expect(keyless.create({ model: 'gpt-99' })).rejects.toMatchObject(code('MODEL_NOT_FOUND'));
    await keyless.close();
  });
});
