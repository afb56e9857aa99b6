import { afterEach, expect, test } from 'vitest';
import { anthropic, encodeEvent, modelList, startFakeProvider, tokenCount } from './index.ts';
import type { FakeProvider, Reply } from './index.ts';

let fake: FakeProvider;
afterEach(() => fake.close());

const post = (body: unknown, signal?: AbortSignal): Promise<Response> =>
  fetch(`${fake.url}/v1/messages`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'X-Odd': 'kept' },
    body: typeof body === 'string' ? body : JSON.stringify(body),
    ...(signal ? { signal } : {}),
  });
const start = async (reply: Reply): Promise<void> => {
  fake = await startFakeProvider();
  fake.script('anthropic', reply);
};
const events = anthropic.message({ id: 'msg_1', text: 'Grüße, 世界 🦊', ping: false });
const whole = events.map((event) => encodeEvent(event)).join('');

test('replies come in order, and requests are kept byte for byte', async () => {
  fake = await startFakeProvider();
  fake.script('anthropic', { body: 'one' }, (request) => ({ body: `saw ${request.json.n}` }));
  expect(await (await post('{"n": 1 }')).text()).toBe('one');
  expect(await (await post({ n: 2 })).text()).toBe('saw 2');
  expect(fake.requests[0]?.text).toBe('{"n": 1 }');
  expect(fake.requests[0]?.rawHeaders).toContain('X-Odd');
  const third = await post({ n: 3 });
  expect(third.status).toBe(400);
  expect(await third.text()).toContain('nothing is scripted for request 3');
});

test('a path without /v1 is a 404, as at the real API', async () => {
  fake = await startFakeProvider();
  expect((await fetch(`${fake.url}/messages`, { method: 'POST' })).status).toBe(404);
  expect(fake.requests).toHaveLength(0);
});

test('a stream arrives whole, however its bytes are cut', async () => {
  for (const cuts of [undefined, { seed: 1, longest: 1 }, { seed: 7, longest: 30 }]) {
    await start({ events, ...(cuts ? { cuts } : {}) });
    expect(await (await post({})).text()).toBe(whole);
    await fake.close();
  }
  await start({ events, crlf: true, comments: 2 });
  const text = await (await post({})).text();
  expect(text.startsWith(': keep-alive\r\n\r\n: keep-alive\r\n\r\nevent: message_start\r\ndata: ')).toBe(true);
});

test('cut bytes arrive as pieces of their own, inside a character too', async () => {
  await start({ events: [{ data: 'ü' }], cuts: [7], dripMs: 20 });
  const reader = (await post({})).body!.getReader();
  expect([...(await reader.read()).value!]).toEqual([...Buffer.from('data: '), 0xc3]);
  expect((await reader.read()).value![0]).toBe(0xbc);
  await reader.cancel();
});

test('faults: clean end, garbage, error event, resumed', async () => {
  await start({ events, fault: { afterEvents: 1 } });
  expect(await (await post({})).text()).toBe(encodeEvent(events[0]!));
  fake.script('anthropic', { events, fault: { afterBytes: 10, send: 'GARBAGE' } });
  expect(await (await post({})).text()).toBe(`${whole.slice(0, 10)}GARBAGE`);
  fake.script('anthropic', {
    events,
    fault: { afterEvents: 2, send: [anthropic.error('overloaded_error', 'Overloaded')] },
  });
  expect(await (await post({})).text()).toContain('data: {"type":"error","error":{"type":"overloaded_error"');
  fake.script('anthropic', { events, fault: { afterBytes: 20, send: '\u0000', then: 'resume' } });
  expect(await (await post({})).text()).toBe(`${whole.slice(0, 20)}\u0000${whole.slice(20)}`);
});

test('faults: reset, stall and keep-alives', async () => {
  await start({ events, fault: { afterEvents: 3, then: 'reset' } });
  await expect((await post({})).text()).rejects.toThrow('terminated');
  for (const then of ['stall', 'keep-alive'] as const) {
    fake.script('anthropic', { events, fault: { afterEvents: 1, then } });
    const abort = new AbortController();
    const reader = (await post({}, abort.signal)).body!.getReader();
    await reader.read();
    const next = reader.read().then(
      ({ value }) => new TextDecoder().decode(value),
      () => 'nothing',
    );
    if (then === 'stall') abort.abort();
    expect(await next).toBe(then === 'stall' ? 'nothing' : ': keep-alive\n\n');
    abort.abort();
    expect((await fake.requests.at(-1)!.closed).whole).toBe(false);
  }
});

test('a connection may stay open after the last event, and a first byte may never come', async () => {
  await start({ events, ending: 'stall' });
  const abort = new AbortController();
  const reader = (await post({}, abort.signal)).body!.getReader();
  let text = '';
  while (!text.includes('message_stop')) text += new TextDecoder().decode((await reader.read()).value);
  abort.abort();
  expect(await fake.requests[0]!.closed).toMatchObject({ whole: false });
  fake.script('anthropic', { events, delayMs: 60_000 });
  const never = new AbortController();
  const call = post({}, never.signal);
  const request = await fake.received(1);
  never.abort();
  await expect(call).rejects.toThrow('aborted');
  expect(await request.closed).toMatchObject({ whole: false });
});

test('what is beyond the queue gets the fallback', async () => {
  fake = await startFakeProvider();
  fake.script('anthropic', { body: 'first' });
  fake.fallback('anthropic', { body: 'rest' });
  expect(fake.pending('anthropic')).toBe(1);
  for (const answer of ['first', 'rest', 'rest']) expect(await (await post({})).text()).toBe(answer);
  fake.script('anthropic', { body: 'never' });
  fake.forget('anthropic');
  expect(await (await post({})).text()).toContain('nothing is scripted');
});

test('status codes carry their headers', async () => {
  await start({
    status: 429,
    headers: { 'retry-after': '7' },
    body: anthropic.errorBody('rate_limit_error', 'Slow down'),
  });
  const response = await post({});
  expect([response.status, response.headers.get('retry-after')]).toEqual([429, '7']);
  expect(await response.json()).toMatchObject({ type: 'error', error: { type: 'rate_limit_error' } });
});

test('strict: a request that breaks a rule is refused by name', async () => {
  fake = await startFakeProvider({ strict: true });
  fake.script('anthropic', { body: 'taken' });
  const bad = await post({ model: 'm', messages: [{ role: 'user', content: ' ' }] });
  expect([bad.status, await bad.text()]).toEqual([400, expect.stringMatching(/\[max-tokens\].*\[empty-text\]/)]);
  const good = await post({ model: 'm', max_tokens: 5, messages: [{ role: 'user', content: 'hi' }] });
  expect(await good.text()).toBe('taken');
});

test('model lists, token counts and key checks answer beside the script; unset ones are a 404', async () => {
  fake = await startFakeProvider({ strict: true });
  const get = (path: string, headers = {}) => fetch(fake.url + path, { headers });
  expect((await get('/v1/models')).status).toBe(404);
  fake.answer('anthropic', 'models', modelList.anthropic([{ id: 'claude', window: 9 }]));
  fake.answer('openai-chat', 'models', modelList.openai([{ id: 'gpt', more: { context_length: 8 } }]));
  fake.answer('google', 'models', modelList.google([{ id: 'gemini' }], 'next'));
  const versioned = { 'anthropic-version': '2023-06-01' };
  expect(await (await get('/v1/models', versioned)).json()).toMatchObject({
    data: [{ id: 'claude', max_input_tokens: 9 }],
  });
  expect(await (await get('/v1/models')).json()).toMatchObject({ data: [{ id: 'gpt', context_length: 8 }] });
  expect(await (await get('/v1beta/models?pageSize=5')).json()).toMatchObject({
    models: [{ name: 'models/gemini' }],
    nextPageToken: 'next',
  });
  expect(fake.requests.map(({ dialect, endpoint }) => `${dialect} ${endpoint}`)).toEqual([
    'openai-chat models',
    'anthropic models',
    'openai-chat models',
    'google models',
  ]);
});

test('a counting request with a field that its API does not take is refused', async () => {
  fake = await startFakeProvider();
  fake.answer('anthropic', 'count', tokenCount('anthropic', 12));
  const count = (body: object) =>
    fetch(`${fake.url}/v1/messages/count_tokens`, { method: 'POST', body: JSON.stringify(body) });
  expect(await (await count({ model: 'm', messages: [] })).json()).toEqual({ input_tokens: 12 });
  const bad = await count({ model: 'm', messages: [], max_tokens: 5 });
  expect([bad.status, await bad.text()]).toEqual([400, expect.stringContaining('max_tokens: Extra inputs')]);
});
