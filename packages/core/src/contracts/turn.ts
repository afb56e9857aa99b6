import type { Coded, ErrorCode } from '../errors.ts';
import type { Asked, Verdict } from './ask.ts';
import type { Session } from './session.ts';

/** A file on a message or on what a tool gave. `session.attachment(sha256)` gives its bytes. */
export interface Attachment {
  readonly sha256: string;
  readonly mediaType: string;
  /** Bytes. */
  readonly size: number;
  readonly name?: string;
}

/**
 * The spec's `Message`, with an id. There is no role `tool`: results hang on the assistant message that called. The lists are copies
 * (the spec's types let a reader change them).
 */
export interface Message {
  readonly id: string;
  readonly role: 'user' | 'assistant' | 'system';
  readonly content: string;
  readonly timestamp: string;
  readonly tokens?: number;
  readonly toolCalls?: ToolCall[];
  /** In call order; `id` is that of the call. */
  readonly toolResults?: ToolResult[];
  /** Of an assistant message. */
  readonly finishReason?: FinishReason;
  readonly usage?: TurnUsage;
  readonly important?: boolean;
  readonly attachments?: Attachment[];
  /** What the turn was asked for as a value (`TurnOptions.output`); on the message that an outcome holds. */
  readonly output?: unknown;
  /** A rewind or an undo took it back; only `all` shows it. */
  readonly takenBack?: true;
}

export interface ToolCall {
  readonly id: string;
  readonly tool: string;
  readonly params: Record<string, any>;
}

export interface ToolResult {
  readonly id: string;
  readonly result: any;
  /** The thrown text, or why it did not run. */
  readonly error?: string;
  readonly attachments?: Attachment[];
}

export type FinishReason = 'stop' | 'length' | 'tool-calls' | 'content-filter' | 'error' | 'interrupted' | 'other';

/** Tokens; 0 where the provider reports none, never an estimate. */
export interface TurnUsage {
  /** With cached. */
  readonly input: number;
  /** With reasoning. */
  readonly output: number;
  readonly cached: number;
  /** Input that was written to the provider's cache, where it says so. */
  readonly cacheWrite?: number;
  readonly reasoning: number;
  readonly total: number;
  /** USD, by the price that the model had when it was called; absent where that isn't known. */
  readonly cost?: number;
}

/** Where to resume: the last stored record, the attempt, and the characters of the current step shown so far. */
export interface At {
  readonly seq: number;
  readonly attempt: number;
  /** Of text. */
  readonly offset: number;
  /** Of reasoning, where it is followed; 0 if absent. */
  readonly reasoning?: number;
}

export interface Chunks {
  text: { readonly content: string };
  reasoning: { readonly content: string };
  tool_call: { readonly id: string; readonly tool: string; readonly params: Record<string, any> };
  tool_progress: { readonly id: string; readonly text?: string; readonly data?: unknown };
  tool_result: { readonly id: string; readonly tool: string; readonly result: any; readonly error?: string };
  /** Somebody is asked whether a call may run, or what its tool wants to know. `session.answer(id, …)` answers. */
  approval: Asked;
  /** What came of it. */
  answer: {
    readonly id: string;
    readonly call: string;
    readonly verdict: Verdict;
    readonly message?: string;
    readonly by: string;
  };
  /** Take shown text back to `offset` characters of the current step. */
  reset: {
    readonly offset: number;
    readonly reason: 'retry' | 'crash' | 'lagged';
    /** Of the try that failed. */
    readonly code?: ErrorCode;
    readonly waitMs?: number;
    /** Asked from now on, where it is another one. */
    readonly model?: string;
  };
}

export type ChunkOf<K extends keyof Chunks> = { readonly type: K; readonly at: At } & Chunks[K];
export type Chunk = { [K in keyof Chunks]: ChunkOf<K> }[keyof Chunks];

/** How a turn ended. `end` listeners get it too. */
export interface Outcome {
  readonly status: 'done' | 'aborted' | 'failed' | 'step-limit';
  readonly finishReason: FinishReason;
  /** The last assistant message, also when it was cut short. */
  readonly message?: Message;
  /** The value that was asked for with `TurnOptions.output`, as its schema gives it. */
  readonly output?: unknown;
  readonly error?: Coded;
  /** `usage.total`. */
  readonly tokens: number;
  /** Summed over the turn's model calls. */
  readonly usage: TurnUsage;
  readonly steps: number;
}

export type TurnEvents = { [K in keyof Chunks]: ChunkOf<K> } & {
  /** The session is busy; the message is stored under `key` and waits. */
  queued: { readonly key: string };
  /** The message is part of that turn, which is not this handle's; `seq` is its record. */
  joined: { readonly turn: string; readonly seq: number };
  start: { readonly turn: string; readonly session: string };
  /** A call begins a sub-session, whose turn hangs on this one. Before anything of it happens; only in the process that runs it. */
  spawn: { readonly call: string; readonly turn: Turn; readonly session: Session };
  end: Outcome;
  error: Coded;
};

/** Not thenable, so it may be returned from and passed through async code. `session.turn(input)` gives it; the apps use it. */
export interface Turn {
  readonly id: string;
  /** Each iterator starts at the beginning (a late one gets adjacent text joined); `break` detaches and the turn goes on; a failure is thrown after the last chunk. */
  [Symbol.asyncIterator](): AsyncIterator<Chunk>;
  /** First event after the caller's synchronous code; late listeners get later events only; a throwing listener is reported, never fatal; `error` needs no listener. */
  on<K extends keyof TurnEvents>(event: K, listener: (value: TurnEvents[K]) => void): this;
  once<K extends keyof TurnEvents>(event: K, listener: (value: TurnEvents[K]) => void): this;
  off<K extends keyof TurnEvents>(event: K, listener: (value: TurnEvents[K]) => void): this;
  /** Never rejects. */
  outcome(): Promise<Outcome>;
  /** Resolves once the terminal record is stored. */
  abort(reason?: string): Promise<Outcome>;
}

/**
 * `session.message(input)`: a Turn that can be awaited, and given where a `Promise<Message>` is wanted. `then` makes its promise when called, so an
 * unread failure rejects nothing.
 */
export interface MessageStream<M extends Message = Message> extends Turn {
  readonly [Symbol.toStringTag]: string;
  then<A = M, B = never>(
    onFulfilled?: ((message: M) => A | PromiseLike<A>) | null,
    onRejected?: ((error: any) => B | PromiseLike<B>) | null,
  ): Promise<A | B>;
  catch<R = never>(onRejected?: ((error: any) => R | PromiseLike<R>) | null): Promise<M | R>;
  finally(done?: (() => void) | null): Promise<M>;
}
