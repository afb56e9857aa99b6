import type { WireEvent } from './script.ts';
import { freshId, pieces, sealOf } from './text.ts';

export interface ResponsesReasoning {
  readonly id?: string;
  /** One string a summary part; `[]` = none. */
  readonly summary?: readonly string[];
  /** Defaults to a value made from the summary; `null` as without `include`. */
  readonly encrypted?: string | null;
}

interface McpItem {
  readonly id: string;
  readonly server: string;
  readonly name: string;
  readonly input: unknown;
}

export interface ResponsesMessage {
  readonly id?: string;
  readonly model?: string;
  readonly reasoning?: ResponsesReasoning;
  /** A search that the provider runs itself, before the text. */
  readonly webSearch?: { readonly id?: string; readonly query: string };
  /** A call to a server's tool that the provider ran itself; `approval`: on the request of this id. */
  readonly mcpCall?: McpItem & { readonly output: string; readonly approval?: string };
  readonly text?: string;
  /** The text's item id. */
  readonly textId?: string;
  /** A call to a server's tool that the provider wants to run, after the text. */
  readonly mcpRequest?: McpItem;
  /** Pages that the text cites. */
  readonly sources?: readonly { readonly url: string; readonly title: string }[];
  /** `json` is sent as the arguments' text in place of `input`. */
  readonly toolCalls?: readonly {
    readonly id?: string;
    readonly name: string;
    readonly input: unknown;
    readonly json?: string;
  }[];
  readonly usage?: {
    readonly input?: number;
    readonly cached?: number;
    readonly output?: number;
    readonly reasoning?: number;
  };
  /** Default `completed`; the reason of an incomplete one is `max_output_tokens` unless told otherwise. */
  readonly status?: 'completed' | 'incomplete' | 'failed';
  readonly reason?: 'max_output_tokens' | 'content_filter';
  readonly error?: { readonly code: string; readonly message: string };
  /** Characters in a delta; default 8. */
  readonly delta?: number;
}

interface Emitter {
  readonly events: WireEvent[];
  emit(type: string, data: object): void;
}

/** The events of one answer, as `POST /v1/responses` streams them. */
function message(spec: ResponsesMessage): WireEvent[] {
  const base = {
    id: spec.id ?? freshId('resp_'),
    object: 'response',
    created_at: 1_700_000_000,
    model: spec.model ?? 'gpt-5-2025-08-07',
    error: null,
    incomplete_details: null,
    output: [] as object[],
    store: false,
    usage: null as object | null,
  };
  const out = emitter();
  out.emit('response.created', { response: { ...base, status: 'in_progress' } });
  out.emit('response.in_progress', { response: { ...base, status: 'in_progress' } });
  const size = spec.delta ?? 8;
  const output: object[] = [];
  if (spec.reasoning) output.push(reasoning(out, output.length, spec.reasoning, size));
  if (spec.webSearch) output.push(webSearch(out, output.length, spec.webSearch));
  if (spec.mcpCall) output.push(mcp(out, output.length, 'mcp_call', spec.mcpCall));
  if (spec.text !== undefined) output.push(text(out, output.length, spec, spec.text, size));
  if (spec.mcpRequest) output.push(mcp(out, output.length, 'mcp_approval_request', spec.mcpRequest));
  for (const call of spec.toolCalls ?? []) output.push(toolCall(out, output.length, call, size));

  const status = spec.status ?? 'completed';
  out.emit(`response.${status}`, {
    response: {
      ...base,
      status,
      output,
      ...(status === 'incomplete' && { incomplete_details: { reason: spec.reason ?? 'max_output_tokens' } }),
      ...(status === 'failed' && {
        error: spec.error ?? { code: 'server_error', message: 'The server had an error.' },
      }),
      usage: status === 'failed' ? null : usage(spec.usage ?? {}),
    },
  });
  return out.events;
}

function emitter(): Emitter {
  const events: WireEvent[] = [];
  return {
    events,
    emit: (type, data) => void events.push({ event: type, data: { type, sequence_number: events.length, ...data } }),
  };
}

function reasoning(out: Emitter, output_index: number, spec: ResponsesReasoning, size: number): object {
  const id = spec.id ?? freshId('rs_');
  const parts = spec.summary ?? [];
  const seal = spec.encrypted === undefined ? sealOf(parts.join('\n')) : spec.encrypted;
  // The real API sends a first, shorter value here; the last counts.
  const item = {
    id,
    type: 'reasoning',
    ...(seal !== null && { encrypted_content: `${seal.slice(0, 12)}early` }),
    summary: [],
  };
  out.emit('response.output_item.added', { output_index, item });
  for (const [summary_index, part] of parts.entries()) {
    const at = { item_id: id, output_index, summary_index };
    out.emit('response.reasoning_summary_part.added', { ...at, part: { type: 'summary_text', text: '' } });
    for (const delta of pieces(part, size)) out.emit('response.reasoning_summary_text.delta', { ...at, delta });
    out.emit('response.reasoning_summary_text.done', { ...at, text: part });
    out.emit('response.reasoning_summary_part.done', { ...at, part: { type: 'summary_text', text: part } });
  }
  const done = {
    ...item,
    ...(seal !== null && { encrypted_content: seal }),
    summary: parts.map((part) => ({ type: 'summary_text', text: part })),
  };
  out.emit('response.output_item.done', { output_index, item: done });
  return done;
}

function webSearch(
  out: Emitter,
  output_index: number,
  { id = freshId('ws_'), query }: NonNullable<ResponsesMessage['webSearch']>,
): object {
  const item = { id, type: 'web_search_call', status: 'in_progress', action: { type: 'search', query } };
  out.emit('response.output_item.added', { output_index, item });
  for (const step of ['in_progress', 'searching', 'completed'])
    out.emit(`response.web_search_call.${step}`, { item_id: id, output_index });
  const done = { ...item, status: 'completed' };
  out.emit('response.output_item.done', { output_index, item: done });
  return done;
}

function mcp(
  out: Emitter,
  output_index: number,
  type: 'mcp_call' | 'mcp_approval_request',
  spec: NonNullable<ResponsesMessage['mcpCall' | 'mcpRequest']>,
): object {
  const { id, server, name, input } = spec;
  const item = { id, type, server_label: server, name, arguments: '' };
  const done = {
    ...item,
    arguments: JSON.stringify(input),
    ...('output' in spec && { status: 'completed', output: spec.output, error: null }),
    ...('approval' in spec && { approval_request_id: spec.approval }),
  };
  out.emit('response.output_item.added', {
    output_index,
    item: { ...item, ...(type === 'mcp_call' && { status: 'in_progress' }) },
  });
  out.emit('response.output_item.done', { output_index, item: done });
  return done;
}

function text(out: Emitter, output_index: number, spec: ResponsesMessage, whole: string, size: number): object {
  const id = spec.textId ?? freshId('msg_');
  const annotations = (spec.sources ?? []).map((source) => ({
    type: 'url_citation',
    start_index: 0,
    end_index: whole.length,
    ...source,
  }));
  const item = { id, type: 'message', status: 'in_progress', content: [] as object[], role: 'assistant' };
  const at = { item_id: id, output_index, content_index: 0 };
  const part = { type: 'output_text', annotations: [] as object[], logprobs: [], text: whole };
  out.emit('response.output_item.added', { output_index, item });
  out.emit('response.content_part.added', { ...at, part: { ...part, text: '' } });
  for (const delta of pieces(whole, size)) out.emit('response.output_text.delta', { ...at, delta, logprobs: [] });
  for (const [annotation_index, annotation] of annotations.entries())
    out.emit('response.output_text.annotation.added', { ...at, annotation_index, annotation });
  out.emit('response.output_text.done', { ...at, text: whole, logprobs: [] });
  const whole_part = { ...part, annotations };
  out.emit('response.content_part.done', { ...at, part: whole_part });
  const done = { ...item, status: 'completed', content: [whole_part] };
  out.emit('response.output_item.done', { output_index, item: done });
  return done;
}

function toolCall(
  out: Emitter,
  output_index: number,
  call: NonNullable<ResponsesMessage['toolCalls']>[number],
  size: number,
): object {
  const json = call.json ?? JSON.stringify(call.input);
  const item = {
    id: freshId('fc_'),
    type: 'function_call',
    status: 'in_progress',
    arguments: '',
    call_id: call.id ?? freshId('call_'),
    name: call.name,
  };
  out.emit('response.output_item.added', { output_index, item });
  for (const delta of pieces(json, size))
    out.emit('response.function_call_arguments.delta', { item_id: item.id, output_index, delta });
  out.emit('response.function_call_arguments.done', { item_id: item.id, output_index, arguments: json });
  const done = { ...item, status: 'completed', arguments: json };
  out.emit('response.output_item.done', { output_index, item: done });
  return done;
}

function usage(spec: NonNullable<ResponsesMessage['usage']>): object {
  const input = spec.input ?? 25;
  const output = spec.output ?? 15;
  return {
    input_tokens: input,
    input_tokens_details: { cached_tokens: spec.cached ?? 0 },
    output_tokens: output,
    output_tokens_details: { reasoning_tokens: spec.reasoning ?? 0 },
    total_tokens: input + output,
  };
}

/** An error event in mid-stream. */
function error(code: string, text: string): WireEvent {
  return { event: 'error', data: { type: 'error', sequence_number: 0, code, message: text, param: null } };
}

/** The body of a failed request. */
function errorBody(type: string, text: string, code: string | null = null): object {
  return { error: { message: text, type, param: null, code } };
}

/** OpenAI's Responses API. */
export const openaiResponses = { message, error, errorBody };
