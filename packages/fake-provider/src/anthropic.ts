import type { WireEvent } from './script.ts';
import { freshId, pieces, sealOf } from './text.ts';

/** A content block of Anthropic's Messages API, as the stream carries it. */
export type AnthropicBlock =
  /** `citations` arrive after the text, one delta each. */
  | { readonly type: 'text'; readonly text: string; readonly citations?: readonly object[] }
  /** `signature` defaults to a value made from the text; `null` leaves it out. */
  | { readonly type: 'thinking'; readonly thinking: string; readonly signature?: string | null }
  | { readonly type: 'redacted_thinking'; readonly data: string }
  | {
      /** `server_tool_use`: a call that the provider runs itself. */
      readonly type: 'tool_use' | 'server_tool_use';
      readonly id?: string;
      readonly name: string;
      readonly input: unknown;
      readonly json?: string;
    }
  /** A result of such a call. Comes whole, as do other blocks that have no deltas. */
  | { readonly type: 'web_search_tool_result'; readonly tool_use_id: string; readonly content: unknown };

export interface AnthropicUsage {
  readonly input?: number;
  readonly output?: number;
  readonly cacheRead?: number;
  readonly cacheWrite?: number;
  readonly thinking?: number;
}

export interface AnthropicMessage {
  readonly id?: string;
  readonly model?: string;
  /** Shorthand, in this order: thinking, redacted, text, tool calls. */
  readonly thinking?: string;
  readonly signature?: string;
  /** The data of a redacted thinking block. */
  readonly redacted?: string;
  readonly text?: string;
  /** `json` is sent as the input's text in place of `input` (to send broken JSON). */
  readonly toolCalls?: readonly {
    readonly id?: string;
    readonly name: string;
    readonly input: unknown;
    readonly json?: string;
  }[];
  /** In place of the shorthand. */
  readonly blocks?: readonly AnthropicBlock[];
  readonly usage?: AnthropicUsage;
  /** Default: `tool_use` when a tool is called, else `end_turn`. */
  readonly stop?:
    | 'end_turn'
    | 'tool_use'
    | 'max_tokens'
    | 'stop_sequence'
    | 'pause_turn'
    | 'refusal'
    | 'model_context_window_exceeded';
  /** Characters in a delta; default 8. */
  readonly delta?: number;
  /** A `ping` after the first block's start, as the real API sends it; default true. */
  readonly ping?: boolean;
}

/** The events of one answer, as `POST /v1/messages` streams them (API version 2023-06-01). */
function message(spec: AnthropicMessage): WireEvent[] {
  const blocks = spec.blocks ?? blocksOf(spec);
  const calls = blocks.some((block) => block.type === 'tool_use');
  const usage = spec.usage ?? {};
  const input = {
    input_tokens: usage.input ?? 25,
    cache_creation_input_tokens: usage.cacheWrite ?? 0,
    cache_read_input_tokens: usage.cacheRead ?? 0,
  };
  const events: WireEvent[] = [
    named('message_start', {
      message: {
        model: spec.model ?? 'claude-sonnet-4-5-20250929',
        id: spec.id ?? freshId('msg_'),
        type: 'message',
        role: 'assistant',
        content: [],
        stop_reason: null,
        stop_sequence: null,
        usage: {
          ...input,
          cache_creation: { ephemeral_5m_input_tokens: usage.cacheWrite ?? 0, ephemeral_1h_input_tokens: 0 },
          output_tokens: 1,
          service_tier: 'standard',
        },
      },
    }),
  ];
  for (const [index, block] of blocks.entries()) {
    events.push(named('content_block_start', { index, content_block: opening(block) }));
    if (index === 0 && spec.ping !== false) events.push(named('ping', {}));
    for (const delta of deltas(block, spec.delta ?? 8)) events.push(named('content_block_delta', { index, delta }));
    events.push(named('content_block_stop', { index }));
  }
  const thinking = usage.thinking === undefined ? {} : { output_tokens_details: { thinking_tokens: usage.thinking } };
  events.push(
    named('message_delta', {
      delta: { stop_reason: spec.stop ?? (calls ? 'tool_use' : 'end_turn'), stop_sequence: null },
      usage: { ...input, output_tokens: usage.output ?? 15, ...thinking },
    }),
    named('message_stop', {}),
  );
  return events;
}

/** An error event in mid-stream, for example `overloaded_error`. */
function error(type: string, text: string): WireEvent {
  return { event: 'error', data: { type: 'error', error: { type, message: text } } };
}

/** The body of a failed request (status 4xx or 5xx). */
function errorBody(type: string, text: string): object {
  return { type: 'error', error: { type, message: text }, request_id: freshId('req_') };
}

/** The signature that `message` gives a thinking block of this text. */
function signatureOf(thinking: string): string {
  return sealOf(thinking);
}

function named(type: string, data: object): WireEvent {
  return { event: type, data: { type, ...data } };
}

function blocksOf(spec: AnthropicMessage): AnthropicBlock[] {
  const blocks: AnthropicBlock[] = [];
  if (spec.thinking !== undefined)
    blocks.push({
      type: 'thinking',
      thinking: spec.thinking,
      ...(spec.signature === undefined ? {} : { signature: spec.signature }),
    });
  if (spec.redacted !== undefined) blocks.push({ type: 'redacted_thinking', data: spec.redacted });
  if (spec.text !== undefined) blocks.push({ type: 'text', text: spec.text });
  for (const call of spec.toolCalls ?? []) blocks.push({ type: 'tool_use', ...call });
  return blocks;
}

function opening(block: AnthropicBlock): object {
  switch (block.type) {
    case 'text':
      return { type: 'text', text: '', ...(block.citations && { citations: [] }) };
    case 'thinking':
      return { type: 'thinking', thinking: '', signature: '' };
    case 'redacted_thinking':
    case 'web_search_tool_result':
      return block;
    case 'tool_use':
    case 'server_tool_use': {
      const id = block.id ?? freshId(block.type === 'tool_use' ? 'toolu_' : 'srvtoolu_');
      return { type: block.type, id, name: block.name, input: {} };
    }
  }
}

function deltas(block: AnthropicBlock, size: number): object[] {
  switch (block.type) {
    case 'text':
      return [
        ...pieces(block.text, size).map((text) => ({ type: 'text_delta', text })),
        ...(block.citations ?? []).map((citation) => ({ type: 'citations_delta', citation })),
      ];
    case 'thinking': {
      const signature = block.signature === undefined ? signatureOf(block.thinking) : block.signature;
      return [
        ...pieces(block.thinking, size).map((thinking) => ({ type: 'thinking_delta', thinking })),
        ...(signature === null ? [] : [{ type: 'signature_delta', signature }]),
      ];
    }
    case 'redacted_thinking':
    case 'web_search_tool_result':
      return [];
    case 'tool_use':
    case 'server_tool_use': {
      const json = block.json ?? JSON.stringify(block.input);
      // The real stream opens with an empty piece, and an empty object has no other.
      const parts = json === '{}' ? [''] : ['', ...pieces(json, size)];
      return parts.map((partial_json) => ({ type: 'input_json_delta', partial_json }));
    }
  }
}

/** Anthropic's Messages API. */
export const anthropic = { message, error, errorBody, signatureOf };
