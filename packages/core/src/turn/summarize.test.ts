import { expect, test } from 'vitest';
import type { LanguageModelV4CallOptions, LanguageModelV4StreamPart } from '@ai-sdk/provider';
import { createSessions } from '../session/sessions.ts';
import { memoryStorage } from '../storage/memory.ts';

/** Answers with 400 characters; a request without tools whose system prompt asks for a summary gets one, or fails. */
function model(summary: string | Error, requests: LanguageModelV4CallOptions[]) {
  return {
    specificationVersion: 'v4' as const,
    provider: 'test',
    modelId: 'm',
    supportedUrls: {},
    doGenerate: () => Promise.reject(new Error('not used')),
    async doStream(options: LanguageModelV4CallOptions) {
      requests.push(options);
      const asked = JSON.stringify(options.prompt[0]).includes('You condense');
      if (asked && summary instanceof Error) throw summary;
      const text = asked ? String(summary) : 'word '.repeat(80);
      const parts: LanguageModelV4StreamPart[] = [
        { type: 'text-start', id: '0' },
        { type: 'text-delta', id: '0', delta: text },
        { type: 'text-end', id: '0' },
        {
          type: 'finish',
          finishReason: { unified: 'stop', raw: 'stop' },
          usage: {
            inputTokens: { total: 10, noCache: 10, cacheRead: 0, cacheWrite: 0 },
            outputTokens: { total: 5, text: 5, reasoning: 0 },
          },
        },
      ];
      const stream = new ReadableStream<LanguageModelV4StreamPart>({
        start(controller) {
          for (const part of parts) controller.enqueue(part);
          controller.close();
        },
      });
      return { stream };
    },
  };
}

async function talk(summary: string | Error, turns = 12) {
  const requests: LanguageModelV4CallOptions[] = [];
  const storage = memoryStorage();
  const models = { resolve: () => Promise.reject(new Error('no names here')) };
  const sessions = createSessions({ storage, models });
  const session = await sessions.create({
    model: model(summary, requests),
    tools: [],
    contextWindow: 1000,
    pruneStrategy: 'summarize',
  });
  for (let i = 1; i <= turns; i += 1) await session.message(`question ${i}`);
  return { session, requests };
}

const text = (options: LanguageModelV4CallOptions | undefined) => JSON.stringify(options?.prompt);

test('what leaves the window is summed up by the model, and the summary stands at its start from then on', async () => {
  const { session, requests } = await talk('They asked questions.');
  const asked = requests.findIndex((request) => text(request).includes('You condense'));
  expect(asked).toBeGreaterThan(0);
  expect(text(requests[asked])).toContain('question 1"');
  expect(requests[asked]?.prompt.at(-1)?.role).toBe('user');
  expect(text(requests[asked + 1])).toContain('<summary>\\nThey asked questions.\\n</summary>');
  expect(text(requests[asked + 1])).not.toContain('question 1"');
  expect(text(requests.at(-1))).toContain('They asked questions.');
  const messages = await session.getMessages();
  expect(messages.filter((message) => message.role === 'user')).toHaveLength(12);
  expect(session.state.tokenUsage.total).toBe(requests.length * 15);
});

test('a summary that fails never stops the conversation: the window moves without one', async () => {
  const { session, requests } = await talk(new Error('overloaded'));
  expect(text(requests.at(-1))).not.toContain('<summary>');
  expect(text(requests.at(-1))).not.toContain('question 1"');
  expect((await session.message('still there?')).content).toContain('word');
});

test('a clear forgets the summary too', async () => {
  const { session, requests } = await talk('They asked questions.');
  await session.clearHistory();
  await session.message('anew');
  expect(text(requests.at(-1))).not.toContain('They asked');
});
