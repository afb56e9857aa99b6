import { afterEach, beforeEach, expect, test } from 'vitest';
import { google, openaiChat, openaiResponses, startFakeProvider, type FakeProvider } from '@reprise/fake-provider';
import { createModels } from '../src/index.ts';
import { nodeFetch } from '../src/node-fetch.ts';
import { joined, only, stream, tool, user } from './support.ts';

let fake: FakeProvider;
beforeEach(async () => void (fake = await startFakeProvider()));
afterEach(() => fake.close());

const resolve = async (name: string, env: Record<string, string>) =>
  (await createModels({ env, fetch: nodeFetch }).resolve(name)).model;
const openai = (name = 'openai/gpt-5') => resolve(name, { OPENAI_API_KEY: 'sk-o', OPENAI_BASE_URL: `${fake.url}/v1` });
const gemini = (variable = 'GEMINI_API_KEY') =>
  resolve('google/gemini-2.5-pro', { [variable]: 'g-key', GOOGLE_GENERATIVE_AI_BASE_URL: fake.url });
const local = () => resolve('compatible/qwen3', { OPENAI_COMPATIBLE_BASE_URL: `${fake.url}/v1/` });
const tools = [tool('read'), tool('glob')];
const calls = [
  { id: 'call_a', name: 'read', input: { path: 'ä.txt' } },
  { id: 'call_b', name: 'glob', input: {} },
];
const seen = (parts: Parameters<typeof only>[0]) =>
  only(parts, 'tool-call').map(({ toolName, input }) => [toolName, input]);
const expected = [
  ['read', '{"path":"ä.txt"}'],
  ['glob', '{}'],
];

test('OpenAI responses: text and usage; nothing is stored there', async () => {
  fake.script(
    'openai-responses',
    openaiResponses.message({ text: 'Grüße 🦊', usage: { input: 9, cached: 4, output: 6, reasoning: 2 } }),
  );
  const parts = await stream(await openai());
  expect(joined(parts, 'text-delta')).toBe('Grüße 🦊');
  expect(only(parts, 'finish')).toMatchObject([
    {
      finishReason: { unified: 'stop' },
      usage: { inputTokens: { total: 9, cacheRead: 4 }, outputTokens: { total: 6, reasoning: 2 } },
    },
  ]);
  expect(fake.requests[0]?.headers.authorization).toBe('Bearer sk-o');
  expect(fake.requests[0]?.json).toMatchObject({
    model: 'gpt-5',
    store: false,
    include: ['reasoning.encrypted_content'],
  });
});

test('OpenAI responses: a model without reasoning is not asked for its encrypted content', async () => {
  fake.script('openai-responses', openaiResponses.message({ text: 'ok' }));
  await stream(await openai('openai/gpt-4.1'));
  expect(fake.requests[0]?.json).toMatchObject({ store: false });
  expect(fake.requests[0]?.json.include).toBeUndefined();
});

test("OpenAI responses: a caller's own options win and stand beside ours", async () => {
  fake.script('openai-responses', openaiResponses.message({ text: 'ok' }));
  await stream(await openai(), { providerOptions: { openai: { store: true, user: 'u' } } });
  expect(fake.requests[0]?.json).toMatchObject({ store: true, user: 'u' });
});

test('OpenAI responses: reasoning and parallel calls come back unchanged, the last encrypted content', async () => {
  fake.script(
    'openai-responses',
    openaiResponses.message({
      reasoning: { id: 'rs_1', summary: ['I look.'], encrypted: 'c2VhbGVk' },
      toolCalls: calls,
    }),
    openaiResponses.message({ text: 'done' }),
  );
  const model = await openai();
  const parts = await stream(model, { tools });
  expect([joined(parts, 'reasoning-delta'), seen(parts)]).toEqual(['I look.', expected]);
  expect(only(parts, 'finish')[0]?.finishReason.unified).toBe('tool-calls');
  const end = only(parts, 'reasoning-end').at(-1);
  expect(end?.providerMetadata).toMatchObject({ openai: { itemId: 'rs_1', reasoningEncryptedContent: 'c2VhbGVk' } });

  const metadata = end?.providerMetadata;
  await stream(model, {
    tools,
    prompt: [
      user('hi'),
      {
        role: 'assistant',
        content: [
          { type: 'reasoning', text: 'I look.', ...(metadata && { providerOptions: metadata }) },
          ...only(parts, 'tool-call').map((call) => ({
            type: 'tool-call' as const,
            toolCallId: call.toolCallId,
            toolName: call.toolName,
            input: JSON.parse(call.input),
          })),
        ],
      },
      {
        role: 'tool',
        content: calls.map(({ id, name }) => ({
          type: 'tool-result',
          toolCallId: id,
          toolName: name,
          output: { type: 'text', value: 'found' },
        })),
      },
    ],
  });
  expect(fake.requests[1]?.json.input).toMatchObject([
    { role: 'user' },
    { type: 'reasoning', encrypted_content: 'c2VhbGVk', summary: [{ type: 'summary_text', text: 'I look.' }] },
    { type: 'function_call', call_id: 'call_a', name: 'read' },
    { type: 'function_call', call_id: 'call_b', name: 'glob' },
    { type: 'function_call_output', call_id: 'call_a', output: 'found' },
    { type: 'function_call_output', call_id: 'call_b', output: 'found' },
  ]);
});

test('OpenAI responses: cut off by the limit, and failed', async () => {
  fake.script('openai-responses', openaiResponses.message({ text: 'half', status: 'incomplete' }));
  expect(only(await stream(await openai()), 'finish')[0]?.finishReason.unified).toBe('length');
  fake.script(
    'openai-responses',
    openaiResponses.message({
      text: 'half',
      status: 'failed',
      error: { code: 'server_is_overloaded', message: 'busy' },
    }),
  );
  expect(only(await stream(await openai()), 'error')).toHaveLength(1);
});

test('OpenAI chat on a compatible server: text, reasoning, usage; no key is sent', async () => {
  fake.script(
    'openai-chat',
    openaiChat.message({ reasoning: 'hm', text: 'Grüße 🦊', usage: { input: 9, cached: 4, output: 6 } }),
  );
  const parts = await stream(await local());
  expect([joined(parts, 'reasoning-delta'), joined(parts, 'text-delta')]).toEqual(['hm', 'Grüße 🦊']);
  expect(only(parts, 'finish')).toMatchObject([
    {
      finishReason: { unified: 'stop' },
      usage: { inputTokens: { total: 9, cacheRead: 4 }, outputTokens: { total: 6 } },
    },
  ]);
  expect(fake.requests[0]?.headers.authorization).toBeUndefined();
  expect(fake.requests[0]?.json).toMatchObject({ model: 'qwen3', stream_options: { include_usage: true } });
});

test('OpenAI chat: parallel calls, however the bytes are cut', async () => {
  for (let seed = 1; seed <= 5; seed += 1) {
    fake.script('openai-chat', {
      events: openaiChat.message({ toolCalls: calls }),
      cuts: { seed, longest: 9 },
      crlf: seed % 2 === 0,
    });
    const parts = await stream(await local(), { tools });
    expect(seen(parts)).toEqual(expected);
    expect(only(parts, 'finish')[0]?.finishReason.unified).toBe('tool-calls');
  }
});

test('Google: text, thoughts and usage', async () => {
  const usage = { input: 9, cached: 4, output: 6, thoughts: 3 };
  fake.script('google', { events: google.message({ thinking: 'hm', text: 'Grüße 🦊', usage }), crlf: true });
  const parts = await stream(await gemini());
  expect([joined(parts, 'reasoning-delta'), joined(parts, 'text-delta')]).toEqual(['hm', 'Grüße 🦊']);
  expect(only(parts, 'finish')).toMatchObject([
    {
      finishReason: { unified: 'stop' },
      usage: { inputTokens: { total: 9, cacheRead: 4 }, outputTokens: { total: 9, text: 6, reasoning: 3 } },
    },
  ]);
  expect(fake.requests[0]?.path).toBe('/v1beta/models/gemini-2.5-pro:streamGenerateContent?alt=sse');
  expect(fake.requests[0]?.headers['x-goog-api-key']).toBe('g-key');
});

test('Google: parallel calls, the signature on the first; either key variable', async () => {
  fake.script('google', google.message({ toolCalls: calls, signature: 'c2ln' }));
  const parts = await stream(await gemini('GOOGLE_GENERATIVE_AI_API_KEY'), { tools });
  expect(seen(parts)).toEqual(expected);
  expect(only(parts, 'tool-call')[0]?.providerMetadata).toMatchObject({ google: { thoughtSignature: 'c2ln' } });
  expect(only(parts, 'finish')[0]?.finishReason.unified).toBe('tool-calls');
});

test.each([
  ['openai/gpt-5', 'OPENAI_API_KEY'],
  ['google/gemini-2.5-pro', 'GEMINI_API_KEY'],
  ['openrouter/a/b', 'OPENROUTER_API_KEY'],
])('%s without a key names %s', async (name, variable) => {
  const model = await resolve(name, {});
  await expect(model.doStream({ prompt: [user('hi')] })).rejects.toMatchObject({
    code: 'AUTH',
    hint: expect.stringContaining(variable),
  });
});

test("a provider of one's own is a compatible server with an address", async () => {
  fake.script('openai-chat', openaiChat.message({ text: 'ok' }));
  const providers = { mine: { baseURL: `${fake.url}/v1`, apiKey: 'own' } };
  const { model, name } = await createModels({ env: {}, providers, fetch: nodeFetch }).resolve('mine/model');
  expect([name, joined(await stream(model), 'text-delta')]).toEqual(['mine/model', 'ok']);
  expect(fake.requests[0]?.headers.authorization).toBe('Bearer own');
});
