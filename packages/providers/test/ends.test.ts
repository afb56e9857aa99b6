import { describe, expect, test as base } from 'vitest';
import { google, openaiChat, openaiResponses, startFakeProvider } from '@reprise/fake-provider';
import type { Dialect, FakeProvider, Reply, WireEvent } from '@reprise/fake-provider';
import { createModels } from '../src/index.ts';
import { createNodeFetch } from '../src/node-fetch.ts';
import { joined, only, stream } from './support.ts';

/** Each test has a server of its own, so that they wait side by side. */
const test = base.extend<{ fake: FakeProvider }>({
  fake: async ({ task: _task }, use) => {
    const fake = await startFakeProvider();
    await use(fake);
    await fake.close();
  },
});

const MODELS = { 'openai-responses': 'openai/gpt-5', 'openai-chat': 'compatible/x', google: 'google/gemini-2.5-pro' };
type Here = keyof typeof MODELS;
const call = [{ id: 'call_1', name: 'look', input: { finishReason: 'STOP', text: '"type":"response.completed"' } }];
const text = 'data: [DONE]\n\ndata: {"type":"response.completed"} "finishReason":"STOP"';
const EVENTS: Record<Here, readonly WireEvent[]> = {
  'openai-responses': openaiResponses.message({ text, toolCalls: call, delta: 500 }),
  'openai-chat': openaiChat.message({ text, toolCalls: call, delta: 500 }),
  google: google.message({ text, toolCalls: call, delta: 500 }),
};
const dialects = Object.keys(MODELS) as Here[];

async function parts(fake: FakeProvider, dialect: Here, reply: Reply, fetch: typeof globalThis.fetch) {
  fake.script(dialect as Dialect, reply);
  const env = {
    OPENAI_API_KEY: 'k',
    GEMINI_API_KEY: 'k',
    OPENAI_BASE_URL: `${fake.url}/v1`,
    OPENAI_COMPATIBLE_BASE_URL: `${fake.url}/v1`,
    GOOGLE_GENERATIVE_AI_BASE_URL: fake.url,
  };
  const { model } = await createModels({ env, fetch }).resolve(MODELS[dialect]);
  return stream(model);
}

const FETCHES = { 'node:http': () => createNodeFetch({}), 'the global fetch': () => globalThis.fetch };
const ENDINGS = ['stall', 'reset', 'keep-alive'] as const;

describe.for(Object.entries(FETCHES))('over %s', { concurrent: true }, ([, fetch]) => {
  test.for(dialects.flatMap((dialect) => ENDINGS.map((ending) => [dialect, ending] as const)))(
    '%s: a whole answer is one, also where the connection then ends in %s',
    async ([dialect, ending], { fake }) => {
      const found = await parts(fake, dialect, { events: EVENTS[dialect], ending }, fetch());
      expect(joined(found, 'text-delta')).toBe(text);
      expect(only(found, 'tool-call').map(({ input }) => JSON.parse(input) as unknown)).toEqual([call[0]?.input]);
      expect(only(found, 'finish')).toHaveLength(1);
      expect(fake.requests).toHaveLength(1);
      await fake.requests[0]?.closed;
    },
  );
});

test.concurrent.for(dialects)(
  '%s: words of an answer that look like its end do not end it',
  async (dialect, { fake }) => {
    // Most of it comes later than the linger after such words: what were cut there would be missing.
    const events = EVENTS[dialect];
    const found = await parts(fake, dialect, { events, dripMs: 3000 / events.length }, createNodeFetch({}));
    expect(joined(found, 'text-delta')).toBe(text);
    expect(only(found, 'tool-call')).toHaveLength(1);
    expect(only(found, 'finish')).toMatchObject([{ finishReason: { unified: 'tool-calls' } }]);
  },
);
