import { afterEach, beforeEach, expect, test } from 'vitest';
import { modelList, startFakeProvider, type FakeProvider } from '@reprise/fake-provider';
import { createModels } from '../src/index.ts';
import { liveModels, localModels, type LiveOptions } from '../src/live.ts';
import { nodeFetch } from '../src/node-fetch.ts';

let fake: FakeProvider;
beforeEach(async () => void (fake = await startFakeProvider()));
afterEach(() => fake.close());

/** Nothing listens on port 9; the local servers are looked for there, so that a real one on this machine is not met. */
const nowhere = 'http://127.0.0.1:9/v1';
const LOCAL = ['ollama', 'lmstudio', 'vllm', 'llama-server'];
const noLocal = Object.fromEntries(LOCAL.map((id) => [id, { baseURL: nowhere }]));
const live = ({ env = {}, providers = {}, ...rest }: LiveOptions = {}) =>
  liveModels({ env, fetch: nodeFetch, providers: { ...noLocal, ...providers }, ...rest });
const state = (result: Awaited<ReturnType<typeof live>>, id: string) =>
  result.providers.find(({ provider }) => provider === id);
const rowsOf = (result: Awaited<ReturnType<typeof live>>, provider: string, source = 'live') =>
  result.rows.filter((row) => row.provider === provider && row.source === source).map(({ name }) => name);

test('Anthropic, page after page, with key and version; limits are the provider’s', async () => {
  fake.answer('anthropic', 'models', ({ path }) =>
    path.includes('after_id=claude-opus-5-5')
      ? modelList.anthropic([{ id: 'claude-next-9', window: 3_000_000, output: 7 }])
      : modelList.anthropic([{ id: 'claude-opus-5-5', window: 999_999, output: 111_111 }], true),
  );
  const result = await live({ env: { ANTHROPIC_API_KEY: 'sk-a', ANTHROPIC_BASE_URL: fake.url } });
  expect(rowsOf(result, 'anthropic')).toEqual(['anthropic/claude-opus-5-5', 'anthropic/claude-next-9']);
  const row = (name: string) => result.rows.find((one) => one.name === name);
  expect(row('anthropic/claude-opus-5-5')).toEqual({
    name: 'anthropic/claude-opus-5-5',
    provider: 'anthropic',
    contextWindow: 999_999,
    maxOutputTokens: 111_111,
    price: { input: 4, output: 20, cacheRead: 0.2, cacheWrite: 5 },
    key: 'set',
    variables: ['ANTHROPIC_API_KEY', 'ANTHROPIC_AUTH_TOKEN'],
    aliases: ['claude-opus'],
    source: 'live',
  });
  expect(row('anthropic/claude-next-9')).toMatchObject({ contextWindow: 3_000_000, maxOutputTokens: 7 });
  // Known, but not listed for this key.
  expect(row('anthropic/claude-opus-4-1')).toMatchObject({ source: 'catalogue', contextWindow: 200_000 });
  expect(state(result, 'anthropic')).toEqual({ provider: 'anthropic', state: 'live', models: 2 });
  expect(fake.requests).toHaveLength(2);
  expect(fake.requests[0]?.headers).toMatchObject({ 'x-api-key': 'sk-a', 'anthropic-version': expect.any(String) });
});

test('a model that is listed by a dated name is live by its own name too', async () => {
  fake.answer('anthropic', 'models', modelList.anthropic([{ id: 'claude-sonnet-4-5-20250929' }]));
  const result = await live({ env: { ANTHROPIC_API_KEY: 'k', ANTHROPIC_BASE_URL: fake.url } });
  expect(rowsOf(result, 'anthropic')).toEqual(['anthropic/claude-sonnet-4-5', 'anthropic/claude-sonnet-4-5-20250929']);
  // The provider named no limits; the catalogue knows them for both names.
  for (const row of result.rows.filter(({ source }) => source === 'live')) expect(row.contextWindow).toBe(200_000);
});

test('OpenAI: what cannot answer is left out; a window that nobody names is absent', async () => {
  const ids = ['gpt-5', 'gpt-9-new', 'text-embedding-3-small', 'whisper-1', 'gpt-image-2', 'omni-moderation-latest'];
  fake.answer('openai-chat', 'models', modelList.openai(ids.map((id) => ({ id }))));
  const result = await live({ env: { OPENAI_API_KEY: 'sk-o', OPENAI_BASE_URL: `${fake.url}/v1` } });
  expect(rowsOf(result, 'openai')).toEqual(['openai/gpt-5', 'openai/gpt-9-new']);
  expect(result.rows.find(({ name }) => name === 'openai/gpt-5')?.contextWindow).toBe(400_000);
  expect(result.rows.find(({ name }) => name === 'openai/gpt-9-new')).not.toHaveProperty('contextWindow');
  expect(fake.requests[0]?.headers.authorization).toBe('Bearer sk-o');
});

test('Google, page after page: only models that generate', async () => {
  const embed = { id: 'embedding-9', more: { supportedGenerationMethods: ['embedContent'] } };
  fake.answer('google', 'models', ({ path }) =>
    path.includes('pageToken=two')
      ? modelList.google([{ id: 'gemini-9', window: 5_000, output: 500 }])
      : modelList.google([{ id: 'gemini-2.5-pro', window: 2_000_000 }, embed], 'two'),
  );
  const result = await live({ env: { GEMINI_API_KEY: 'g', GOOGLE_GENERATIVE_AI_BASE_URL: fake.url } });
  expect(rowsOf(result, 'google')).toEqual(['google/gemini-2.5-pro', 'google/gemini-9']);
  expect(result.rows.find(({ name }) => name === 'google/gemini-2.5-pro')).toMatchObject({
    contextWindow: 2_000_000,
    maxOutputTokens: 65_536,
  });
  expect(fake.requests[0]?.headers['x-goog-api-key']).toBe('g');
});

test('a list whose next page is the page before ends', async () => {
  fake.answer('google', 'models', modelList.google([{ id: 'gemini-9' }], 'again'));
  const result = await live({ env: { GEMINI_API_KEY: 'g', GOOGLE_GENERATIVE_AI_BASE_URL: fake.url } });
  expect(state(result, 'google')).toMatchObject({ state: 'live', models: 1 });
  expect(fake.requests).toHaveLength(2);
});

test('compatible servers: with an address they are asked, without a key too, and nobody’s key goes there', async () => {
  fake.answer(
    'openai-chat',
    'models',
    modelList.openai([
      { id: 'meta/llama', more: { context_length: 10, top_provider: { max_completion_tokens: 5 } } },
      { id: 'qwen3', more: { max_model_len: 20 } },
      { id: 'bare', more: { context_length: 'many' } },
    ]),
  );
  const result = await live({
    env: { OPENAI_COMPATIBLE_BASE_URL: `${fake.url}/v1/`, OPENAI_API_KEY: undefined },
    providers: { mine: { baseURL: `${fake.url}/v1`, apiKey: 'own', headers: { 'X-Team': 'a' } } },
    catalogue: { 'mine/qwen3': { window: 7 } },
  });
  const limits = (name: string) => result.rows.find((row) => row.name === name);
  expect(limits('compatible/meta/llama')).toMatchObject({ contextWindow: 10, maxOutputTokens: 5, key: 'not-needed' });
  expect(limits('compatible/qwen3')?.contextWindow).toBe(20);
  expect(limits('compatible/bare')).not.toHaveProperty('contextWindow');
  // The user's word wins over the provider's.
  expect(limits('mine/qwen3')?.contextWindow).toBe(7);
  const [one, two] = fake.requests.map(({ headers }) => headers).sort((a) => (a.authorization ? 1 : -1));
  expect(one?.authorization).toBeUndefined();
  expect(two).toMatchObject({ authorization: 'Bearer own', 'x-team': 'a' });
});

test('variables that the vendors’ SDKs read by themselves change nothing of what is sent', async () => {
  fake.answer('openai-chat', 'models', modelList.openai([{ id: 'm' }]));
  const before = { ...process.env };
  Object.assign(process.env, {
    OPENAI_API_KEY: 'sk-leak',
    OPENAI_ADMIN_KEY: 'sk-leak',
    OPENAI_ORG_ID: 'org-leak',
    OPENAI_PROJECT_ID: 'proj-leak',
    OPENAI_CUSTOM_HEADERS: 'x-leak: leak\nauthorization: Bearer leak',
    ANTHROPIC_CUSTOM_HEADERS: 'x-leak: leak\nx-api-key: leak',
  });
  try {
    await live({
      env: { OPENAI_COMPATIBLE_BASE_URL: `${fake.url}/v1`, ANTHROPIC_API_KEY: 'k', ANTHROPIC_BASE_URL: fake.url },
    });
  } finally {
    process.env = before;
  }
  expect(fake.requests).toHaveLength(2);
  for (const request of fake.requests) expect(JSON.stringify(request.rawHeaders)).not.toContain('leak');
});

test('one provider’s failure is data; the others answer, and its catalogue rows stay', async () => {
  const bad = await startFakeProvider();
  bad.answer('anthropic', 'models', { status: 401, body: { error: { message: 'invalid x-api-key sk-bad' } } });
  fake.answer('google', 'models', { status: 500, body: 'oh' });
  fake.answer('openai-chat', 'models', modelList.openai([{ id: 'gpt-5' }]));
  const result = await live({
    env: {
      ANTHROPIC_API_KEY: 'sk-bad',
      ANTHROPIC_BASE_URL: bad.url,
      GEMINI_API_KEY: 'g',
      GOOGLE_GENERATIVE_AI_BASE_URL: fake.url,
      OPENAI_API_KEY: 'o',
      OPENAI_BASE_URL: `${fake.url}/v1`,
      OPENROUTER_API_KEY: 'r',
      OPENROUTER_BASE_URL: nowhere,
    },
  });
  await bad.close();
  expect(state(result, 'anthropic')).toMatchObject({
    state: 'failed',
    error: { code: 'AUTH', hint: 'Check ANTHROPIC_API_KEY or ANTHROPIC_AUTH_TOKEN.', details: { status: 401 } },
  });
  expect(state(result, 'anthropic')?.error?.message).toMatch(/invalid x-api-key \[key\]/);
  expect(state(result, 'google')).toMatchObject({ state: 'failed', error: { code: 'OVERLOADED' } });
  expect(state(result, 'openrouter')).toMatchObject({ state: 'failed', error: { code: 'NETWORK' } });
  expect(state(result, 'openai')).toMatchObject({ state: 'live' });
  expect(rowsOf(result, 'anthropic', 'catalogue')).toContain('anthropic/claude-opus-5-5');
  expect(bad.requests).toHaveLength(1);
});

test.each([
  ['HTML', '<html>hello</html>', { 'content-type': 'text/html' }],
  ['other JSON', { hello: 1 }, {}],
  ['no list', { data: 'many', models: 7 }, {}],
  ['nothing', 'null', {}],
])('an answer that is %s is a failure, no empty list', async (_, body, headers) => {
  for (const dialect of ['anthropic', 'openai-chat', 'google'] as const)
    fake.answer(dialect, 'models', { body, headers });
  const result = await live({
    env: {
      ANTHROPIC_API_KEY: 'k',
      ANTHROPIC_BASE_URL: fake.url,
      GEMINI_API_KEY: 'g',
      GOOGLE_GENERATIVE_AI_BASE_URL: fake.url,
      OPENAI_COMPATIBLE_BASE_URL: `${fake.url}/v1`,
    },
  });
  for (const id of ['anthropic', 'google', 'compatible'])
    expect(state(result, id)).toMatchObject({ state: 'failed', models: 0, error: { code: 'PROVIDER' } });
});

test('a local server without a single model is live', async () => {
  fake.answer('openai-chat', 'models', { body: { object: 'list', data: null } });
  const result = await live({ env: { OLLAMA_BASE_URL: `${fake.url}/v1` }, providers: { ollama: {} } });
  expect(state(result, 'ollama')).toEqual({ provider: 'ollama', state: 'live', models: 0 });
});

test('ids that cannot be shown or typed are left out, and so are entries that are none', async () => {
  const ids = ['good', '', 'two words', '\u001b[31mred', 'x'.repeat(201), 'good'];
  const reply = modelList.openai(ids.map((id) => ({ id })));
  (reply.body as { data: unknown[] }).data.push(null, 7, 'text', {}, { id: 7 });
  fake.answer('openai-chat', 'models', reply);
  const result = await live({ env: { OPENAI_COMPATIBLE_BASE_URL: `${fake.url}/v1` } });
  expect(rowsOf(result, 'compatible')).toEqual(['compatible/good']);
});

test('a provider without key or address is not asked, and the error says what to set', async () => {
  const result = await live();
  const hints = result.providers.map(({ provider, state, error }) => [provider, state, error?.code]);
  expect(hints).toEqual([
    ['anthropic', 'not-asked', 'AUTH'],
    ['openai', 'not-asked', 'AUTH'],
    ['google', 'not-asked', 'AUTH'],
    ['compatible', 'not-asked', 'INVALID_INPUT'],
    ...LOCAL.map((id) => [id, 'failed', 'NETWORK']),
    ['openrouter', 'not-asked', 'AUTH'],
  ]);
  expect(state(result, 'google')?.error?.hint).toContain('GEMINI_API_KEY');
  expect(state(result, 'compatible')?.error?.hint).toContain('OPENAI_COMPATIBLE_BASE_URL');
  expect(result.rows.every(({ source }) => source === 'catalogue')).toBe(true);
});

/** Where each of them is looked for. */
const PORTS = { ollama: 11434, lmstudio: 1234, vllm: 8000, 'llama-server': 8080 };

/** A `fetch` for which these servers run at their usual ports, and no other; what was asked is in `asked`. */
function machine(servers: Readonly<Record<string, (init: RequestInit | undefined) => Promise<Response>>>) {
  const asked: string[] = [];
  const fetch: typeof globalThis.fetch = async (input, init) => {
    asked.push(String(input));
    const server = servers[new URL(String(input)).port];
    if (server) return server(init);
    throw new TypeError('fetch failed', { cause: Object.assign(new Error('refused'), { code: 'ECONNREFUSED' }) });
  };
  return { fetch, asked };
}
const toFake = (init: RequestInit | undefined) => nodeFetch(`${fake.url}/v1/models`, init);

test.each([liveModels, localModels])(
  '%o looks for local servers at their usual ports on loopback, and contacts nobody else without a key',
  async (models) => {
    const { fetch, asked } = machine({});
    const result = await models({ env: {}, fetch });
    expect(asked.sort()).toEqual(
      Object.values(PORTS)
        .map((port) => `http://127.0.0.1:${port}/v1/models`)
        .sort(),
    );
    for (const id of LOCAL) expect(state(result, id)).toEqual({ provider: id, state: 'absent', models: 0 });
  },
);

test.each(Object.entries(PORTS))('%s that runs is found, also without a key for anybody else', async (id, port) => {
  fake.answer('openai-chat', 'models', modelList.openai([{ id: 'qwen3:8b' }]));
  const { fetch, asked } = machine({ [port]: toFake });
  const result = await localModels({ env: { ANTHROPIC_API_KEY: 'k', OPENAI_API_KEY: 'k' }, fetch });
  expect(rowsOf(result, id)).toEqual([`${id}/qwen3:8b`]);
  expect(state(result, id)).toEqual({ provider: id, state: 'live', models: 1 });
  expect(result.providers.map(({ provider }) => provider)).toEqual(LOCAL);
  expect(asked).toHaveLength(4);
  expect(fake.requests[0]?.headers.authorization).toBeUndefined();
});

test('one that never answers is given up after its short time', async () => {
  fake.answer('openai-chat', 'models', modelList.openai([{ id: 'qwen3:8b' }]));
  const silent = (init: RequestInit | undefined) =>
    new Promise<Response>((_, reject) => init?.signal?.addEventListener('abort', () => reject(init.signal?.reason)));
  const { fetch } = machine({ 11434: toFake, 1234: silent });
  const at = performance.now();
  const result = await liveModels({ env: {}, fetch, probeMs: 100 });
  expect(performance.now() - at).toBeLessThan(5_000);
  expect(rowsOf(result, 'ollama')).toEqual(['ollama/qwen3:8b']);
  expect(state(result, 'lmstudio')).toEqual({ provider: 'lmstudio', state: 'absent', models: 0 });
});

test('what else lives at such a port is no model server; one that wants a key says so', async () => {
  for (const body of ['<html>my site</html>', { hello: 1 }, { data: 'many' }]) {
    fake.answer('openai-chat', 'models', { body });
    const result = await localModels({ env: {}, fetch: machine({ 8080: toFake }).fetch });
    expect(state(result, 'llama-server')).toEqual({ provider: 'llama-server', state: 'absent', models: 0 });
  }
  fake.answer('openai-chat', 'models', { status: 401, body: { error: 'Unauthorized' } });
  const result = await localModels({ env: {}, fetch: machine({ 8000: toFake }).fetch });
  expect(state(result, 'vllm')).toMatchObject({
    state: 'failed',
    error: { code: 'AUTH', hint: 'Check VLLM_API_KEY.', message: expect.stringContaining('Unauthorized') },
  });
});

test.each([
  ['vllm', { max_model_len: 4_000 }],
  ['llama-server', { meta: { n_ctx: 4_000, n_ctx_train: 262_144 } }],
])('%s names the window that it was started with; a session is held to it', async (id, more) => {
  fake.answer('openai-chat', 'models', modelList.openai([{ id: 'qwen3', more }]));
  const options = { env: {}, fetch: nodeFetch, providers: { [id]: { baseURL: fake.url, apiKey: 'mine' } } };
  expect((await localModels(options)).rows.find(({ name }) => name === `${id}/qwen3`)?.contextWindow).toBe(4_000);
  const { info, notice } = await createModels(options).resolve(`${id}/qwen3`);
  expect(info).toMatchObject({ contextWindow: 4_000, maxOutputTokens: 1_000, from: 'provider' });
  expect(notice).toBeUndefined();
  expect(fake.requests.map(({ headers }) => headers.authorization)).toEqual(['Bearer mine', 'Bearer mine']);
  // It serves the one model that it has under any name.
  expect((await createModels(options).resolve(`${id}/default`)).info.contextWindow).toBe(4_000);
  // The user's own word wins, and asks nobody.
  const asked = fake.requests.length;
  const told = createModels({ ...options, catalogue: { [`${id}/qwen3`]: { window: 2_000 } } });
  expect((await told.resolve(`${id}/qwen3`)).info.contextWindow).toBe(2_000);
  expect(fake.requests).toHaveLength(asked);
});

test('a local server that names no window, or is not there, leaves the assumed one', async () => {
  fake.answer('openai-chat', 'models', modelList.openai([{ id: 'qwen3' }]));
  for (const baseURL of [fake.url, 'http://127.0.0.1:9']) {
    const models = createModels({ env: {}, fetch: nodeFetch, providers: { ollama: { baseURL } } });
    const { info, notice } = await models.resolve('ollama/qwen3');
    expect([info.from, info.contextWindow]).toEqual(['assumed', 32_768]);
    expect(notice).toContain('assumed');
  }
});

test('each provider has its time: a silent one is TIMEOUT while another answers', async () => {
  fake.answer('anthropic', 'models', { delayMs: 60_000, body: {} });
  fake.answer('google', 'models', modelList.google([{ id: 'gemini-9' }]));
  const env = {
    ANTHROPIC_API_KEY: 'k',
    ANTHROPIC_BASE_URL: fake.url,
    GEMINI_API_KEY: 'g',
    GOOGLE_GENERATIVE_AI_BASE_URL: fake.url,
  };
  const result = await live({ env, timeoutMs: 300 });
  expect(state(result, 'anthropic')).toMatchObject({ state: 'failed', error: { code: 'TIMEOUT' } });
  expect(state(result, 'google')).toMatchObject({ state: 'live', models: 1 });
});

test('an abort closes what is open and rejects with ABORTED', async () => {
  fake.answer('anthropic', 'models', { delayMs: 60_000, body: {} });
  const abort = new AbortController();
  const env = { ANTHROPIC_API_KEY: 'k', ANTHROPIC_BASE_URL: fake.url };
  const call = live({ env, signal: abort.signal });
  const request = await fake.received(0);
  abort.abort();
  await expect(call).rejects.toMatchObject({ code: 'ABORTED' });
  expect((await request.closed).whole).toBe(false);
  await expect(live({ env, signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'ABORTED' });
  expect(fake.requests).toHaveLength(1);
});
