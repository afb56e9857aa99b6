import type {
  JSONValue,
  LanguageModelV4,
  LanguageModelV4CallOptions,
  LanguageModelV4FinishReason,
  LanguageModelV4StreamPart,
  SharedV4ProviderMetadata,
} from '@ai-sdk/provider';

/** What a scripted stream does besides giving parts. */
type Act =
  /** Gives nothing more until the call is aborted, then fails with the signal's reason. */
  | { readonly act: 'stall' }
  /** Gives nothing more and does not look at the signal. */
  | { readonly act: 'deaf' }
  /** The stream breaks. */
  | { readonly act: 'break'; readonly error: unknown }
  /** Waits for the test. */
  | { readonly act: 'wait'; readonly for: Promise<unknown> };

export type Beat = LanguageModelV4StreamPart | Act;
/** An Error is thrown by `doStream` itself. */
export type Script = readonly Beat[] | Error;
export type Answer = Script | ((options: LanguageModelV4CallOptions, call: number) => Script);

export interface ScriptedModel extends LanguageModelV4 {
  readonly requests: LanguageModelV4CallOptions[];
  /** Answers for the calls to come, first in first out. */
  readonly script: Answer[];
}

/** A model that gives what it is told. Once the script is used up, it says "ok". */
export function scripted(script: readonly Answer[] = [], provider = 'test', modelId = 'model'): ScriptedModel {
  const requests: LanguageModelV4CallOptions[] = [];
  const left = [...script];
  return {
    specificationVersion: 'v4',
    provider,
    modelId,
    supportedUrls: {},
    requests,
    script: left,
    doGenerate: () => Promise.reject(new Error('The engine only streams.')),
    async doStream(options) {
      // Copied as it leaves, so that a later change of the prompt would show.
      requests.push({ ...options, prompt: structuredClone(options.prompt) });
      const next = left.shift() ?? say('ok');
      const beats = typeof next === 'function' ? next(options, requests.length) : next;
      if (beats instanceof Error) throw beats;
      return { stream: streamOf(beats, options.abortSignal) };
    },
  };
}

function streamOf(beats: readonly Beat[], signal: AbortSignal | undefined): ReadableStream<LanguageModelV4StreamPart> {
  let next = 0;
  return new ReadableStream<LanguageModelV4StreamPart>(
    {
      async pull(controller) {
        for (;;) {
          const beat = beats[next++];
          if (beat === undefined) return controller.close();
          if (!('act' in beat)) return controller.enqueue(beat);
          if (beat.act === 'break') return controller.error(beat.error);
          if (beat.act === 'deaf') return new Promise(() => undefined);
          if (beat.act === 'wait') await beat.for;
          else {
            await new Promise((resolve) => signal?.addEventListener('abort', resolve, { once: true }));
            return controller.error(signal?.reason);
          }
        }
      },
    },
    { highWaterMark: 0 },
  );
}

let blocks = 0;

export function text(content: string, meta?: SharedV4ProviderMetadata): LanguageModelV4StreamPart[] {
  const id = `t${(blocks += 1)}`;
  const tail = meta === undefined ? {} : { providerMetadata: meta };
  const middle = Math.ceil(content.length / 2);
  return [
    { type: 'text-start', id },
    { type: 'text-delta', id, delta: content.slice(0, middle) },
    { type: 'text-delta', id, delta: content.slice(middle) },
    { type: 'text-end', id, ...tail },
  ];
}

/** Reasoning whose signature comes on an empty delta, as Anthropic's does. */
export function reasoning(content: string, signature?: string, provider = 'test'): LanguageModelV4StreamPart[] {
  const id = `r${(blocks += 1)}`;
  return [
    { type: 'reasoning-start', id },
    { type: 'reasoning-delta', id, delta: content },
    ...(signature === undefined
      ? []
      : [{ type: 'reasoning-delta' as const, id, delta: '', providerMetadata: { [provider]: { signature } } }]),
    { type: 'reasoning-end', id },
  ];
}

export function call(id: string, tool: string, params: JSONValue | string = {}): LanguageModelV4StreamPart {
  const input = typeof params === 'string' ? params : JSON.stringify(params);
  return { type: 'tool-call', toolCallId: id, toolName: tool, input };
}

export function finish(
  unified: LanguageModelV4FinishReason['unified'] = 'stop',
  raw: string | null = unified,
  input = 10,
  output = 5,
): LanguageModelV4StreamPart {
  return {
    type: 'finish',
    finishReason: { unified, raw: raw ?? undefined },
    usage: {
      inputTokens: { total: input, noCache: input, cacheRead: undefined, cacheWrite: undefined },
      outputTokens: { total: output, text: output, reasoning: undefined },
    },
  };
}

export function say(content: string): LanguageModelV4StreamPart[] {
  return [{ type: 'stream-start', warnings: [] }, ...text(content), finish('stop')];
}

export function calls(...made: LanguageModelV4StreamPart[]): LanguageModelV4StreamPart[] {
  return [{ type: 'stream-start', warnings: [] }, ...made, finish('tool-calls')];
}

/** What the AI SDK throws for an HTTP answer that is an error. */
export function httpError(
  status: number,
  message: string,
  headers: Record<string, string> = {},
  body?: unknown,
): Error {
  return Object.assign(new Error(message), {
    name: 'AI_APICallError',
    statusCode: status,
    responseHeaders: headers,
    responseBody: body === undefined ? undefined : JSON.stringify(body),
    isRetryable: status === 429 || status >= 500,
  });
}
