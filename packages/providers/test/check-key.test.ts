import { afterEach, beforeEach, expect, test } from 'vitest';
import { modelList, startFakeProvider, type FakeProvider } from '@reprise/fake-provider';
import { checkKey } from '../src/live.ts';
import { nodeFetch } from '../src/node-fetch.ts';

let fake: FakeProvider;
beforeEach(async () => void (fake = await startFakeProvider()));
afterEach(() => fake.close());

const at = (url: string) => ({
  anthropic: { apiKey: 'right', baseURL: url },
  openai: { apiKey: 'right', baseURL: `${url}/v1` },
  google: { apiKey: 'right', baseURL: url },
  openrouter: { apiKey: 'right', baseURL: `${url}/v1` },
});
const ids = ['anthropic', 'openai', 'google', 'openrouter'] as const;
const check = (id: string, url = fake.url) => checkKey(id, { env: {}, fetch: nodeFetch, providers: at(url) });
const answer = (reply: object) => {
  for (const dialect of ['anthropic', 'openai-chat', 'google'] as const) fake.answer(dialect, 'models', reply);
  fake.answer('openai-chat', 'key', reply);
};

test.each(ids)('%s: a key that is taken is ok, by one small request that carries it', async (id) => {
  answer({ body: { data: {} } });
  fake.answer('anthropic', 'models', modelList.anthropic([{ id: 'a' }, { id: 'b' }], true));
  fake.answer('openai-chat', 'models', modelList.openai([{ id: 'a' }, { id: 'b' }]));
  fake.answer('google', 'models', modelList.google([{ id: 'a' }, { id: 'b' }], 'more'));
  expect(await check(id)).toEqual({ ok: true });
  expect(fake.requests).toHaveLength(1);
  expect(JSON.stringify(fake.requests[0]?.headers)).toContain('right');
});

test('the key of OpenRouter is not checked by its model list, which is public', async () => {
  answer({ status: 401, body: { error: { message: 'No cookie auth credentials found' } } });
  fake.answer('openai-chat', 'models', modelList.openai([{ id: 'a' }]));
  expect(await check('openrouter')).toMatchObject({ ok: false, error: { code: 'AUTH' } });
});

test.each(ids)('%s: a refused key is AUTH and names its variable', async (id) => {
  for (const status of [401, 403]) {
    answer({ status, body: { error: { message: 'not this one: right' } } });
    const result = await check(id);
    expect(result).toMatchObject({ ok: false, error: { code: 'AUTH', hint: expect.stringMatching(/_API_KEY/) } });
    expect(result.ok ? '' : result.error.message).not.toContain('right');
  }
});

test('Google refuses a key with a 400 that says so', async () => {
  answer({ status: 400, body: { error: { message: 'API key not valid. Please pass a valid API key.' } } });
  expect(await check('google')).toMatchObject({ ok: false, error: { code: 'AUTH' } });
});

test.each(ids)('%s: nobody there is NETWORK and names the address', async (id) => {
  expect(await check(id, 'http://127.0.0.1:9')).toMatchObject({
    ok: false,
    error: { code: 'NETWORK', hint: 'Is 127.0.0.1:9 reachable?' },
  });
});

test('what says nothing of the key is neither', async () => {
  for (const [status, code] of [
    [429, 'RATE_LIMIT'],
    [529, 'OVERLOADED'],
    [404, 'PROVIDER'],
  ] as const) {
    answer({ status, body: { error: { message: 'no' } } });
    expect(await check('anthropic')).toMatchObject({ ok: false, error: { code } });
  }
});

test('a missing key is AUTH and nothing is sent; an unknown provider is INVALID_INPUT', async () => {
  const options = { env: {}, fetch: nodeFetch, providers: { anthropic: { baseURL: fake.url } } };
  expect(await checkKey('anthropic', options)).toMatchObject({ ok: false, error: { code: 'AUTH' } });
  expect(fake.requests).toHaveLength(0);
  for (const name of ['nobody', '__proto__', 'demo'])
    await expect(checkKey(name, options)).rejects.toMatchObject({ code: 'INVALID_INPUT' });
});
