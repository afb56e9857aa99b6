import type { LanguageModelV4Prompt } from '@ai-sdk/provider';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { anthropic, google, openaiResponses, startFakeProvider, tokenCount } from '@reprise/fake-provider';
import type { FakeProvider, Reply, Scripted } from '@reprise/fake-provider';
import { createModels } from '../src/index.ts';
import { nodeFetch } from '../src/node-fetch.ts';
import { stream, user } from './support.ts';

let fake: FakeProvider;
beforeEach(async () => void (fake = await startFakeProvider()));
afterEach(() => fake.close());

const resolve = (name: string, url = fake.url, apiKey = 'k') =>
  createModels({
    env: {},
    fetch: nodeFetch,
    headers: { 'x-team': 'a' },
    providers: {
      anthropic: { apiKey, baseURL: url },
      openai: { apiKey, baseURL: `${url}/v1` },
      google: { apiKey, baseURL: url },
      compatible: { baseURL: `${url}/v1` },
    },
  }).resolve(name);
const signal = new AbortController().signal;
const prompt: LanguageModelV4Prompt = [
  { role: 'system', content: 'Be brief.' },
  user('What is in ä.txt?'),
  {
    role: 'assistant',
    content: [
      { type: 'text', text: 'I look.' },
      { type: 'tool-call', toolCallId: 'call_1', toolName: 'read', input: { path: 'ä.txt' } },
    ],
  },
  {
    role: 'tool',
    content: [
      { type: 'tool-result', toolCallId: 'call_1', toolName: 'read', output: { type: 'text', value: 'Füchse 🦊' } },
    ],
  },
];
const dialects: ['anthropic' | 'openai-responses' | 'google', string, Scripted][] = [
  ['anthropic', 'anthropic/claude-opus-5-5', anthropic.message({ text: 'ok' })],
  ['openai-responses', 'openai/gpt-5', openaiResponses.message({ text: 'ok' })],
  ['google', 'google/gemini-2.5-pro', google.message({ text: 'ok' })],
];

test.each(dialects)('%s: what is counted is what would be sent', async (dialect, name, reply) => {
  fake.answer(dialect, 'count', tokenCount(dialect, 1_234));
  fake.script(dialect, reply);
  const { count, model } = await resolve(name);
  expect(await count?.(prompt, signal)).toBe(1_234);
  await stream(model, { prompt });
  const [counted, sent] = fake.requests;
  expect([counted?.endpoint, sent?.endpoint]).toEqual(['count', 'generate']);
  const body = dialect === 'google' ? counted?.json.generateContentRequest : counted?.json;
  for (const [field, value] of Object.entries(body)) if (field !== 'model') expect(value).toEqual(sent?.json[field]);
  const rest = Object.keys(sent?.json).filter((field) => !(field in body));
  expect(rest.sort()).toEqual(
    { anthropic: ['max_tokens', 'stream'], 'openai-responses': ['include', 'store', 'stream'], google: [] }[dialect],
  );
  expect(counted?.headers['x-team']).toBe('a');
  // The vendor's client is of a newer version, which takes other fields.
  expect(counted?.headers['anthropic-version']).toBe(sent?.headers['anthropic-version']);
  expect(counted?.text).toContain('Be brief.');
  expect(counted?.text).toContain('Füchse 🦊');
});

test.each(dialects)('%s: the tools on offer are counted too', async (dialect, name) => {
  fake.answer(dialect, 'count', tokenCount(dialect, 7));
  const { count } = await resolve(name);
  const schema = { type: 'object', properties: { path: { type: 'string' } } } as const;
  await count?.(prompt, signal, [
    { type: 'function', name: 'read', description: 'Reads a file.', inputSchema: schema },
  ]);
  expect(fake.requests[0]?.text).toContain('Reads a file.');
});

test('each count goes to its own path, with the model and the key', async () => {
  for (const [dialect, name] of dialects) {
    fake.answer(dialect, 'count', tokenCount(dialect, 0));
    expect(await (await resolve(name)).count?.(prompt, signal)).toBe(0);
  }
  expect(fake.requests.map(({ path }) => path)).toEqual([
    '/v1/messages/count_tokens',
    '/v1/responses/input_tokens',
    '/v1beta/models/gemini-2.5-pro:countTokens',
  ]);
  const [one, two, three] = fake.requests;
  expect(one?.json.model).toBe('claude-opus-5-5');
  expect(one?.headers['x-api-key']).toBe('k');
  expect(two?.json.model).toBe('gpt-5');
  expect(two?.headers.authorization).toBe('Bearer k');
  expect(three?.json.generateContentRequest.model).toBe('models/gemini-2.5-pro');
  expect(three?.headers['x-goog-api-key']).toBe('k');
});

test('a provider that does not count has no count', async () => {
  for (const name of ['compatible/x', 'ollama/x', 'demo/offline'])
    expect((await resolve(name)).count, name).toBeUndefined();
});

test.each(dialects)('%s: refusals, nonsense and an address that does not count', async (dialect, name) => {
  const failures: [Reply, string][] = [
    [{ status: 401, body: { error: { message: 'bad key k-e-y' } } }, 'AUTH'],
    [{ status: 429, body: { error: { message: 'slow down' } } }, 'RATE_LIMIT'],
    [{ status: 404, body: 'no such page' }, 'UNSUPPORTED'],
    [{ body: '{"hello":1}' }, 'PROVIDER'],
    [tokenCount(dialect, '12'), 'PROVIDER'],
    [tokenCount(dialect, -1), 'PROVIDER'],
  ];
  const { count } = await resolve(name, fake.url, 'k-e-y');
  for (const [reply, code] of failures) {
    fake.answer(dialect, 'count', reply);
    const error = await count?.(prompt, signal).catch((reason: unknown) => reason);
    expect(error, JSON.stringify(reply)).toMatchObject({ code });
    expect((error as Error).message).not.toContain('k-e-y');
  }
  // Nothing is tried twice.
  expect(fake.requests).toHaveLength(failures.length);
  const away = await resolve(name, 'http://127.0.0.1:9');
  await expect(away.count?.(prompt, signal)).rejects.toMatchObject({ code: 'NETWORK' });
});

test.each(dialects)('%s: an abort closes the socket; a missing key sends nothing', async (dialect, name) => {
  const none = await resolve(name, fake.url, '');
  await expect(none.count?.(prompt, signal)).rejects.toMatchObject({ code: 'AUTH' });
  expect(fake.requests).toHaveLength(0);
  fake.answer(dialect, 'count', { delayMs: 60_000, body: {} });
  const abort = new AbortController();
  const call = (await resolve(name)).count?.(prompt, abort.signal);
  const request = await fake.received(0);
  abort.abort();
  await expect(call).rejects.toMatchObject({ code: 'ABORTED' });
  expect((await request.closed).whole).toBe(false);
});

test('a prompt that the AI SDK cannot convert is its error, and nothing is sent', async () => {
  const audio = { type: 'file' as const, mediaType: 'audio/wav', data: { type: 'data' as const, data: 'AAAA' } };
  const { count } = await resolve('anthropic/claude-opus-5-5');
  await expect(count?.([{ role: 'user', content: [audio] }], signal)).rejects.toMatchObject({ code: 'PROVIDER' });
  expect(fake.requests).toHaveLength(0);
});
