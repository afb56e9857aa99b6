import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { anthropic, google, modelList, openaiChat, openaiResponses, startFakeProvider } from '@reprise/fake-provider';
import { tokenCount, type FakeProvider } from '@reprise/fake-provider';
import { createModels, type ModelsOptions } from '../src/index.ts';
import { checkKey } from '../src/live.ts';
import { nodeFetch } from '../src/node-fetch.ts';
import { joined, stream, user } from './support.ts';

let fake: FakeProvider;
beforeEach(async () => {
  fake = await startFakeProvider();
  fake.fallback('anthropic', anthropic.message({ text: 'ok' }));
  fake.fallback('openai-responses', openaiResponses.message({ text: 'ok' }));
  fake.fallback('openai-chat', openaiChat.message({ text: 'ok' }));
  fake.fallback('google', google.message({ text: 'ok' }));
  fake.answer('anthropic', 'models', modelList.anthropic([{ id: 'm' }]));
  fake.answer('openai-chat', 'models', modelList.openai([{ id: 'm' }]));
  fake.answer('google', 'models', modelList.google([{ id: 'm' }]));
  for (const dialect of ['anthropic', 'openai-responses', 'google'] as const)
    fake.answer(dialect, 'count', tokenCount(dialect, 1));
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await fake.close();
});

/** One of each model per provider, and the paths of its call and its count. */
const models = {
  anthropic: ['anthropic/claude-opus-5-5', '/v1/messages', '/v1/messages/count_tokens'],
  openai: ['openai/gpt-5', '/v1/responses', '/v1/responses/input_tokens'],
  google: [
    'google/gemini-2.5-pro',
    '/v1beta/models/gemini-2.5-pro:streamGenerateContent?alt=sse',
    '/v1beta/models/gemini-2.5-pro:countTokens',
  ],
  compatible: ['compatible/qwen3', '/v1/chat/completions', undefined],
  openrouter: ['openrouter/meta/llama', '/v1/chat/completions', undefined],
  ollama: ['ollama/qwen3', '/v1/chat/completions', undefined],
  lmstudio: ['lmstudio/qwen3', '/v1/chat/completions', undefined],
  vllm: ['vllm/qwen3', '/v1/chat/completions', undefined],
  'llama-server': ['llama-server/qwen3', '/v1/chat/completions', undefined],
} as const;
const ids = Object.keys(models) as (keyof typeof models)[];
const credentials = ['x-api-key', 'authorization', 'x-goog-api-key'];

/** Calls, counts (where the provider does) and checks the key; every request must carry these credentials and no other. */
async function expectRequests(
  id: keyof typeof models,
  options: ModelsOptions,
  carried: Readonly<Record<string, string>>,
): Promise<void> {
  const [name, call, counted] = models[id];
  const { model, count } = await createModels({ fetch: nodeFetch, ...options }).resolve(name);
  expect(joined(await stream(model), 'text-delta')).toBe('ok');
  expect(await count?.([user('hi')], new AbortController().signal)).toBe(counted && 1);
  if (id !== 'openrouter') expect(await checkKey(id, { fetch: nodeFetch, ...options })).toEqual({ ok: true });
  const paths = fake.requests.filter(({ endpoint }) => endpoint !== 'models').map(({ path }) => path);
  expect(paths).toEqual([call, ...(counted === undefined ? [] : [counted])]);
  for (const { headers } of fake.requests) {
    const found = Object.entries(headers).filter(([header]) => credentials.includes(header));
    expect(Object.fromEntries(found)).toEqual(carried);
  }
}

type Row = [keyof typeof models, Record<string, string>, Record<string, string>];
const bearer = (key: string) => ({ authorization: `Bearer ${key}` });

// FAKE stands for the address of the fake, which is not known yet.
test.each<Row>([
  ['anthropic', { ANTHROPIC_API_KEY: 'k', ANTHROPIC_BASE_URL: 'FAKE' }, { 'x-api-key': 'k' }],
  ['anthropic', { ANTHROPIC_API_KEY: 'k', ANTHROPIC_BASE_URL: 'FAKE/' }, { 'x-api-key': 'k' }],
  ['anthropic', { ANTHROPIC_API_KEY: 'k', ANTHROPIC_BASE_URL: 'FAKE/v1' }, { 'x-api-key': 'k' }],
  ['anthropic', { ANTHROPIC_API_KEY: ' k\n', ANTHROPIC_BASE_URL: 'FAKE/v1/' }, { 'x-api-key': 'k' }],
  ['anthropic', { ANTHROPIC_AUTH_TOKEN: 't', ANTHROPIC_BASE_URL: 'FAKE' }, bearer('t')],
  ['anthropic', { ANTHROPIC_API_KEY: ' ', ANTHROPIC_AUTH_TOKEN: 't', ANTHROPIC_BASE_URL: 'FAKE' }, bearer('t')],
  // The vendor's SDK takes the key where both are set.
  [
    'anthropic',
    { ANTHROPIC_API_KEY: 'k', ANTHROPIC_AUTH_TOKEN: 't', ANTHROPIC_BASE_URL: 'FAKE' },
    { 'x-api-key': 'k' },
  ],
  ['openai', { OPENAI_API_KEY: 'k', OPENAI_BASE_URL: 'FAKE/v1' }, bearer('k')],
  ['openai', { OPENAI_API_KEY: 'k', OPENAI_BASE_URL: 'FAKE/v1/' }, bearer('k')],
  ['google', { GEMINI_API_KEY: 'k', GOOGLE_GENERATIVE_AI_BASE_URL: 'FAKE' }, { 'x-goog-api-key': 'k' }],
  ['google', { GEMINI_API_KEY: 'k', GOOGLE_GENERATIVE_AI_BASE_URL: 'FAKE/' }, { 'x-goog-api-key': 'k' }],
  ['google', { GEMINI_API_KEY: 'k', GOOGLE_GENERATIVE_AI_BASE_URL: 'FAKE/v1beta' }, { 'x-goog-api-key': 'k' }],
  ['google', { GEMINI_API_KEY: 'k', GOOGLE_GENERATIVE_AI_BASE_URL: 'FAKE/v1beta/' }, { 'x-goog-api-key': 'k' }],
  ['google', { GOOGLE_GENERATIVE_AI_API_KEY: 'g', GOOGLE_GENERATIVE_AI_BASE_URL: 'FAKE' }, { 'x-goog-api-key': 'g' }],
  [
    'google',
    { GEMINI_API_KEY: 'k', GOOGLE_GENERATIVE_AI_API_KEY: 'g', GOOGLE_GENERATIVE_AI_BASE_URL: 'FAKE' },
    { 'x-goog-api-key': 'k' },
  ],
  ['compatible', { OPENAI_COMPATIBLE_BASE_URL: 'FAKE/v1' }, {}],
  ['compatible', { OPENAI_COMPATIBLE_BASE_URL: 'FAKE/v1/', OPENAI_COMPATIBLE_API_KEY: 'k' }, bearer('k')],
  ['openrouter', { OPENROUTER_BASE_URL: 'FAKE/v1', OPENROUTER_API_KEY: 'k' }, bearer('k')],
  ['ollama', { OLLAMA_BASE_URL: 'FAKE/v1' }, {}],
  ['ollama', { OLLAMA_BASE_URL: 'FAKE' }, {}],
  ['ollama', { OLLAMA_HOST: 'FAKE' }, {}],
  ['ollama', { OLLAMA_BASE_URL: 'FAKE/v1', OLLAMA_HOST: 'http://127.0.0.1:9' }, {}],
  ['lmstudio', { LMSTUDIO_BASE_URL: 'FAKE/v1' }, {}],
  ['lmstudio', { LMSTUDIO_BASE_URL: 'FAKE/' }, {}],
  ['vllm', { VLLM_BASE_URL: 'FAKE/v1/' }, {}],
  ['vllm', { VLLM_BASE_URL: 'FAKE', VLLM_API_KEY: 'k' }, bearer('k')],
  ['llama-server', { LLAMA_SERVER_BASE_URL: 'FAKE/v1' }, {}],
  ['llama-server', { LLAMA_SERVER_BASE_URL: 'FAKE/', LLAMA_API_KEY: 'k' }, bearer('k')],
])('%s with %o sends %o', async (id, variables, carried) => {
  // What the SDKs would read by themselves must not come through.
  for (const name of ['ANTHROPIC_API_KEY', 'ANTHROPIC_AUTH_TOKEN', 'OPENAI_API_KEY', 'GOOGLE_GENERATIVE_AI_API_KEY'])
    vi.stubEnv(name, 'of-the-process');
  for (const name of ['ANTHROPIC_BASE_URL', 'OPENAI_BASE_URL', 'GOOGLE_GENERATIVE_AI_BASE_URL'])
    vi.stubEnv(name, 'http://127.0.0.1:9');
  const env = Object.fromEntries(
    Object.entries(variables).map(([name, value]) => [name, value.replace('FAKE', fake.url)]),
  );
  await expectRequests(id, { env }, carried);
});

const carriedBy = (id: keyof typeof models, key: string): Record<string, string> => {
  if (id === 'anthropic') return { 'x-api-key': key };
  return id === 'google' ? { 'x-goog-api-key': key } : bearer(key);
};
const urlOf = (id: keyof typeof models) => (id === 'anthropic' || id === 'google' ? fake.url : `${fake.url}/v1`);

test.each(ids)('%s: options win over every variable; its own fetch and headers are used', async (id) => {
  const away = 'http://127.0.0.1:9/v1';
  const env = {
    ANTHROPIC_API_KEY: 'env',
    ANTHROPIC_AUTH_TOKEN: 'env',
    ANTHROPIC_BASE_URL: away,
    OPENAI_API_KEY: 'env',
    OPENAI_BASE_URL: away,
    GEMINI_API_KEY: 'env',
    GOOGLE_GENERATIVE_AI_BASE_URL: away,
    OPENAI_COMPATIBLE_API_KEY: 'env',
    OPENAI_COMPATIBLE_BASE_URL: away,
    OPENROUTER_API_KEY: 'env',
    OPENROUTER_BASE_URL: away,
    OLLAMA_BASE_URL: away,
    OLLAMA_HOST: away,
    LMSTUDIO_BASE_URL: away,
    VLLM_API_KEY: 'env',
    VLLM_BASE_URL: away,
    LLAMA_API_KEY: 'env',
    LLAMA_SERVER_BASE_URL: away,
  };
  let own = 0;
  const fetch: typeof globalThis.fetch = (input, init) => {
    own += 1;
    return nodeFetch(input, init);
  };
  const others = () => Promise.reject(new Error('not this fetch'));
  const providers = { [id]: { apiKey: 'mine', baseURL: urlOf(id), fetch, headers: { 'X-Team': 'a', 'x-all': 'own' } } };
  const options = { env, providers, fetch: others, headers: { 'X-All': 'everybody', 'x-more': 'b' } };
  await expectRequests(id, options, carriedBy(id, 'mine'));
  expect(own).toBe(fake.requests.length);
  for (const { headers } of fake.requests)
    expect(headers).toMatchObject({ 'x-team': 'a', 'x-all': 'own', 'x-more': 'b' });
});

test.each(ids)('%s: the common fetch and headers are used where it has none of its own', async (id) => {
  const providers = { [id]: { apiKey: 'mine', baseURL: urlOf(id) } };
  await expectRequests(id, { env: {}, providers, headers: { 'x-more': 'b' } }, carriedBy(id, 'mine'));
  for (const { headers } of fake.requests) expect(headers['x-more']).toBe('b');
});

test('OPENAI_BASE_URL is taken as it stands and never changes the dialect', async () => {
  const env = { OPENAI_API_KEY: 'k', OPENAI_BASE_URL: `${fake.url}/gateway` };
  const { model } = await createModels({ env, fetch: nodeFetch }).resolve('openai/some-local-model');
  const error: unknown = await model.doStream({ prompt: [user('hi')] }).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toMatchObject({ statusCode: 404, url: `${fake.url}/gateway/responses` });
});

test.each([
  ['gpu-box', 'http://gpu-box:11434/v1/models'],
  ['gpu-box:8000', 'http://gpu-box:8000/v1/models'],
  ['0.0.0.0', 'http://127.0.0.1:11434/v1/models'],
  ['0.0.0.0:11500', 'http://127.0.0.1:11500/v1/models'],
  ['https://gpu.example', 'https://gpu.example/v1/models'],
  ['https://gpu.example/ollama/v1', 'https://gpu.example/ollama/v1/models'],
])('OLLAMA_HOST=%s is what its own programs take it for: %s', async (host, address) => {
  const asked: string[] = [];
  const fetch: typeof globalThis.fetch = (input) => {
    asked.push(String(input));
    return Promise.reject(new Error('no network'));
  };
  await createModels({ env: { OLLAMA_HOST: host }, fetch }).resolve('ollama/qwen3');
  expect(asked).toEqual([address]);
});

test('a token by option goes to Anthropic as a bearer, and wins over a key in the environment', async () => {
  const providers = { anthropic: { authToken: 'mine', baseURL: fake.url } };
  await expectRequests('anthropic', { env: { ANTHROPIC_API_KEY: 'env' }, providers }, bearer('mine'));
});

test('two credentials at once, and a token where none is known, are INVALID_INPUT', async () => {
  const both = { anthropic: { authToken: 't', apiKey: 'k' } };
  await expect(createModels({ env: {}, providers: both }).resolve('claude-opus')).rejects.toMatchObject({
    code: 'INVALID_INPUT',
    hint: 'Give apiKey or authToken, not both.',
  });
  const other = { openai: { authToken: 't' } };
  await expect(createModels({ env: {}, providers: other }).resolve('openai/gpt-5')).rejects.toMatchObject({
    code: 'INVALID_INPUT',
    hint: 'Give providers.openai.apiKey.',
  });
});

test('a token that no header can carry is AUTH, and the error does not show it', async () => {
  const env = { ANTHROPIC_AUTH_TOKEN: 'tok secret', ANTHROPIC_BASE_URL: fake.url };
  const { model, count } = await createModels({ env, fetch: nodeFetch }).resolve('claude-opus');
  const calls = [model.doStream({ prompt: [user('hi')] }), count?.([user('hi')], new AbortController().signal)];
  for (const call of calls) {
    const error: any = await call?.then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(error).toMatchObject({ code: 'AUTH', hint: expect.stringContaining('ANTHROPIC_AUTH_TOKEN') });
    expect(`${error.message} ${error.hint}`).not.toContain('secret');
  }
  expect(fake.requests).toHaveLength(0);
});
