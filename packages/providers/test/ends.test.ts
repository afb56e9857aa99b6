import { afterAll, beforeAll, expect, test } from 'vitest';
import { google, openaiChat, openaiResponses, startFakeProvider } from '@reprise/fake-provider';
import type { Dialect, FakeProvider, Reply, WireEvent } from '@reprise/fake-provider';
import { createModels } from '../src/index.ts';
import { createNodeFetch } from '../src/node-fetch.ts';
import { joined, only, stream } from './support.ts';

let fake: FakeProvider;
beforeAll(async () => void (fake = await startFakeProvider()));
afterAll(() => fake.close());

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

async function parts(dialect: Here, reply: Reply, fetch?: typeof globalThis.fetch) {
  fake.script(dialect as Dialect, reply);
  const env = {
    OPENAI_API_KEY: 'k',
    GEMINI_API_KEY: 'k',
    OPENAI_BASE_URL: `${fake.url}/v1`,
    OPENAI_COMPATIBLE_BASE_URL: `${fake.url}/v1`,
    GOOGLE_GENERATIVE_AI_BASE_URL: fake.url,
  };
  const { model } = await createModels({ env, ...(fetch && { fetch }) }).resolve(MODELS[dialect]);
  return stream(model);
}

test.each(
  dialects.flatMap((dialect) =>
    (['stall', 'reset', 'keep-alive'] as const).map((ending) => [dialect, ending] as const),
  ),
)('%s: a whole answer is one, also where the connection then ends in %s', async (dialect, ending) => {
  for (const fetch of [createNodeFetch({}), globalThis.fetch]) {
    const found = await parts(dialect, { events: EVENTS[dialect], ending }, fetch);
    expect(joined(found, 'text-delta')).toBe(text);
    expect(only(found, 'tool-call').map(({ input }) => JSON.parse(input) as unknown)).toEqual([call[0]?.input]);
    expect(only(found, 'finish')).toHaveLength(1);
    const { closed } = fake.requests.at(-1) ?? { closed: undefined };
    await closed;
  }
});

test.each(dialects)('%s: words of an answer that look like its end do not end it', async (dialect) => {
  // Slower than the linger: what were cut there would be missing.
  const events = EVENTS[dialect];
  const found = await parts(dialect, { events, cuts: { seed: 7, longest: 9 } }, createNodeFetch({}));
  expect(joined(found, 'text-delta')).toBe(text);
  expect(only(found, 'tool-call')).toHaveLength(1);
});
