import type { Chunk, ChunkOf, FeedEvent, FeedEventOf, Message, Outcome, ToolResult, TurnUsage } from '@reprise/core';
import { RepriseError } from '@reprise/core/turn';
import type { TurnHandle } from '@reprise/core/turn';

/** What the stream of a message tells beside the session's events. */
export type TurnTold =
  | FeedEvent
  | { readonly type: 'started'; readonly session: string; readonly turn: string }
  | { readonly type: 'queued'; readonly key: string };

/** Whoever listens to the session hears of these. */
export interface SessionSide {
  message(message: Message): void;
  tool(chunk: ChunkOf<'tool_call'> | ChunkOf<'tool_result'>): void;
  usage(usage: TurnUsage): void;
  warning(message: string): void;
}

/** Turns the events of a session into one turn's chunks, as they would be where the turn runs, whatever was missed in between. */
export class TurnReader {
  readonly #handle: TurnHandle;
  readonly #key: string;
  readonly #side: SessionSide;
  /** The turn that answers, once it is known. */
  #turn: string | undefined;
  /** What was told belongs to it: it begins with the message, or is steered by it. */
  #ours = false;
  #queued = false;
  /** Characters of the step in flight that were shown. */
  #shown = 0;
  #last: Message | undefined;

  constructor(handle: TurnHandle, key: string, side: SessionSide) {
    this.#handle = handle;
    this.#key = key;
    this.#side = side;
  }

  /** The message waits, and nothing is known of its turn. */
  get waits(): boolean {
    return this.#queued && !this.#ours;
  }

  /** The outcome, with the event that ends the turn. */
  take(event: TurnTold): Outcome | undefined {
    switch (event.type) {
      case 'started':
        this.#start(event.turn, event.session);
        return undefined;
      case 'queued':
        if (!this.#queued) this.#handle.queued(event.key);
        this.#queued = true;
        return undefined;
      case 'message':
        this.#message(event);
        return undefined;
      case 'warning':
        this.#side.warning(event.message);
        return undefined;
      default:
        return this.#ours ? this.#live(event) : undefined;
    }
  }

  #start(turn: string, session: string): void {
    if (this.#turn === undefined) this.#handle.started(session, turn);
    this.#turn = turn;
  }

  #message({ message, turn, key, at }: FeedEventOf<'message'>): void {
    if (message.role !== 'assistant') {
      const ours = turn !== undefined && (turn === this.#turn || key === this.#key);
      if (!ours) return;
      if (this.#turn !== turn) this.#start(turn, '');
      this.#ours = true;
      this.#side.message(message);
      return;
    }
    if (!this.#ours || turn !== this.#turn) return;
    // Who was away while a step began and ended has not seen its text.
    const missed = message.content.slice(this.#shown);
    if (missed !== '') this.#handle.flow('text', missed, () => ({ ...at, offset: this.#shown }));
    this.#shown = 0;
    this.#last = message;
    for (const { id, tool, params } of message.toolCalls ?? []) {
      const chunk = { type: 'tool_call', at, id, tool, params } as const;
      this.#handle.chunk(chunk);
      this.#side.tool(chunk);
    }
    this.#side.message(message);
    if (message.usage !== undefined) this.#side.usage(message.usage);
  }

  #live(event: Exclude<TurnTold, { type: 'started' | 'queued' | 'message' | 'warning' }>): Outcome | undefined {
    switch (event.type) {
      case 'text':
      case 'reasoning': {
        const { type, at, content } = event;
        if (type === 'text') this.#shown = at.offset;
        this.#handle.flow(type, content, () => ({ ...at, offset: at.offset - (type === 'text' ? content.length : 0) }));
        return undefined;
      }
      case 'reset':
        this.#shown = event.offset;
        this.#handle.chunk(event as ChunkOf<'reset'>);
        return undefined;
      case 'tool_result': {
        if (event.turn !== this.#turn) return undefined;
        const { at, call, tool, result, error } = event;
        const known = error === undefined ? { id: call, result } : { id: call, result, error };
        this.#result(known);
        const chunk = { type: 'tool_result', at, tool, ...known } as const;
        this.#handle.chunk(chunk);
        this.#side.tool(chunk);
        return undefined;
      }
      case 'turn_end':
        return event.turn === this.#turn ? this.#outcome(event) : undefined;
      case 'approval': {
        const { time: _time, turn: _turn, ...asked } = event;
        this.#handle.chunk({ ...asked, input: asked.input ?? this.#inputOf(asked) });
        return undefined;
      }
      default:
        if (isChunk(event)) this.#handle.chunk(event);
        return undefined;
    }
  }

  /** A question of a sub-session is about a call that is in its log, and not here. */
  #inputOf({ call, path }: Pick<FeedEventOf<'approval'>, 'call' | 'path'>): unknown {
    if (path !== undefined) return undefined;
    return this.#last?.toolCalls?.find(({ id }) => id === call)?.params;
  }

  #result(result: ToolResult): void {
    const message = this.#last;
    if (message?.toolCalls?.some(({ id }) => id === result.id) !== true) return;
    this.#last = { ...message, toolResults: [...(message.toolResults ?? []), result] };
  }

  #outcome({ status, finishReason, usage, steps, error, output }: FeedEventOf<'turn_end'>): Outcome {
    const value = output === undefined ? {} : { output };
    const ended = status === 'interrupted' ? 'aborted' : status;
    const told = error && new RepriseError(error.code, error.message);
    const stopped =
      ended === 'aborted' ? new RepriseError('ABORTED', 'The process that ran the turn has ended.') : undefined;
    const failure = told ?? stopped;
    return {
      status: ended,
      finishReason: ended === 'aborted' ? 'interrupted' : finishReason,
      ...(this.#last !== undefined && { message: { ...inCallOrder(this.#last), ...value } }),
      ...value,
      ...(failure !== undefined && { error: failure }),
      tokens: usage.total,
      usage,
      steps,
    };
  }
}

type Live = Extract<Chunk['type'], 'tool_progress' | 'answer'>;

/** What is the same in a turn and in a session's events. */
function isChunk(event: { readonly type: string }): event is ChunkOf<Live> {
  return event.type === 'tool_progress' || event.type === 'answer';
}

function inCallOrder(message: Message): Message {
  if (message.toolResults === undefined) return message;
  const order = new Map(message.toolCalls?.map(({ id }, place) => [id, place]));
  const place = ({ id }: ToolResult): number => order.get(id) ?? 0;
  return { ...message, toolResults: message.toolResults.toSorted((a, b) => place(a) - place(b)) };
}
