import { createOpenAI } from '@ai-sdk/openai';
import type { LanguageModelV4 } from '@ai-sdk/provider';
import { createSessions, memoryStorage } from '@reprise/core';
import type { PermissionPolicy } from '@reprise/core';
import { openaiResponses, startFakeProvider } from '@reprise/fake-provider';
import type { FakeProvider } from '@reprise/fake-provider';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createModels } from '../src/index.ts';

let fake: FakeProvider;
beforeEach(async () => {
  fake = await startFakeProvider({ strict: true });
});
afterEach(() => fake.close());

/** OpenAI's model with a server whose tools OpenAI calls itself, each call only once it may; the history is kept there too unless told otherwise. */
function modelWithServer(store = true): LanguageModelV4 {
  const inner = createOpenAI({ apiKey: 'key', baseURL: `${fake.url}/v1` }).responses('gpt-5');
  const server = {
    type: 'provider',
    id: 'openai.mcp',
    name: 'mcp',
    args: { serverLabel: 'db', serverUrl: 'https://db.example.org/', requireApproval: 'always' },
  } as const;
  return {
    specificationVersion: 'v4',
    provider: inner.provider,
    modelId: inner.modelId,
    supportedUrls: inner.supportedUrls,
    doGenerate: (options) => inner.doGenerate(options),
    doStream: (options) =>
      inner.doStream({ ...options, tools: [...(options.tools ?? []), server], providerOptions: { openai: { store } } }),
  };
}

const request = { id: 'mcpr_1', server: 'db', name: 'drop', input: { table: 't' } };

test.each([
  ['allowed', { verdict: 'allow' }, true],
  ['denied', { verdict: 'deny', reason: 'it drops' }, false],
] as const)(
  'a server’s tool that OpenAI asks about and the policy %s: the verdict is in the next request',
  async (_how, decision, approve) => {
    const asked: unknown[] = [];
    const permissions: PermissionPolicy = {
      decide: ({ tool, input }) => {
        asked.push({ tool, input });
        return decision;
      },
    };
    const sessions = createSessions({ storage: memoryStorage(), models: createModels({ env: {} }), permissions });
    const ran = { mcpCall: { ...request, id: 'mcp_1', output: 'gone', approval: 'mcpr_1' } };
    fake.script(
      'openai-responses',
      openaiResponses.message({ text: 'Dropping.', textId: 'msg_1', mcpRequest: request }),
      openaiResponses.message({ ...(approve && ran), text: 'So be it.', textId: 'msg_2' }),
      openaiResponses.message({ text: 'Hello.' }),
    );
    const session = await sessions.create({ model: modelWithServer(), tools: [] });
    expect(await session.turn('drop it').outcome()).toMatchObject({ status: 'done', steps: 2 });
    expect(asked).toEqual([{ tool: 'mcp.drop', input: { table: 't' } }]);
    const sent = (): any => fake.requests.at(-1)?.json;
    const verdict = { type: 'mcp_approval_response', approval_request_id: 'mcpr_1', approve };
    expect(sent().tools).toMatchObject([{ type: 'mcp', server_label: 'db', require_approval: 'always' }]);
    const second = sent().input;
    expect(second.at(-1)).toEqual(verdict);
    // The next turn says it again, in its place.
    await session.message('hello');
    expect(sent().input.slice(0, second.length)).toEqual(second);
    expect(sent().input.filter(({ type }: { type: string }) => type === 'mcp_approval_response')).toEqual([verdict]);
    await sessions.close();
  },
);

test('where OpenAI keeps nothing, its package leaves the request out and the verdict is refused: the turn goes on without both', async () => {
  const sessions = createSessions({ storage: memoryStorage(), models: createModels({ env: {} }) });
  fake.script(
    'openai-responses',
    openaiResponses.message({ text: 'Dropping.', mcpRequest: request }),
    openaiResponses.message({ text: 'I could not.' }),
  );
  const session = await sessions.create({ model: modelWithServer(false), tools: [] });
  const outcome = await session.turn('drop it').outcome();
  expect(outcome).toMatchObject({ status: 'done', message: { content: 'I could not.' } });
  expect(fake.requests).toHaveLength(3);
  expect(JSON.stringify(fake.requests.at(-1)?.json)).not.toContain('mcp_approval_response');
  await sessions.close();
});
