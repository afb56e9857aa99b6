import { describe, expect, test } from 'vitest';
import { anthropic, google, openaiResponses, validateRequest } from '@reprise/fake-provider';
import type { Dialect, WireEvent } from '@reprise/fake-provider';
import type { SessionOptions } from '@reprise/core';
import { MODELS, stageForEach } from './support.ts';

/** Any AI SDK model is a model of a session. */
type Model = Exclude<SessionOptions['model'], string>;
type Prompt = Parameters<Model['doStream']>[0]['prompt'];
type Stream = Awaited<ReturnType<Model['doStream']>>['stream'];

const stage = stageForEach();

const page = { url: 'https://foxes.example/ä', title: 'Füchse' };

interface Case {
  readonly model: string;
  readonly events: readonly WireEvent[];
  /** What goes back, in this order, each byte for byte as JSON. */
  readonly back: readonly string[];
  /** Where the answer says that it is from. */
  readonly sources: readonly string[];
  readonly usage: object;
}

const result = { ...page, page_age: null, encrypted_content: 'ZW5j', type: 'web_search_result' };
const blocks = [
  { type: 'thinking', thinking: 'Hm, 世界 🦊.', signature: 'c2lnbmF0dXJl+/==' },
  { type: 'redacted_thinking', data: 'cmVkYWN0ZWQ=' },
  { type: 'server_tool_use', id: 'srvtoolu_1', name: 'web_search', input: { query: 'Füchse' } },
  { type: 'web_search_tool_result', tool_use_id: 'srvtoolu_1', content: [result] },
  {
    type: 'text',
    text: 'Grüße 🦊',
    citations: [{ type: 'web_search_result_location', cited_text: 'rot', ...page, encrypted_index: 'aW5kZXg=' }],
  },
] as const;
const madeByGoogle = [
  { inlineData: { mimeType: 'image/png', data: 'iVBORw0KGgo=' } },
  { executableCode: { language: 'PYTHON', code: 'print("ä")' } },
  { codeExecutionResult: { outcome: 'OUTCOME_OK', output: 'ä\n' } },
];

/** Everything but calls of tools that are ours: reasoning, a tool that the provider ran, sources, a file. */
const CASES: Partial<Record<Dialect, Case>> = {
  anthropic: {
    model: MODELS.anthropic,
    events: anthropic.message({ blocks, usage: { input: 7, cacheRead: 3, cacheWrite: 2, output: 9, thinking: 4 } }),
    back: blocks.map((block) => JSON.stringify(block)),
    sources: [page.url],
    usage: { input: 12, output: 9, cached: 3, reasoning: 4, total: 21 },
  },
  'openai-responses': {
    model: MODELS['openai-responses'],
    events: openaiResponses.message({
      reasoning: { id: 'rs_1', summary: ['Hm, 世界', '🦊.'], encrypted: 'c2VhbGVkLWFuZC1sb25n' },
      webSearch: { id: 'ws_1', query: 'Füchse' },
      text: 'Grüße 🦊',
      sources: [page],
      usage: { input: 12, cached: 3, output: 9, reasoning: 4 },
    }),
    back: [
      {
        type: 'reasoning',
        id: 'rs_1',
        encrypted_content: 'c2VhbGVkLWFuZC1sb25n',
        summary: ['Hm, 世界', '🦊.'].map((text) => ({ type: 'summary_text', text })),
      },
      { type: 'web_search_call', id: 'ws_1', status: 'completed', action: { type: 'search', query: 'Füchse' } },
      { role: 'assistant', content: 'Grüße 🦊' },
    ].map((item) => JSON.stringify(item)),
    sources: [page.url],
    usage: { input: 12, output: 9, cached: 3, reasoning: 4, total: 21 },
  },
  google: {
    model: MODELS.google,
    events: google.message({
      thinking: 'Hm, 世界 🦊.',
      text: 'Grüße 🦊',
      parts: [{ text: '', thoughtSignature: 'dGV4dA==' }, ...madeByGoogle],
      grounding: { groundingChunks: [{ web: { uri: page.url, title: page.title } }] },
      usage: { input: 12, cached: 3, output: 5, thoughts: 4 },
    }),
    back: ['{"text":"Grüße 🦊","thoughtSignature":"dGV4dA=="}', ...madeByGoogle.map((part) => JSON.stringify(part))],
    sources: [page.url],
    usage: { input: 12, output: 9, cached: 3, reasoning: 4, total: 21 },
  },
};

/** Cannot be read by anybody else. */
const THEIRS = /c2lnbmF0dXJl|cmVkYWN0ZWQ|srvtoolu|web_search|c2VhbGVk|rs_1|ws_1|dGV4dA|iVBORw|executableCode|OUTCOME/;

describe.each(Object.entries(CASES) as [Dialect, Case][])('%s', (from, { model, events, back, sources, usage }) => {
  test('reasoning, what the provider ran, sources, files and usage are kept, and go back byte for byte after a restart', async () => {
    const session = await stage.sessions.create({ model, tools: [] });
    stage.fake.script(from, events);
    const message = await session.message('Search');
    expect(message).toMatchObject({ content: 'Grüße 🦊', usage });
    // Calls that the provider ran are not in the spec's list, and nobody here runs them.
    expect(message.toolCalls).toBeUndefined();
    expect(stage.fake.requests).toHaveLength(1);

    await stage.restart();
    const again = await stage.sessions.resume(session.id);
    expect(await again.getMessages()).toEqual([expect.objectContaining({ content: 'Search' }), message]);
    const { records } = await again.export();
    const step = records?.find((record) => (record as { type: string }).type === 'step') as any;
    const found = step.parts.filter(({ part }: any) => part?.type === 'source').map(({ part }: any) => part.url);
    expect(found).toEqual(sources);

    stage.fake.script(
      from,
      { anthropic, 'openai-responses': openaiResponses, google }[from as 'google'].message({ text: 'Yes.' }),
    );
    await again.message('Really?');
    const json = stage.fake.requests.at(-1)?.json;
    const sent = JSON.stringify(json.messages ?? json.input ?? json.contents);
    let at = 0;
    for (const block of back) {
      const place = sent.indexOf(block, at);
      expect(place, `${block}\nbehind ${at} in\n${sent}`).toBeGreaterThanOrEqual(at);
      at = place + block.length;
    }
    expect(validateRequest(stage.fake.requests.at(-1)!)).toEqual([]);
  });

  test.each(Object.entries(MODELS).filter(([to]) => to !== from))('nothing of it goes to %s', async (to, other) => {
    const session = await stage.sessions.create({ model, tools: [] });
    stage.fake.script(from, events);
    await session.message('Search');
    await stage.restart();
    stage.fake.script(to as Dialect, (request) => {
      const sent = request.text;
      expect(sent).toContain('Grüße 🦊');
      expect(sent).not.toMatch(THEIRS);
      return { status: 401, body: { error: { message: 'enough' } } };
    });
    const there = await stage.sessions.resume(session.id, { model: other });
    await expect(there.message('And you?')).rejects.toMatchObject({ code: 'AUTH' });
  });
});

test('parts that no version of this code knows are kept as they came; a custom one goes back to its provider alone', async () => {
  const hologram = { type: 'hologram', payload: { depth: [1, 2.5, null], text: 'ä 🦊' } };
  const custom = { type: 'custom', kind: 'acme.memo', providerMetadata: { acme: { seal: 'c2VhbA==' } } };
  const prompts: Prompt[] = [];
  const modelOf = (provider: string): Model => ({
    specificationVersion: 'v4',
    provider,
    modelId: 'one',
    supportedUrls: {},
    doGenerate: () => Promise.reject(new Error('never asked')),
    doStream: async ({ prompt }) => {
      prompts.push(prompt);
      const parts = [
        { type: 'stream-start', warnings: [] },
        { type: 'text-start', id: '0' },
        { type: 'text-delta', id: '0', delta: 'Hello.' },
        { type: 'text-end', id: '0' },
        hologram,
        custom,
        {
          type: 'finish',
          finishReason: { unified: 'stop', raw: 'stop' },
          usage: { inputTokens: { total: 3 }, outputTokens: { total: 2 } },
        },
      ];
      const stream = new ReadableStream<unknown>({
        start(controller) {
          for (const part of parts) controller.enqueue(part);
          controller.close();
        },
      });
      return { stream: stream as Stream };
    },
  });
  const session = await stage.sessions.create({ model: modelOf('acme.chat'), tools: [] });
  expect(session.state.model).toBe('acme/one');
  expect(await session.message('Hi')).toMatchObject({ content: 'Hello.', usage: { input: 3, output: 2 } });

  await stage.restart();
  const again = await stage.sessions.resume(session.id, { model: modelOf('acme.chat') });
  const step = (await again.export()).records?.find((record) => (record as { type: string }).type === 'step') as any;
  expect(step.parts.filter(({ type }: { type: string }) => type === 'other')).toEqual([
    { type: 'other', part: hologram },
    { type: 'other', part: custom },
  ]);
  await again.message('Again');
  expect(prompts[1]?.find(({ role }) => role === 'assistant')?.content).toEqual([
    { type: 'text', text: 'Hello.' },
    { type: 'custom', kind: 'acme.memo', providerOptions: custom.providerMetadata },
  ]);
  const other = await stage.sessions.resume(session.id, { model: modelOf('other.chat') });
  await other.message('And you?');
  expect(JSON.stringify(prompts[2])).not.toContain('c2VhbA');
  expect(JSON.stringify(prompts[2])).toContain('Hello.');
});
