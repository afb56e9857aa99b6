import { anthropic, encodeEvent, google, openaiChat, openaiResponses, validateRequest } from '@reprise/fake-provider';
import type { AnthropicBlock, BrokenRule, Dialect, WireEvent } from '@reprise/fake-provider';

/** What a model says once, in no provider's words yet. */
export interface Says {
  readonly thinking?: string;
  readonly text?: string;
  readonly calls: readonly { readonly id: string; readonly name: string; readonly json: string }[];
  /** A tool that the provider ran (Anthropic alone): with its result, or without one. */
  readonly served?: 'whole' | 'alone';
  /** Cut by the output limit. */
  readonly cut: boolean;
  /** The provider stops by itself in the middle of its own work (Anthropic alone). */
  readonly pause: boolean;
  /** Blocks in an order that no provider promises not to use (Anthropic alone: its stream has an order). */
  readonly backwards: boolean;
}

export type Reply =
  | { readonly kind: 'says'; readonly says: Says }
  /** An error after so many events. */
  | { readonly kind: 'breaks'; readonly says: Says; readonly after: number }
  /** Silence after so many events, until somebody ends it. */
  | { readonly kind: 'stalls'; readonly says: Says; readonly after: number }
  | { readonly kind: 'refuses' };

const PLAIN: Says = { text: 'Very well.', calls: [], cut: false, pause: false, backwards: false };

/** The providers' servers in this process: scripted answers, each request held to its dialect's rules. */
export class Wire {
  readonly broken: { readonly dialect: Dialect; readonly rules: readonly BrokenRule[]; readonly body: unknown }[] = [];
  readonly replies: Reply[] = [];
  requests = 0;
  /** Called once a reply stalls. */
  onStall: () => void = () => undefined;
  #paused = false;

  readonly fetch: typeof globalThis.fetch = async (url, init) => {
    this.requests += 1;
    const path = new URL(String(url)).pathname;
    const dialect = dialectOf(path);
    const json: unknown = JSON.parse(String(init?.body));
    const rules = validateRequest({ dialect, path, json }).filter(
      // A paused answer goes back as the last message.
      ({ rule }) => !(this.#paused && rule === 'last-role'),
    );
    if (rules.length > 0) this.broken.push({ dialect, rules, body: json });
    const reply = this.replies.shift() ?? { kind: 'says', says: PLAIN };
    this.#paused = reply.kind !== 'refuses' && reply.says.pause && dialect === 'anthropic';
    if (reply.kind === 'refuses')
      return new Response(JSON.stringify(anthropic.errorBody('invalid_request_error', 'no')), { status: 400 });
    const events = said(dialect, reply.says, this.requests);
    const shown = reply.kind === 'says' ? events : events.slice(0, reply.after);
    if (reply.kind === 'breaks') shown.push(failure(dialect));
    return stream(shown, reply.kind === 'stalls' ? this.onStall : undefined, init?.signal);
  };
}

function stream(
  events: readonly WireEvent[],
  onStall: (() => void) | undefined,
  signal: AbortSignal | null | undefined,
) {
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      const bytes = new TextEncoder();
      for (const event of events) controller.enqueue(bytes.encode(encodeEvent(event)));
      if (onStall === undefined) return controller.close();
      signal?.addEventListener('abort', () => controller.error(signal.reason), { once: true });
      setImmediate(onStall);
    },
  });
  return new Response(body, { headers: { 'content-type': 'text/event-stream' } });
}

function dialectOf(path: string): Dialect {
  if (path.endsWith('/messages')) return 'anthropic';
  if (path.endsWith('/responses')) return 'openai-responses';
  return path.endsWith('/chat/completions') ? 'openai-chat' : 'google';
}

function failure(dialect: Dialect): WireEvent {
  if (dialect === 'anthropic') return anthropic.error('invalid_request_error', 'no');
  if (dialect === 'openai-responses') return openaiResponses.error('invalid_prompt', 'no');
  return dialect === 'openai-chat'
    ? openaiChat.error('invalid_request_error', 'no')
    : google.error(400, 'INVALID_ARGUMENT', 'no');
}

function said(dialect: Dialect, says: Says, n: number): WireEvent[] {
  const { thinking, text, cut } = says;
  const toolCalls = says.calls.map(({ id, name, json }) => ({ id, name, json, input: inputOf(json) }));
  const common = { ...(text !== undefined && { text }), toolCalls, delta: 50 };
  switch (dialect) {
    case 'anthropic': {
      const blocks: AnthropicBlock[] = [
        ...(thinking === undefined ? [] : [{ type: 'thinking' as const, thinking }]),
        ...(thinking === '' ? [{ type: 'redacted_thinking' as const, data: 'cmVk' }] : []),
        ...servedBlocks(says, n),
        ...(text === undefined ? [] : [{ type: 'text' as const, text }]),
        ...toolCalls.map((call) => ({ type: 'tool_use' as const, ...call })),
      ];
      if (says.backwards) blocks.reverse();
      const stop = cut ? 'max_tokens' : says.pause && toolCalls.length === 0 ? 'pause_turn' : undefined;
      return anthropic.message({ blocks, delta: 50, ...(stop && { stop }) });
    }
    case 'openai-responses':
      return openaiResponses.message({
        ...common,
        ...(thinking !== undefined && { reasoning: { summary: thinking === '' ? [] : [thinking, 'More.'] } }),
        ...(cut && { status: 'incomplete' }),
      });
    case 'openai-chat':
      return openaiChat.message({
        ...common,
        ...(thinking !== undefined && { reasoning: thinking }),
        ...(cut && { stop: 'length' }),
      });
    case 'google':
      return google.message({
        ...common,
        ...(thinking !== undefined && { thinking }),
        ...(cut && { stop: 'MAX_TOKENS' }),
      });
  }
}

/** Google sends arguments as an object, so that broken ones arrive as none. */
function inputOf(json: string): unknown {
  try {
    const value: unknown = JSON.parse(json);
    return typeof value === 'object' && !Array.isArray(value) ? value : {};
  } catch {
    return {};
  }
}

/** Ids of what a provider ran itself are its own, so they never repeat. */
function servedBlocks({ served }: Says, n: number): AnthropicBlock[] {
  if (served === undefined) return [];
  const id = `srvtoolu_${n}`;
  const call: AnthropicBlock = { type: 'server_tool_use', id, name: 'web_search', input: { query: 'x' } };
  return served === 'alone' ? [call] : [call, { type: 'web_search_tool_result', tool_use_id: id, content: [] }];
}
