import type { ErrorCode } from '../errors.ts';
import type { Asked, Verdict } from './ask.ts';
import type { ConversationChange } from './history.ts';
import type { SessionOptions } from './session.ts';
import type { At, FinishReason, Message, TurnUsage } from './turn.ts';

/** What may be changed of a session from turn to turn. */
export type FollowedSettings = Pick<
  SessionOptions,
  | 'temperature'
  | 'effort'
  | 'maxTokens'
  | 'stopSequences'
  | 'contextWindow'
  | 'pruneStrategy'
  | 'pruneThreshold'
  | 'maxSteps'
  | 'fallbackModels'
>;

/** What is stored of a session, as others see it: each record is one event, in the order of the log. `time` is ISO 8601. */
export interface StoredEvents {
  /** The session begins. */
  session: {
    readonly time: string;
    readonly model: string;
    readonly tools: readonly string[];
    readonly title?: string;
    readonly cwd?: string;
    readonly tags?: readonly string[];
  };
  /**
   * A message of the user (a `turn` that is new begins, one that runs is steered), or what one model call gave, with its calls. It replaces the
   * text of the step that was shown: that text is whole now.
   */
  message: {
    readonly message: Message;
    readonly turn?: string;
    /** The idempotency key that it was sent with. */
    readonly key?: string;
  };
  tool_result: {
    readonly time: string;
    readonly turn: string;
    readonly call: string;
    readonly tool: string;
    readonly result: any;
    readonly error?: string;
  };
  /** A person is asked; the call with its arguments is in the message before, unless `path` says that it is a sub-session's: then `input` is here. */
  approval: Omit<Asked, 'input'> & { readonly time: string; readonly turn: string; readonly input?: unknown };
  /** The one answer. */
  answer: {
    readonly time: string;
    readonly id: string;
    readonly verdict: Verdict;
    readonly message?: string;
    readonly by: string;
  };
  /** A call begins a sub-session, which has events of its own. Its result ends that. */
  spawn: { readonly time: string; readonly turn: string; readonly call: string; readonly session: string };
  /** The one end of a turn. `interrupted`: its process ended before it. */
  turn_end: {
    readonly time: string;
    readonly turn: string;
    readonly status: 'done' | 'aborted' | 'failed' | 'step-limit' | 'interrupted';
    readonly finishReason: FinishReason;
    readonly usage: TurnUsage;
    readonly steps: number;
    /** The value that was asked for, as JSON. */
    readonly output?: unknown;
    readonly error?: { readonly code: ErrorCode; readonly message: string };
  };
  /** Another text or mark of a message. */
  edit: { readonly time: string; readonly message: string; readonly content?: string; readonly important?: boolean };
  delete: { readonly time: string; readonly message: string };
  /** What is sent to the model begins at record `from` now, with a summary of what came before if one was made. */
  boundary: {
    readonly time: string;
    readonly reason: 'clear' | 'prune' | 'compact';
    readonly from: number;
    readonly summary?: string;
  };
  /** Everything that was said from record `from` on is taken back; the conversation goes on from before it. */
  rewind: { readonly time: string; readonly message: string; readonly from: number };
  /** What record `of` did is taken back, or is there again (`redo`). What was there before is in no event: read the messages anew. */
  undo: {
    readonly time: string;
    readonly of: number;
    readonly what: ConversationChange;
    readonly redo?: true;
    readonly message?: string;
  };
  change: {
    readonly time: string;
    readonly reason: string;
    readonly model?: string;
    readonly tools?: readonly string[];
    readonly settings?: FollowedSettings;
    readonly title?: string;
    readonly cwd?: string;
    readonly tags?: readonly string[];
  };
  /** The log up to here is another session's. */
  fork: { readonly time: string; readonly parent: { readonly id: string; readonly seq: number } };
  warning: { readonly time: string; readonly message: string };
}

/** What is not stored, or not yet. */
export interface LiveEvents {
  text: { readonly content: string };
  reasoning: { readonly content: string };
  tool_progress: { readonly id: string; readonly text?: string; readonly data?: unknown };
  /**
   * Take the shown text of the current step back to `offset` characters (`at.reasoning` of its reasoning). `retry`: the model is asked again.
   * `crash`: what came after `offset` was lost with its process. `lagged`: the reader was too slow, and the whole message follows.
   */
  reset: {
    readonly offset: number;
    readonly reason: 'retry' | 'crash' | 'lagged';
    readonly code?: ErrorCode;
    readonly waitMs?: number;
    readonly model?: string;
  };
}

export type FeedEvents = StoredEvents & LiveEvents;
/** `at` is where to go on after this event. */
export type FeedEventOf<K extends keyof FeedEvents> = { readonly type: K; readonly at: At } & FeedEvents[K];
export type FeedEvent = { [K in keyof FeedEvents]: FeedEventOf<K> }[keyof FeedEvents];

export interface FollowOptions {
  /** The position of the last event that was seen, or the number of a record; from the beginning if absent. */
  readonly after?: At | number;
  /** Ends the iteration. */
  readonly signal?: AbortSignal;
}
