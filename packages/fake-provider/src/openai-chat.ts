import type { WireEvent } from './script.ts';
import { freshId, pieces } from './text.ts';

export interface ChatMessage {
  readonly id?: string;
  readonly model?: string;
  /** `reasoning_content`, as DeepSeek, vLLM, llama-server and others send it. */
  readonly reasoning?: string;
  readonly text?: string;
  /** `json` is sent as the arguments' text in place of `input`. */
  readonly toolCalls?: readonly {
    readonly id?: string;
    readonly name: string;
    readonly input: unknown;
    readonly json?: string;
  }[];
  /** `false`: none is reported, as some servers do. */
  readonly usage?:
    | { readonly input?: number; readonly cached?: number; readonly output?: number; readonly reasoning?: number }
    | false;
  /** Default: `tool_calls` when a tool is called, else `stop`. */
  readonly stop?: 'stop' | 'length' | 'tool_calls' | 'content_filter';
  /** Characters in a delta; default 8. */
  readonly delta?: number;
  /** The closing `[DONE]`; default true. */
  readonly done?: boolean;
}

/** The events of one answer, as `POST /v1/chat/completions` streams them with `stream_options.include_usage`. */
function message(spec: ChatMessage): WireEvent[] {
  const base = {
    id: spec.id ?? freshId('chatcmpl-'),
    object: 'chat.completion.chunk',
    created: 1_700_000_000,
    model: spec.model ?? 'local-model',
    system_fingerprint: 'fp_0',
  };
  const size = spec.delta ?? 8;
  const chunk = (delta: object, finish_reason: string | null = null): WireEvent => ({
    data: { ...base, choices: [{ index: 0, delta, logprobs: null, finish_reason }], usage: null },
  });
  const events = [chunk({ role: 'assistant', content: spec.toolCalls && spec.text === undefined ? null : '' })];
  for (const reasoning_content of pieces(spec.reasoning ?? '', size)) events.push(chunk({ reasoning_content }));
  for (const content of pieces(spec.text ?? '', size)) events.push(chunk({ content }));
  for (const [index, call] of (spec.toolCalls ?? []).entries()) {
    const opening = {
      index,
      id: call.id ?? freshId('call_'),
      type: 'function',
      function: { name: call.name, arguments: '' },
    };
    events.push(chunk({ tool_calls: [opening] }));
    for (const part of pieces(call.json ?? JSON.stringify(call.input), size))
      events.push(chunk({ tool_calls: [{ index, function: { arguments: part } }] }));
  }
  events.push(chunk({}, spec.stop ?? (spec.toolCalls?.length ? 'tool_calls' : 'stop')));
  if (spec.usage !== false) events.push({ data: { ...base, choices: [], usage: usage(spec.usage ?? {}) } });
  if (spec.done !== false) events.push({ data: '[DONE]' });
  return events;
}

function usage(spec: Exclude<ChatMessage['usage'], false | undefined>): object {
  const prompt_tokens = spec.input ?? 25;
  const completion_tokens = spec.output ?? 15;
  return {
    prompt_tokens,
    completion_tokens,
    total_tokens: prompt_tokens + completion_tokens,
    prompt_tokens_details: { cached_tokens: spec.cached ?? 0 },
    completion_tokens_details: { reasoning_tokens: spec.reasoning ?? 0 },
  };
}

/** An error in mid-stream: a data event in place of a chunk. */
function error(type: string, text: string): WireEvent {
  return { data: { error: { message: text, type, param: null, code: null } } };
}

/** The body of a failed request. */
function errorBody(type: string, text: string, code: string | null = null): object {
  return { error: { message: text, type, param: null, code } };
}

/** OpenAI's chat completions, also as compatible servers speak them. */
export const openaiChat = { message, error, errorBody };
