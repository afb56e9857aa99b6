import { jsonSchema, streamText } from 'ai';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { anthropic, startFakeProvider, validateAnthropicRequest, type FakeProvider } from '@reprise/fake-provider';
import { createModels, type ModelsOptions } from '../src/index.ts';
import { nodeFetch } from '../src/node-fetch.ts';
import { joined, only, stream, tool, user } from './support.ts';

let fake: FakeProvider;
beforeEach(async () => void (fake = await startFakeProvider({ strict: true })));
afterEach(() => fake.close());

const resolve = async (options: Partial<ModelsOptions> = {}, name = 'anthropic/claude-sonnet-4-5') => {
  const models = createModels({
    env: { ANTHROPIC_API_KEY: 'sk-test', ANTHROPIC_BASE_URL: fake.url, ...options.env },
    fetch: nodeFetch,
    ...options,
  });
  return (await models.resolve(name)).model;
};

test('text, usage and stop reason come through; key, version and limit are sent', async () => {
  fake.script(
    'anthropic',
    anthropic.message({ text: 'Grüße aus 世界 🦊', usage: { input: 7, cacheRead: 3, output: 9 } }),
  );
  const parts = await stream(await resolve());
  expect(joined(parts, 'text-delta')).toBe('Grüße aus 世界 🦊');
  expect(only(parts, 'finish')).toMatchObject([
    {
      finishReason: { unified: 'stop', raw: 'end_turn' },
      usage: { inputTokens: { total: 10, noCache: 7, cacheRead: 3 }, outputTokens: { total: 9 } },
    },
  ]);
  const [request] = fake.requests;
  expect(request?.path).toBe('/v1/messages');
  expect(request?.headers).toMatchObject({ 'x-api-key': 'sk-test', 'anthropic-version': '2023-06-01' });
  expect(request?.json).toMatchObject({ model: 'claude-sonnet-4-5', max_tokens: 64_000, stream: true });
});

test('the same answer however the bytes are cut, with CRLF and comments', async () => {
  for (let seed = 1; seed <= 5; seed += 1) {
    const events = anthropic.message({
      thinking: 'über 世界',
      text: '🦊 Füchse',
      toolCalls: [{ name: 'read', input: { path: 'ü' } }],
    });
    fake.script('anthropic', { events, crlf: seed % 2 === 0, comments: seed, cuts: { seed, longest: 7 } });
    const parts = await stream(await resolve());
    expect([joined(parts, 'reasoning-delta'), joined(parts, 'text-delta')]).toEqual(['über 世界', '🦊 Füchse']);
    expect(only(parts, 'tool-call')).toMatchObject([{ toolName: 'read', input: '{"path":"ü"}' }]);
  }
});

test('a thinking block gives its text, then its signature on an empty delta, and goes back unchanged', async () => {
  const blocks = [
    { type: 'thinking', thinking: 'Let me see.' },
    { type: 'redacted_thinking', data: 'cmVkYWN0ZWQ=' },
    { type: 'text', text: 'Seen.' },
  ] as const;
  fake.script('anthropic', anthropic.message({ blocks }), anthropic.message({ text: 'ok' }));
  const model = await resolve();
  const parts = await stream(model);
  const signature = anthropic.signatureOf('Let me see.');
  expect(only(parts, 'reasoning-delta').at(-1)).toEqual({
    type: 'reasoning-delta',
    id: '0',
    delta: '',
    providerMetadata: { anthropic: { signature } },
  });
  expect(only(parts, 'reasoning-start').at(-1)?.providerMetadata).toEqual({
    anthropic: { redactedData: 'cmVkYWN0ZWQ=' },
  });

  await stream(model, {
    prompt: [
      user('hi'),
      {
        role: 'assistant',
        content: [
          { type: 'reasoning', text: 'Let me see.', providerOptions: { anthropic: { signature } } },
          { type: 'reasoning', text: '', providerOptions: { anthropic: { redactedData: 'cmVkYWN0ZWQ=' } } },
          { type: 'text', text: 'Seen.' },
        ],
      },
      user('more'),
    ],
  });
  expect(fake.requests[1]?.json.messages[1].content).toEqual([
    { type: 'thinking', thinking: 'Let me see.', signature },
    { type: 'redacted_thinking', data: 'cmVkYWN0ZWQ=' },
    { type: 'text', text: 'Seen.' },
  ]);
});

test('two parallel tool calls, one without input, and their results in the next request', async () => {
  const toolCalls = [
    { id: 'toolu_a', name: 'read', input: { path: 'a "quoted" name.txt' } },
    { id: 'toolu_b', name: 'glob', input: {} },
  ];
  fake.script('anthropic', anthropic.message({ text: 'Reading.', toolCalls }), anthropic.message({ text: 'Done.' }));
  const model = await resolve();
  const tools = [tool('read'), tool('glob')];
  const calls = only(await stream(model, { tools }), 'tool-call');
  expect(calls.map(({ toolCallId, toolName, input }) => [toolCallId, toolName, input])).toEqual([
    ['toolu_a', 'read', '{"path":"a \\"quoted\\" name.txt"}'],
    ['toolu_b', 'glob', '{}'],
  ]);

  await stream(model, {
    tools,
    prompt: [
      user('hi'),
      {
        role: 'assistant',
        content: calls.map(({ toolCallId, toolName, input }) => ({
          type: 'tool-call',
          toolCallId,
          toolName,
          input: JSON.parse(input),
        })),
      },
      {
        role: 'tool',
        content: calls.map(({ toolCallId, toolName }) => ({
          type: 'tool-result',
          toolCallId,
          toolName,
          output: { type: 'text', value: `result of ${toolName}` },
        })),
      },
    ],
  });
  const body = fake.requests[1]?.json;
  expect(validateAnthropicRequest(body)).toEqual([]);
  expect(body.messages[2].content).toMatchObject([
    { type: 'tool_result', tool_use_id: 'toolu_a', content: 'result of read' },
    { type: 'tool_result', tool_use_id: 'toolu_b', content: 'result of glob' },
  ]);
});

test.each([
  ['', 'with nothing'],
  ['/', 'with a slash'],
  ['/v1', 'with /v1'],
  ['/v1/', 'with /v1/'],
])('the base URL may end in %j', async (end) => {
  fake.script('anthropic', anthropic.message({ text: 'ok' }));
  const model = await resolve({ env: { ANTHROPIC_API_KEY: 'k', ANTHROPIC_BASE_URL: fake.url + end } });
  expect(joined(await stream(model), 'text-delta')).toBe('ok');
});

test('options win over the environment; headers are sent along', async () => {
  fake.script('anthropic', anthropic.message({ text: 'ok' }));
  const providers = { anthropic: { apiKey: 'mine', baseURL: fake.url, headers: { 'x-team': 'a' } } };
  await stream(
    await resolve({
      env: { ANTHROPIC_API_KEY: 'other', ANTHROPIC_BASE_URL: 'http://127.0.0.1:9' },
      headers: { 'x-all': 'b' },
      providers,
    }),
  );
  expect(fake.requests[0]?.headers).toMatchObject({ 'x-api-key': 'mine', 'x-team': 'a', 'x-all': 'b' });
});

test('a missing key is AUTH at the call, names its variable and sends nothing', async () => {
  const model = await resolve({ env: { ANTHROPIC_API_KEY: ' ', ANTHROPIC_BASE_URL: fake.url } });
  await expect(model.doStream({ prompt: [user('hi')] })).rejects.toMatchObject({
    code: 'AUTH',
    hint: expect.stringContaining('ANTHROPIC_API_KEY'),
  });
  expect(fake.requests).toHaveLength(0);
});

test('a key that no header can carry is AUTH, and the error does not show it', async () => {
  for (const key of ['sk-secret\nnext', 'sk-secret…', 'sk secret']) {
    const model = await resolve({ env: { ANTHROPIC_API_KEY: key, ANTHROPIC_BASE_URL: fake.url } });
    const error = await model.doStream({ prompt: [user('hi')] }).then(
      () => undefined,
      (reason: any) => reason,
    );
    expect(error).toMatchObject({ code: 'AUTH', hint: expect.stringContaining('ANTHROPIC_API_KEY') });
    expect(`${error.message} ${error.hint} ${JSON.stringify(error.details)}`).not.toContain('secret');
  }
  expect(fake.requests).toHaveLength(0);
});

test('the AI SDK itself takes the models as they are', async () => {
  const toolCalls = [{ name: 'read', input: { path: 'a' } }];
  fake.script(
    'anthropic',
    anthropic.message({ thinking: 'hm', text: 'Grüße', toolCalls, usage: { input: 5, output: 6 } }),
  );
  const result = streamText({
    model: await resolve(),
    prompt: 'hi',
    tools: { read: { inputSchema: jsonSchema({ type: 'object', properties: {} }) } },
  });
  expect([await result.text, await result.reasoningText, await result.finishReason]).toEqual([
    'Grüße',
    'hm',
    'tool-calls',
  ]);
  expect((await result.toolCalls).map((call) => call.input)).toEqual([{ path: 'a' }]);
  expect(await result.usage).toMatchObject({ inputTokens: 5, outputTokens: 6 });
  const { model: demo } = await createModels({ env: {} }).resolve('demo/offline');
  expect(await streamText({ model: demo, prompt: 'hi' }).text).toContain('no AI model');
});

test('a refused key rejects with its status; nothing is tried twice', async () => {
  for (const status of [401, 429, 529]) {
    const headers = { 'retry-after': '3' };
    fake.script('anthropic', {
      status,
      headers,
      body: anthropic.errorBody('authentication_error', 'invalid x-api-key'),
    });
    const model = await resolve();
    await expect(model.doStream({ prompt: [user('hi')] })).rejects.toMatchObject({
      statusCode: status,
      message: 'invalid x-api-key',
      responseHeaders: { 'retry-after': '3' },
    });
  }
  expect(fake.requests).toHaveLength(3);
});

test('an error event after text is an error part, an error event at once rejects', async () => {
  const overloaded = [anthropic.error('overloaded_error', 'Overloaded')];
  fake.script(
    'anthropic',
    { events: anthropic.message({ text: 'half' }), fault: { afterEvents: 5, send: overloaded } },
    overloaded,
  );
  const model = await resolve();
  expect(only(await stream(model), 'error')).toMatchObject([{ error: { message: 'Overloaded', statusCode: 529 } }]);
  await expect(model.doStream({ prompt: [user('hi')] })).rejects.toMatchObject({ statusCode: 529 });
});

test('an end without message_stop is no stop: `interrupted`', async () => {
  fake.script('anthropic', { events: anthropic.message({ text: 'half of it' }), fault: { afterEvents: 4 } });
  expect(only(await stream(await resolve()), 'finish')).toMatchObject([{ finishReason: { unified: 'interrupted' } }]);
});

test('a reset connection is an error that names its cause', async () => {
  fake.script('anthropic', {
    events: anthropic.message({ text: 'half of it' }),
    fault: { afterEvents: 4, then: 'reset' },
  });
  const failure = await stream(await resolve()).catch((error: unknown) => error);
  expect(JSON.stringify(causes(failure))).toContain('ECONNRESET');
});

test('an abort in mid-stream closes the socket within 200 ms', async () => {
  fake.script('anthropic', {
    events: anthropic.message({ text: 'and so on' }),
    fault: { afterEvents: 5, then: 'stall' },
  });
  const abort = new AbortController();
  const model = await resolve();
  const { stream: parts } = await model.doStream({ prompt: [user('hi')], abortSignal: abort.signal });
  const reader = parts.getReader();
  for (let read = await reader.read(); read.value?.type !== 'text-delta'; read = await reader.read());
  const at = performance.now();
  abort.abort();
  const closed = await fake.requests[0]!.closed;
  expect(closed.at - at).toBeLessThan(5 * 200);
  expect(closed.whole).toBe(false);
  await expect(drain(reader)).rejects.toMatchObject({ name: 'AbortError' });
});

test('an abort before the first byte closes the socket too', async () => {
  fake.script('anthropic', { events: [], delayMs: 5_000 });
  const abort = new AbortController();
  const call = (await resolve()).doStream({ prompt: [user('hi')], abortSignal: abort.signal });
  const request = await fake.received(0);
  const at = performance.now();
  abort.abort();
  await expect(call).rejects.toMatchObject({ name: 'AbortError' });
  expect((await request.closed).at - at).toBeLessThan(5 * 200);
});

test('cache marks: last tool, last system block, last two turns; texts and prefix stay as they are', async () => {
  fake.fallback('anthropic', anthropic.message({ text: 'ok' }));
  const model = await resolve();
  const prompt = [
    { role: 'system' as const, content: 'one' },
    { role: 'system' as const, content: 'two' },
    user('first'),
    { role: 'assistant' as const, content: [{ type: 'text' as const, text: 'answer' }] },
    user('second'),
    { role: 'assistant' as const, content: [{ type: 'text' as const, text: 'answer' }] },
    user('third'),
  ];
  const tools = [tool('read'), tool('glob')];
  const before = JSON.stringify(prompt);
  await stream(model, { prompt: prompt.slice(0, 5), tools });
  await stream(model, { prompt, tools });
  expect(JSON.stringify(prompt)).toBe(before);

  const [first, second] = fake.requests.map((request) => request.json);
  const marked = (block: any) => block.cache_control?.type === 'ephemeral';
  expect(second.tools.map(marked)).toEqual([false, true]);
  expect(second.system.map(marked)).toEqual([false, true]);
  expect(second.messages.map((message: any) => marked(message.content[0]))).toEqual([false, false, true, false, true]);
  expect(canonical(second).startsWith(canonical(first).slice(0, -2))).toBe(true);
});

test('a caller who marks for himself is left alone', async () => {
  fake.fallback('anthropic', anthropic.message({ text: 'ok' }));
  const providerOptions = { anthropic: { cacheControl: { type: 'ephemeral', ttl: '1h' } } };
  await stream(await resolve(), {
    prompt: [{ role: 'system', content: 'sys', providerOptions }, user('hi')],
    tools: [tool('read')],
  });
  expect(fake.requests[0]?.text.match(/cache_control/g)).toHaveLength(1);
});

test("the limit of output tokens: the caller's, else the catalogue's, else the assumed one", async () => {
  fake.fallback('anthropic', anthropic.message({ text: 'ok' }));
  await stream(await resolve(), { maxOutputTokens: 100 });
  await stream(await resolve({}, 'anthropic/claude-opus-5-5'));
  await stream(await resolve({}, 'anthropic/claude-brand-new-9'));
  expect(fake.requests.map((request) => request.json.max_tokens)).toEqual([100, 128_000, 32_000]);
});

function canonical(body: any): string {
  const bare = JSON.stringify([body.tools, body.system, body.messages], (key, value) =>
    key === 'cache_control' ? undefined : value,
  );
  return bare;
}

function causes(error: unknown): unknown[] {
  const out: unknown[] = [];
  for (let at: any = error; at; at = at.cause) out.push([at.name, at.code, at.message]);
  return out;
}

async function drain(reader: ReadableStreamDefaultReader<unknown>): Promise<void> {
  while (!(await reader.read()).done);
}
