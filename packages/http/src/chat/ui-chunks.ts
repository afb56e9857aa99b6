import type { FeedEvent, FeedEventOf, Message, PendingAsk, ToolResult } from '@reprise/core';

/** A part of the AI SDK's UI message stream (version 1), as far as sessions need it. */
export type UiChunk = { readonly type: string } & Readonly<Record<string, unknown>>;

type Flowing = 'text' | 'reasoning';

/** The AI SDK knows these reasons. */
const REASONS: ReadonlySet<string> = new Set(['stop', 'length', 'content-filter', 'tool-calls', 'error']);

/**
 * One turn's events as the AI SDK's UI message stream: one message of the assistant, its id that of the turn, with a step for each model call. Where
 * people are asked and nothing else is under way the stream ends, as the clients expect; with their answers they come back for the rest.
 */
export class UiChunks {
  readonly #turn: string;
  readonly #session: string;
  #inStep = false;
  /** The part that grows, and what there is of the step so far. */
  #part: Flowing | undefined;
  #parts = 0;
  #text = '';
  /** Calls of the step that have no result. */
  readonly #calls = new Set<string>();
  /** Calls by the question that they wait for; an answer takes it out. */
  readonly #asked = new Map<string, string>();
  readonly #denied = new Set<string>();
  #opened = false;
  #over = false;

  readonly #known: readonly ToolResult[];

  /** `goingOn`: the message of the step whose calls wait, where the client has the turn's message up to there, and what was asked. */
  constructor(
    session: string,
    turn: string,
    goingOn?: { readonly message: Message | undefined; readonly pending: readonly PendingAsk[] },
  ) {
    this.#session = session;
    this.#turn = turn;
    this.#known = goingOn?.message?.toolResults ?? [];
    if (goingOn === undefined) return;
    this.#opened = true;
    const known = new Set(this.#known.map(({ id }) => id));
    for (const { id } of goingOn.message?.toolCalls ?? []) if (!known.has(id)) this.#calls.add(id);
    for (const { id, call } of goingOn.pending) this.#asked.set(id, call);
  }

  /** The stream holds nothing more: the turn ended, or people are asked. */
  get over(): boolean {
    return this.#over;
  }

  *start(): Generator<UiChunk> {
    yield { type: 'start', messageId: this.#turn, messageMetadata: { session: this.#session, turn: this.#turn } };
    for (const { id, result, error } of this.#known) yield output(id, result, error);
  }

  *take(event: FeedEvent): Generator<UiChunk> {
    switch (event.type) {
      case 'message':
        if (event.turn !== this.#turn) return;
        yield* event.message.role === 'assistant' ? this.#whole(event.message) : this.#said(event.message);
        return;
      case 'text':
      case 'reasoning':
        yield* this.#flow(event.type, event.content);
        return;
      case 'reset':
        yield* this.#reset(event.offset);
        return;
      case 'tool_progress':
        yield {
          type: 'data-progress',
          id: event.id,
          transient: true,
          data: { call: event.id, text: event.text, data: event.data },
        };
        return;
      case 'approval':
        yield* this.#ask(event);
        return;
      case 'answer':
        this.#answered(event);
        return;
      case 'tool_result':
        yield* this.#result(event);
        return;
      case 'turn_end':
        if (event.turn === this.#turn) yield* this.#end(event);
        return;
      default:
        return;
    }
  }

  /** The first message opens the turn; later ones steer it. */
  *#said({ id, content }: Message): Generator<UiChunk> {
    const first = !this.#opened;
    this.#opened = true;
    if (!first) yield { type: 'steering-message', id, parts: [{ type: 'text', text: content }] };
  }

  *#flow(kind: Flowing, delta: string): Generator<UiChunk> {
    if (delta === '') return;
    yield* this.#step();
    if (this.#part !== kind) {
      yield* this.#close();
      this.#part = kind;
      this.#parts += 1;
      yield { type: `${kind}-start`, id: this.#id };
    }
    if (kind === 'text') this.#text += delta;
    yield { type: `${kind}-delta`, id: this.#id, delta };
  }

  get #id(): string {
    return `${this.#turn}-${this.#parts}`;
  }

  *#step(): Generator<UiChunk> {
    if (this.#inStep) return;
    this.#inStep = true;
    yield { type: 'start-step' };
  }

  *#close(): Generator<UiChunk> {
    if (this.#part !== undefined) yield { type: `${this.#part}-end`, id: this.#id };
    this.#part = undefined;
  }

  *#finishStep(): Generator<UiChunk> {
    yield* this.#close();
    this.#text = '';
    if (!this.#inStep) return;
    this.#inStep = false;
    yield { type: 'finish-step' };
  }

  *#reset(offset: number): Generator<UiChunk> {
    const kept = this.#text.slice(0, offset);
    yield* this.#close();
    this.#text = '';
    if (this.#inStep) yield { type: 'reset-step' };
    yield* this.#flow('text', kept);
  }

  /** The step is stored: what was missed of its text, then its calls. */
  *#whole(message: Message): Generator<UiChunk> {
    yield* this.#flow('text', message.content.slice(this.#text.length));
    const calls = message.toolCalls ?? [];
    if (calls.length > 0) yield* this.#step();
    yield* this.#close();
    for (const { id, tool, params } of calls) {
      this.#calls.add(id);
      yield { type: 'tool-input-available', toolCallId: id, toolName: tool, input: params, dynamic: true };
    }
    if (calls.length === 0) yield* this.#finishStep();
  }

  *#ask({ id, call, reason, question, path }: FeedEventOf<'approval'>): Generator<UiChunk> {
    if (!this.#calls.has(call)) return;
    this.#asked.set(id, call);
    if (question === undefined && path === undefined) {
      yield {
        type: 'tool-approval-request',
        approvalId: id,
        toolCallId: call,
        ...(reason !== undefined && { reason }),
      };
    } else {
      // The AI SDK's approvals know neither: whoever shows this answers it by its id.
      yield { type: 'data-question', id, data: { id, call, reason, question, path } };
    }
    yield* this.#pauseIfAsked();
  }

  #answered({ id, verdict }: FeedEventOf<'answer'>): void {
    const call = this.#asked.get(id);
    this.#asked.delete(id);
    if (call !== undefined && verdict !== 'once' && verdict !== 'always') this.#denied.add(call);
  }

  *#result({ call, turn, result, error }: FeedEventOf<'tool_result'>): Generator<UiChunk> {
    if (turn !== this.#turn || !this.#calls.delete(call)) return;
    yield this.#denied.has(call) ? { type: 'tool-output-denied', toolCallId: call } : output(call, result, error);
    if (this.#calls.size === 0) yield* this.#finishStep();
    else yield* this.#pauseIfAsked();
  }

  /** Every call that is left waits for a person. */
  *#pauseIfAsked(): Generator<UiChunk> {
    const waiting = new Set(this.#asked.values());
    if (waiting.size === 0 || [...this.#calls].some((call) => !waiting.has(call))) return;
    yield* this.#finishStep();
    this.#over = true;
    yield { type: 'finish', finishReason: 'tool-calls' };
  }

  *#end({ status, finishReason, usage, error }: FeedEventOf<'turn_end'>): Generator<UiChunk> {
    yield* this.#finishStep();
    this.#over = true;
    if (status === 'aborted' || status === 'interrupted') {
      yield { type: 'abort', ...(error !== undefined && { reason: error.message }) };
      return;
    }
    if (status === 'failed') yield { type: 'error', errorText: error?.message ?? 'The turn failed.' };
    const reason = REASONS.has(finishReason) ? finishReason : 'other';
    yield { type: 'finish', finishReason: reason, messageMetadata: { usage } };
  }
}

function output(call: string, result: unknown, error: string | undefined): UiChunk {
  const part = { toolCallId: call, dynamic: true };
  return error === undefined
    ? { type: 'tool-output-available', ...part, output: result ?? null }
    : { type: 'tool-output-error', ...part, errorText: error };
}
