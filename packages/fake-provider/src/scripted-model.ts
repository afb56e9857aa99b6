import { ReadableStream } from 'node:stream/web';
import type { LanguageModelV4, LanguageModelV4CallOptions, LanguageModelV4StreamPart } from '@ai-sdk/provider';

/**
 * What a model does in one answer: says words one by one, thinks, calls tools, waits for what a promise stands for (asked for with `wait` when the answer
 * comes to it), or fails.
 */
export type Script = readonly (
  | string
  | Error
  | Promise<unknown>
  | { wait(): Promise<unknown> }
  | { readonly think: string }
  | { readonly call: string; readonly id: string; readonly input: object }
)[];

/** What is known of it, as a model resolver tells it. */
const INFO = {
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
} as const;

const USAGE = {
  inputTokens: { total: 10, noCache: 10, cacheRead: undefined, cacheWrite: undefined },
  outputTokens: { total: 5, text: 5, reasoning: undefined },
};

export interface ScriptedModel extends LanguageModelV4 {
  readonly info: typeof INFO;
  readonly requests: LanguageModelV4CallOptions[];
  /** Answers to come; then it says "ok". */
  readonly script: Script[];
}

/** A language model without a wire: for tests of what stands above providers. */
export function scriptedModel(): ScriptedModel {
  const requests: LanguageModelV4CallOptions[] = [];
  const script: Script[] = [];
  return {
    specificationVersion: 'v4',
    provider: 'test',
    modelId: 'model',
    supportedUrls: {},
    info: INFO,
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

export function toolCall(id: string, tool: string, input: object = {}): Script[number] {
  return { call: tool, id, input };
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
    if (word instanceof Promise) await Promise.race([word, aborted]);
    else if (typeof word === 'string') yield { type: 'text-delta', id: 't', delta: word };
    else if ('wait' in word) await Promise.race([word.wait(), aborted]);
    else if ('think' in word) {
      yield { type: 'reasoning-start', id: 'r' };
      yield { type: 'reasoning-delta', id: 'r', delta: word.think };
      yield { type: 'reasoning-end', id: 'r' };
    } else {
      calls = true;
      yield { type: 'tool-call', toolCallId: word.id, toolName: word.call, input: JSON.stringify(word.input) };
    }
  }
  yield { type: 'text-end', id: 't' };
  const reason = calls ? 'tool-calls' : 'stop';
  yield { type: 'finish', finishReason: { unified: reason, raw: reason }, usage: USAGE };
}
