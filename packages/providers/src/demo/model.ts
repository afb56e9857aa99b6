import type {
  LanguageModelV4,
  LanguageModelV4CallOptions,
  LanguageModelV4Content,
  LanguageModelV4FinishReason,
  LanguageModelV4StreamPart,
  LanguageModelV4Usage,
} from '@ai-sdk/provider';
import type { ModelInfo } from '@reprise/core';
import { plan, type Plan } from './plan.ts';

export const DEMO_NAME = 'demo/offline';

/** Limits of no real thing: they let context management be tried out. */
export const DEMO_INFO: ModelInfo = {
  contextWindow: 128_000,
  maxOutputTokens: 8_192,
  from: 'provider',
  capabilities: {
    rules: 'strictest',
    temperature: false,
    tools: true,
    parallelTools: true,
    input: [],
    effort: [],
    cache: 'none',
    prefixBoundReasoning: false,
  },
  price: { input: 0, output: 0 },
};

export interface DemoOptions {
  /** Fresh ids of tool calls. */
  readonly ids?: () => string;
  /** Milliseconds before each part of a stream; 0 unless told otherwise. */
  readonly delayMs?: number;
}

/**
 * A language model that is none: it answers a small set of requests by rules, calls the tools it is offered, and says so
 * in every reply. It reports 0 tokens, because it uses none.
 */
export function createDemoModel(options: DemoOptions = {}): LanguageModelV4 {
  const ids = options.ids ?? ((): string => `call_${crypto.randomUUID().replaceAll('-', '')}`);
  return {
    specificationVersion: 'v4',
    provider: 'demo',
    modelId: 'offline',
    supportedUrls: {},
    doGenerate: async (call) => {
      call.abortSignal?.throwIfAborted();
      const reply = plan(call);
      return { content: contentOf(reply, ids), finishReason: finishOf(reply), usage: usage(), warnings: [] };
    },
    doStream: async (call) => {
      call.abortSignal?.throwIfAborted();
      return { stream: streamOf(partsOf(plan(call), ids), call, options.delayMs ?? 0) };
    },
  };
}

function contentOf(reply: Plan, ids: () => string): LanguageModelV4Content[] {
  return [
    { type: 'text', text: reply.text },
    ...reply.calls.map(({ tool, input }) => ({
      type: 'tool-call' as const,
      toolCallId: ids(),
      toolName: tool,
      input: JSON.stringify(input),
    })),
  ];
}

function partsOf(reply: Plan, ids: () => string): LanguageModelV4StreamPart[] {
  const parts: LanguageModelV4StreamPart[] = [
    { type: 'stream-start', warnings: [] },
    { type: 'response-metadata', modelId: 'offline' },
    { type: 'text-start', id: '0' },
  ];
  for (const delta of reply.text.match(/\S+\s*|\s+/g) ?? []) parts.push({ type: 'text-delta', id: '0', delta });
  parts.push({ type: 'text-end', id: '0' });
  for (const { tool, input } of reply.calls) {
    const id = ids();
    const json = JSON.stringify(input);
    parts.push(
      { type: 'tool-input-start', id, toolName: tool },
      { type: 'tool-input-delta', id, delta: json },
      { type: 'tool-input-end', id },
      { type: 'tool-call', toolCallId: id, toolName: tool, input: json },
    );
  }
  parts.push({ type: 'finish', finishReason: finishOf(reply), usage: usage() });
  return parts;
}

/** Gives parts as they are asked for; an abort ends the stream with the signal's reason. */
function streamOf(
  parts: readonly LanguageModelV4StreamPart[],
  { abortSignal }: LanguageModelV4CallOptions,
  delayMs: number,
): ReadableStream<LanguageModelV4StreamPart> {
  let next = 0;
  return new ReadableStream({
    async pull(controller) {
      if (delayMs > 0) await pause(delayMs, abortSignal);
      const part = parts[next];
      next += 1;
      if (abortSignal?.aborted) controller.error(abortSignal.reason);
      else if (part) controller.enqueue(part);
      else controller.close();
    },
  });
}

/** Resolves after `ms`, or at once with an abort. */
function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    if (signal?.aborted) done();
    else signal?.addEventListener('abort', done);
  });
}

function finishOf(reply: Plan): LanguageModelV4FinishReason {
  return reply.calls.length > 0 ? { unified: 'tool-calls', raw: 'tool-calls' } : { unified: 'stop', raw: 'stop' };
}

function usage(): LanguageModelV4Usage {
  return {
    inputTokens: { total: 0, noCache: 0, cacheRead: 0, cacheWrite: 0 },
    outputTokens: { total: 0, text: 0, reasoning: 0 },
  };
}
