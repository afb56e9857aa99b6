import type { LanguageModelV4CallOptions, LanguageModelV4Prompt, LanguageModelV4StreamPart } from '@ai-sdk/provider';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { anthropic, google, openaiChat, openaiResponses, startFakeProvider } from '@reprise/fake-provider';
import type { Dialect, FakeProvider, WireEvent } from '@reprise/fake-provider';
import { createModels } from '../src/index.ts';
import { nodeFetch } from '../src/node-fetch.ts';
import { echo } from './echo.ts';
import { joined, only, stream, tool, user } from './support.ts';

/** Everything that a dialect's stream can carry, in one answer, and what has to come out of it and to go back. */
interface Case {
  readonly dialect: Dialect;
  readonly name: string;
  readonly events: readonly WireEvent[];
  readonly tools: NonNullable<LanguageModelV4CallOptions['tools']>;
  readonly reasoning: string;
  readonly usage: object;
  readonly sources: readonly string[];
  /** Results of calls that the provider ran itself. */
  readonly ran: readonly unknown[];
  readonly files: readonly string[];
  /** What must go back, in this order, each text byte for byte as JSON. Ids that the SDK makes are left out. */
  readonly back: readonly string[];
}

const page = { url: 'https://foxes.example/ä', title: 'Füchse' };
/** Ids differ from step to step, as the providers make them. */
const callsOf = (step: number) => [
  { id: `call_a${step}`, name: 'read', input: { path: 'ä.txt' } },
  { id: `call_b${step}`, name: 'glob', input: {} },
];
const ours = [tool('read'), tool('glob')];
const provided = (id: `${string}.${string}`, name: string) => ({ type: 'provider' as const, id, name, args: {} });

function anthropicCase(step: number): Case {
  const calls = callsOf(step);
  const result = {
    url: page.url,
    title: page.title,
    page_age: null,
    encrypted_content: 'ZW5jcnlwdGVk',
    type: 'web_search_result',
  };
  const citation = { type: 'web_search_result_location', cited_text: 'rot', ...page, encrypted_index: 'aW5kZXg=' };
  const blocks = [
    { type: 'thinking', thinking: 'Hm, 世界 🦊.', signature: 'c2lnbmF0dXJl+/==' },
    { type: 'redacted_thinking', data: 'cmVkYWN0ZWQ=' },
    { type: 'server_tool_use', id: `srvtoolu_${step}`, name: 'web_search', input: { query: 'Füchse' } },
    { type: 'web_search_tool_result', tool_use_id: `srvtoolu_${step}`, content: [result] },
    { type: 'text', text: 'Grüße 🦊', citations: [citation] },
    ...calls.map((call) => ({ type: 'tool_use' as const, ...call })),
  ] as const;
  return {
    dialect: 'anthropic',
    name: 'anthropic/claude-sonnet-4-5',
    events: anthropic.message({ blocks, usage: { input: 7, cacheRead: 3, cacheWrite: 2, output: 9, thinking: 4 } }),
    tools: [...ours, provided('anthropic.web_search_20250305', 'web_search')],
    reasoning: 'Hm, 世界 🦊.',
    usage: {
      inputTokens: { total: 12, noCache: 7, cacheRead: 3, cacheWrite: 2 },
      outputTokens: { total: 9, reasoning: 4 },
    },
    sources: [page.url],
    ran: [[expect.objectContaining({ url: page.url, encryptedContent: 'ZW5jcnlwdGVk' })]],
    files: [],
    back: blocks.map((block) => JSON.stringify(block)),
  };
}

function responsesCase(step: number): Case {
  const calls = callsOf(step);
  return {
    dialect: 'openai-responses',
    name: 'openai/gpt-5',
    events: openaiResponses.message({
      reasoning: { id: `rs_${step}`, summary: ['Hm, 世界', '🦊.'], encrypted: 'c2VhbGVkLWFuZC1sb25n' },
      webSearch: { id: `ws_${step}`, query: 'Füchse' },
      text: 'Grüße 🦊',
      sources: [page],
      toolCalls: calls,
      usage: { input: 12, cached: 3, output: 9, reasoning: 4 },
    }),
    tools: [...ours, provided('openai.web_search', 'web_search')],
    reasoning: 'Hm, 世界🦊.',
    usage: { inputTokens: { total: 12, noCache: 9, cacheRead: 3 }, outputTokens: { total: 9, text: 5, reasoning: 4 } },
    sources: [page.url],
    ran: [{ action: { type: 'search', query: 'Füchse' } }],
    files: [],
    back: [
      {
        type: 'reasoning',
        id: `rs_${step}`,
        encrypted_content: 'c2VhbGVkLWFuZC1sb25n',
        summary: [
          { type: 'summary_text', text: 'Hm, 世界' },
          { type: 'summary_text', text: '🦊.' },
        ],
      },
      { type: 'web_search_call', id: `ws_${step}`, status: 'completed', action: { type: 'search', query: 'Füchse' } },
      { role: 'assistant', content: 'Grüße 🦊' },
      ...calls.map(({ id, name, input }) => ({
        type: 'function_call',
        call_id: id,
        name,
        arguments: JSON.stringify(input),
      })),
    ].map((block) => JSON.stringify(block)),
  };
}

function chatCase(step: number): Case {
  const calls = callsOf(step);
  return {
    dialect: 'openai-chat',
    name: 'compatible/qwen3',
    events: openaiChat.message({
      reasoning: 'Hm, 世界 🦊.',
      text: 'Grüße 🦊',
      toolCalls: calls,
      usage: { input: 12, cached: 3, output: 9, reasoning: 4 },
    }),
    tools: ours,
    reasoning: 'Hm, 世界 🦊.',
    usage: { inputTokens: { total: 12, noCache: 9, cacheRead: 3 }, outputTokens: { total: 9, text: 5, reasoning: 4 } },
    sources: [],
    ran: [],
    files: [],
    back: [
      JSON.stringify({
        role: 'assistant',
        content: 'Grüße 🦊',
        reasoning_content: 'Hm, 世界 🦊.',
        tool_calls: calls.map(({ id, name, input }) => ({
          id,
          type: 'function',
          function: { name, arguments: JSON.stringify(input) },
        })),
      }),
    ],
  };
}

function googleCase(step: number): Case {
  const calls = callsOf(step);
  const parts = [
    // A signature comes on an empty text, behind the text that it signs.
    { text: '', thoughtSignature: 'dGV4dA==' },
    { inlineData: { mimeType: 'image/png', data: 'iVBORw0KGgo=' } },
    { executableCode: { language: 'PYTHON', code: 'print("ä")' } },
    { codeExecutionResult: { outcome: 'OUTCOME_OK', output: 'ä\n' } },
  ];
  return {
    dialect: 'google',
    name: 'google/gemini-3-flash-preview',
    events: google.message({
      thinking: 'Hm, 世界 🦊.',
      text: 'Grüße 🦊',
      parts,
      toolCalls: calls,
      signature: 'c2lnbmF0dXJl+/==',
      grounding: { groundingChunks: [{ web: { uri: page.url, title: page.title } }] },
      usage: { input: 12, cached: 3, output: 5, thoughts: 4 },
    }),
    tools: [...ours, provided('google.code_execution', 'code_execution')],
    reasoning: 'Hm, 世界 🦊.',
    usage: { inputTokens: { total: 12, noCache: 9, cacheRead: 3 }, outputTokens: { total: 9, text: 5, reasoning: 4 } },
    sources: [page.url],
    ran: [{ outcome: 'OUTCOME_OK', output: 'ä\n' }],
    files: ['iVBORw0KGgo='],
    back: [
      '{"text":"Hm, 世界 🦊.","thought":true}',
      '{"text":"Grüße 🦊","thoughtSignature":"dGV4dA=="}',
      ...parts.slice(1).map((part) => JSON.stringify(part)),
      '"name":"read","args":{"path":"ä.txt"}},"thoughtSignature":"c2lnbmF0dXJl+/=="}',
      '"name":"glob","args":{}}}',
    ],
  };
}

let fake: FakeProvider;
beforeEach(async () => void (fake = await startFakeProvider({ strict: true })));
afterEach(() => fake.close());

const resolve = async (name: string) => {
  const [at, v1] = [
    { apiKey: 'k', baseURL: fake.url },
    { apiKey: 'k', baseURL: `${fake.url}/v1` },
  ];
  const providers = { anthropic: at, google: at, openai: v1, compatible: v1 };
  return (await createModels({ env: {}, fetch: nodeFetch, providers }).resolve(name)).model;
};

/** The prompt after `answer`: what it said, and the results of the calls that are ours. */
function after(prompt: LanguageModelV4Prompt, answer: readonly LanguageModelV4StreamPart[]): LanguageModelV4Prompt {
  const results = only(answer, 'tool-call')
    .filter((call) => !call.providerExecuted)
    .map(({ toolCallId, toolName }) => ({
      type: 'tool-result' as const,
      toolCallId,
      toolName,
      output: { type: 'text' as const, value: `of ${toolName}` },
    }));
  return [...prompt, echo(answer), { role: 'tool', content: results }];
}

/** The prompt part of a request's bytes, without cache marks, which move. */
function history(body: any): string {
  const items: unknown = body.messages ?? body.input ?? body.contents;
  return JSON.stringify(items, (key, value: unknown) => (key === 'cache_control' ? undefined : value)).slice(1, -1);
}

describe.each([
  ['anthropic', anthropicCase],
  ['openai-responses', responsesCase],
  ['openai-chat', chatCase],
  ['google', googleCase],
] as const)('%s', (_, make) => {
  const one = make(1);
  const { dialect, name, events, tools } = one;

  test('everything that the stream carries comes out', async () => {
    fake.script(dialect, { events, cuts: { seed: 5, longest: 11 }, crlf: true, comments: 2 });
    const parts = await stream(await resolve(name), { tools });
    expect([joined(parts, 'reasoning-delta'), joined(parts, 'text-delta')]).toEqual([one.reasoning, 'Grüße 🦊']);
    const own = only(parts, 'tool-call').filter((call) => !call.providerExecuted);
    expect(own.map(({ toolName, input }) => [toolName, JSON.parse(input)])).toEqual(
      callsOf(1).map((call) => [call.name, call.input]),
    );
    expect(only(parts, 'finish')).toMatchObject([{ finishReason: { unified: 'tool-calls' }, usage: one.usage }]);
    expect(only(parts, 'source').map((source) => (source.sourceType === 'url' ? source.url : ''))).toEqual(one.sources);
    expect(only(parts, 'tool-result').map(({ result }) => result)).toEqual(one.ran);
    const ran = only(parts, 'tool-call').filter((call) => call.providerExecuted);
    expect(ran.map((call) => call.toolCallId)).toEqual(only(parts, 'tool-result').map((result) => result.toolCallId));
    expect(only(parts, 'file').map(({ data }) => (data.type === 'data' ? data.data : ''))).toEqual(one.files);
    expect(only(parts, 'error')).toEqual([]);
  });

  test('it goes back byte for byte, in its order, and is taken', async () => {
    fake.script(dialect, events, make(2).events);
    const model = await resolve(name);
    await stream(model, { tools, prompt: after([user('hi')], await stream(model, { tools })) });
    const sent = history(fake.requests[1]?.json);
    let at = 0;
    for (const block of one.back) {
      const found = sent.indexOf(block, at);
      expect(found, `${block}\nbehind ${at} in\n${sent}`).toBeGreaterThanOrEqual(at);
      at = found + block.length;
    }
  });

  test('over several steps, and stored and read again in between, the prefix stays the same', async () => {
    fake.script(dialect, events, make(2).events, make(3).events);
    const model = await resolve(name);
    const second = after([user('hi')], await stream(model, { tools }));
    const third = after(second, await stream(model, { tools, prompt: second }));
    const stored: unknown = JSON.parse(JSON.stringify(third));
    await stream(await resolve(name), { tools, prompt: stored as LanguageModelV4Prompt });
    const sent = fake.requests.map(({ json }) => history(json));
    for (const [i, later] of sent.slice(1).entries()) expect(later.startsWith(sent[i] ?? '?'), later).toBe(true);
    expect(sent[2]?.split('of read')).toHaveLength(3);
  });
});
