import { ReadableStream } from 'node:stream/web';
import type { LanguageModelV4, LanguageModelV4StreamPart } from '@ai-sdk/provider';
import { createSessions, defineTool, memoryStorage } from '@reprise/core';
import type { Sessions, SessionsConfig } from '@reprise/core';
import { createServer } from '@reprise/http';
import type { Server, ServerOptions } from '@reprise/http';
import { listen } from '@reprise/http/node';
import type { Listening } from '@reprise/http/node';
import { connect } from '../../src/index.ts';
import type { ConnectOptions, RemoteSessions } from '../../src/index.ts';

export const TOKEN = 'test-token-0123456789';

/** What a model does: says words, waits, calls tools, or fails. */
export type Answer = readonly (
  | string
  | Promise<unknown>
  | Error
  | { readonly think: string }
  | { readonly call: string; readonly id: string; readonly input: object }
)[];

export interface Stage {
  readonly url: string;
  readonly script: Answer[];
  readonly sessions: Sessions;
  readonly server: Server;
  readonly remote: RemoteSessions;
  /** Another connection to the same server. */
  connect(options?: Partial<ConnectOptions>): RemoteSessions;
  close(): Promise<void>;
}

/** A real server on loopback with a scripted model behind it. */
export async function stage(
  options: Partial<ServerOptions> = {},
  config: Partial<SessionsConfig> & { readonly port?: number } = {},
): Promise<Stage> {
  const script: Answer[] = [];
  const sessions = createSessions({
    storage: memoryStorage(),
    models: { resolve: async (name) => ({ requested: name, name, model: scripted(script), info: INFO }) },
    tools: [ADD],
    report: () => undefined,
    ...config,
  });
  const server = createServer(sessions, {
    tokens: [{ name: 'test', token: TOKEN }],
    defaultModel: 'test/model',
    models: () => [{ name: 'test/model', provider: 'test', contextWindow: 1000, maxOutputTokens: 100 }],
    tools: [ADD],
    report: () => undefined,
    ...options,
  });
  const listening: Listening = await listen(server, { port: config.port ?? 0 });
  const { url } = listening;
  const fast = { random: () => 0.01, report: () => undefined };
  return {
    url,
    script,
    sessions,
    server,
    remote: connect({ url, token: TOKEN, ...fast }),
    connect: (more = {}) => connect({ url, token: TOKEN, ...fast, ...more }),
    async close() {
      await server.close();
      await listening.close(50);
      await sessions.close();
    },
  };
}

const ADD = defineTool<{ a: number; b: number }, number>({
  name: 'add',
  description: 'Adds.',
  input: { type: 'object', properties: { a: { type: 'number' }, b: { type: 'number' } }, required: ['a', 'b'] },
  replay: 'safe',
  access: () => ({ effect: 'none' }),
  run: async ({ a, b }) => a + b,
});

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

function scripted(script: Answer[]): LanguageModelV4 {
  return {
    specificationVersion: 'v4',
    provider: 'test',
    modelId: 'model',
    supportedUrls: {},
    doGenerate: () => Promise.reject(new Error('The engine only streams.')),
    async doStream({ abortSignal }) {
      return { stream: ReadableStream.from(partsOf(script.shift() ?? ['ok'], abortSignal)) as never };
    },
  };
}

async function* partsOf(answer: Answer, signal: AbortSignal | undefined): AsyncGenerator<LanguageModelV4StreamPart> {
  const aborted = new Promise<never>((_, reject) =>
    signal?.addEventListener('abort', () => reject(signal.reason as Error), { once: true }),
  );
  aborted.catch(() => undefined);
  let calls = 0;
  yield { type: 'text-start', id: 't' };
  for (const part of answer) {
    if (part instanceof Error) throw part;
    if (part instanceof Promise) await Promise.race([part, aborted]);
    else if (typeof part === 'string') yield { type: 'text-delta', id: 't', delta: part };
    else if ('think' in part) {
      yield { type: 'reasoning-start', id: 'r' };
      yield { type: 'reasoning-delta', id: 'r', delta: part.think };
      yield { type: 'reasoning-end', id: 'r' };
    } else {
      calls += 1;
      yield { type: 'tool-call', toolCallId: part.id, toolName: part.call, input: JSON.stringify(part.input) };
    }
  }
  yield { type: 'text-end', id: 't' };
  const reason = calls > 0 ? 'tool-calls' : 'stop';
  yield {
    type: 'finish',
    finishReason: { unified: reason, raw: reason },
    usage: {
      inputTokens: { total: 10, noCache: 10, cacheRead: undefined, cacheWrite: undefined },
      outputTokens: { total: 5, text: 5, reasoning: undefined },
    },
  };
}
