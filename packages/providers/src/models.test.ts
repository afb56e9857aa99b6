import { expect, test } from 'vitest';
import { createModels, type ModelsOptions } from './index.ts';

const models = (options: ModelsOptions = {}) => createModels({ env: {}, ...options });
const failure = (promise: Promise<unknown>): Promise<any> =>
  promise.then(
    () => expect.unreachable('it resolved'),
    (error: unknown) => error,
  );

test('a name is split at its first slash', async () => {
  const found = await models({ providers: { openrouter: { apiKey: 'k' } } }).resolve('openrouter/meta/llama-4');
  expect([found.name, found.model.provider, found.model.modelId]).toEqual([
    'openrouter/meta/llama-4',
    'openrouter',
    'meta/llama-4',
  ]);
});

test("an alias stands for a whole name, and one's own wins", async () => {
  expect(await models().resolve('claude-sonnet')).toMatchObject({
    requested: 'claude-sonnet',
    name: 'anthropic/claude-sonnet-5-5',
  });
  const own = models({ aliases: { 'claude-sonnet': 'fast', fast: 'openai/gpt-5-nano' } });
  expect((await own.resolve('claude-sonnet')).name).toBe('openai/gpt-5-nano');
  const ring = models({ aliases: { a: 'b', b: 'a' } });
  expect((await failure(ring.resolve('a'))).code).toBe('MODEL_NOT_FOUND');
});

test('a retired model gives its successor with one notice, or an error under strictModels', async () => {
  for (const name of ['claude-3-sonnet', 'anthropic/claude-3-sonnet-20240229']) {
    const found = await models().resolve(name);
    expect(found.requested).toBe(name);
    expect(found.name).toBe('anthropic/claude-sonnet-5-5');
    expect(found.notice).toMatch(/claude-3-sonnet-20240229 is retired.*claude-sonnet-5-5 is used/);
    const error = await failure(models({ strictModels: true }).resolve(name));
    expect([error.code, error.hint]).toEqual(['MODEL_NOT_FOUND', 'Use anthropic/claude-sonnet-5-5.']);
  }
  expect((await models().resolve('anthropic/claude-sonnet-4-5')).notice).toBeUndefined();
});

test.each([
  ['claude-sonnet-4-5', 'anthropic/claude-sonnet-4-5'],
  ['claud-opus-5', 'anthropic/claude-opus-5'],
  ['claude-sonet', 'claude-sonnet or'],
  ['gpt-5-minni', 'openai/gpt-5-mini'],
  ['antropic/claude-opus-5-5', 'anthropic/claude-opus-5-5'],
  ['gemini-2.5', 'google/gemini-2.5'],
])('%s is no model, and the error says what to write', async (name, near) => {
  const error = await failure(models().resolve(name));
  expect(error.code).toBe('MODEL_NOT_FOUND');
  expect(error.hint).toContain(near);
});

test.each(['', '/', 'anthropic/', '/x', '__proto__', '__proto__/x', 'constructor/x', 'nobody/x'])(
  '%j is MODEL_NOT_FOUND',
  async (name) => {
    expect((await failure(models().resolve(name))).code).toBe('MODEL_NOT_FOUND');
  },
);

test('a new model of a known provider is taken, with assumed limits and a notice', async () => {
  const found = await models().resolve('anthropic/claude-next-9');
  expect(found.info).toMatchObject({
    from: 'assumed',
    contextWindow: 200_000,
    capabilities: { rules: 'anthropic', prefixBoundReasoning: true },
  });
  expect(found.notice).toContain('anthropic/claude-next-9 is not in the catalogue');
  const told = await models({ catalogue: { 'anthropic/claude-next-9': { window: 5_000, output: 500 } } }).resolve(
    'anthropic/claude-next-9',
  );
  expect(told.info).toMatchObject({ from: 'user', contextWindow: 5_000, maxOutputTokens: 500 });
  expect(told.notice).toBeUndefined();
});

test('the catalogue holds limits, prices and capabilities, for dated snapshots too', async () => {
  const sonnet = await models().resolve('anthropic/claude-sonnet-4-5-20250929');
  expect(sonnet.info).toEqual({
    contextWindow: 200_000,
    maxOutputTokens: 64_000,
    from: 'catalogue',
    price: { input: 3, output: 15, cacheRead: 0.3, cacheWrite: 3.75 },
    capabilities: {
      rules: 'anthropic',
      temperature: true,
      tools: true,
      parallelTools: true,
      input: ['image', 'pdf'],
      effort: ['low', 'medium', 'high'],
      cache: 'marks',
      prefixBoundReasoning: false,
    },
  });
  const opus = await models().resolve('anthropic/claude-opus-5-5');
  expect(opus.info.capabilities).toMatchObject({ temperature: false, prefixBoundReasoning: true });
  expect((await models().resolve('openai/gpt-5')).info.capabilities).toMatchObject({
    rules: 'openai-responses',
    cache: 'automatic',
  });
  expect((await models().resolve('google/gemini-2.5-pro')).info.capabilities.rules).toBe('google');
  expect((await models().resolve('ollama/qwen3')).info.capabilities.rules).toBe('openai-chat');
});

test('one field of an entry can be changed alone', async () => {
  const changed = models({ catalogue: { 'anthropic/claude-sonnet-4-5': { price: [1, 2] } } });
  const { info } = await changed.resolve('anthropic/claude-sonnet-4-5');
  expect(info).toMatchObject({ from: 'catalogue', contextWindow: 200_000, price: { input: 1, output: 2 } });
});

test('every entry of the catalogue is sane', () => {
  for (const row of models().list()) {
    expect(row.maxOutputTokens, row.name).toBeGreaterThan(0);
    expect(row.contextWindow, row.name).toBeGreaterThan(row.maxOutputTokens);
    if (row.price?.cacheRead !== undefined) expect(row.price.cacheRead, row.name).toBeLessThan(row.price.input);
    if (row.price && row.price.input > 0) expect(row.price.output, row.name).toBeGreaterThan(row.price.input);
  }
});

test("every alias and every successor resolves to a model of the catalogue or to a retired one's successor", async () => {
  const { ALIASES, RETIRED } = await import('./catalogue/names.data.ts');
  for (const name of [...Object.keys(ALIASES), ...Object.keys(RETIRED)])
    expect((await models().resolve(name)).info.from, name).not.toBe('assumed');
});

test('the list says for each model whether its key is set', () => {
  const rows = models({
    env: { ANTHROPIC_API_KEY: 'k', GEMINI_API_KEY: '  ' },
    aliases: { mine: 'anthropic/claude-opus-5-5' },
    catalogue: { 'ollama/qwen3': { window: 40_000, output: 8_000 }, 'nobody/x': { window: 1, output: 1 } },
  }).list();
  const row = (name: string) => rows.find((one) => one.name === name);
  expect(row('anthropic/claude-opus-5-5')).toEqual({
    name: 'anthropic/claude-opus-5-5',
    provider: 'anthropic',
    contextWindow: 1_000_000,
    maxOutputTokens: 128_000,
    price: { input: 4, output: 20, cacheRead: 0.2, cacheWrite: 5 },
    key: 'set',
    variables: ['ANTHROPIC_API_KEY', 'ANTHROPIC_AUTH_TOKEN'],
    aliases: ['claude-opus', 'mine'],
  });
  expect(row('google/gemini-2.5-pro')?.key).toBe('missing');
  expect(row('openai/gpt-5')?.key).toBe('missing');
  expect(row('ollama/qwen3')).toMatchObject({ key: 'not-needed', contextWindow: 40_000 });
  expect(row('demo/offline')?.key).toBe('not-needed');
  expect(row('nobody/x')).toBeUndefined();
});

test('an address that is none, or is missing, is INVALID_INPUT and says where to set it', async () => {
  const bad = await failure(models({ env: { ANTHROPIC_BASE_URL: 'localhost:1' } }).resolve('claude-opus'));
  expect([bad.code, bad.hint]).toEqual(['INVALID_INPUT', 'Correct ANTHROPIC_BASE_URL.']);
  const none = await failure(models().resolve('compatible/x'));
  expect([none.code, none.hint]).toEqual(['INVALID_INPUT', expect.stringContaining('OPENAI_COMPATIBLE_BASE_URL')]);
});

test('demo/offline needs no key; no other demo exists', async () => {
  expect((await models().resolve('demo/offline')).name).toBe('demo/offline');
  expect((await failure(models().resolve('demo/online'))).hint).toBe('Use demo/offline.');
});
