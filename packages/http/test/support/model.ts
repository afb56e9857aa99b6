import { ReadableStream } from 'node:stream/web';
import type { LanguageModelV4, LanguageModelV4CallOptions, LanguageModelV4StreamPart } from '@ai-sdk/provider';
import { defineTool } from '@reprise/core';
import type { ModelInfo } from '@reprise/core';

type Call = Extract<LanguageModelV4StreamPart, { type: 'tool-call' }>;

/** What a model says: words one by one, with something awaited before the next where a promise stands. */
export type Script = readonly (string | Promise<unknown> | Error | Call | { wait(): Promise<unknown> })[];

export interface TestModel extends LanguageModelV4 {
  readonly info: ModelInfo;
  readonly requests: LanguageModelV4CallOptions[];
  /** Answers to come; then it says "ok". */
  readonly script: Script[];
}

export function testModel(): TestModel {
  const requests: LanguageModelV4CallOptions[] = [];
  const script: Script[] = [];
  return {
    specificationVersion: 'v4',
    provider: 'test',
    modelId: 'model',
    supportedUrls: {},
    info: {
      contextWindow: 100_000,
      maxOutputTokens: 8000,
      from: 'user',
      capabilities: {
        rules: 'anthropic',
        temperature: true,
        tools: true,
        parallelTools: true,
        input: [],
        effort: [],
        cache: 'none',
        prefixBoundReasoning: false,
      },
    },
    requests,
    script,
    doGenerate: () => Promise.reject(new Error('The engine only streams.')),
    async doStream(options) {
      requests.push(options);
      const parts = partsOf(script.shift() ?? ['ok'], options.abortSignal);
      return { stream: ReadableStream.from(parts) as globalThis.ReadableStream<LanguageModelV4StreamPart> };
    },
  };
}

/** Hands its prompt to a sub-session, and gives what came of it. */
export const AGENT = defineTool<{ prompt: string }, unknown>({
  name: 'agent',
  description: 'Hands work on.',
  input: { type: 'object', properties: { prompt: { type: 'string' } }, required: ['prompt'] },
  replay: 'never',
  run: async ({ prompt }, context) => (await context.spawn({ prompt }).outcome()).message?.content,
});

export function toolCall(id: string, tool: string, input: object = {}): Call {
  return { type: 'tool-call', toolCallId: id, toolName: tool, input: JSON.stringify(input) };
}

async function* partsOf(script: Script, signal: AbortSignal | undefined): AsyncGenerator<LanguageModelV4StreamPart> {
  const aborted = new Promise<never>((_, reject) =>
    signal?.addEventListener('abort', () => reject(signal.reason as Error), { once: true }),
  );
  aborted.catch(() => undefined);
  let calls = false;
  yield { type: 'text-start', id: 't' };
  for (const word of script) {
    if (word instanceof Error) throw word;
    if (typeof word === 'string') yield { type: 'text-delta', id: 't', delta: word };
    else if ('toolCallId' in word) {
      calls = true;
      yield word;
    } else await Promise.race(['wait' in word ? word.wait() : word, aborted]);
  }
  yield { type: 'text-end', id: 't' };
  const reason = calls ? 'tool-calls' : 'stop';
  yield {
    type: 'finish',
    finishReason: { unified: reason, raw: reason },
    usage: {
      inputTokens: { total: 10, noCache: 10, cacheRead: undefined, cacheWrite: undefined },
      outputTokens: { total: 5, text: 5, reasoning: undefined },
    },
  };
}
