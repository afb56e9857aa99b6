import type { JSONSchema7, LanguageModelV4 } from '@ai-sdk/provider';
import type { ZodType } from 'zod';
import type { Coded } from '../errors.ts';
import type { AskAnswer, OnAsk, PendingAsk } from './ask.ts';
import type { FeedEvent, FollowOptions } from './feed.ts';
import type { Expected, ExportedSession, MessagePage, MessageQuery, Undone } from './history.ts';
import type { Effort } from './model.ts';
import type { Page, Query, SessionHead, SessionState } from './storage.ts';
import type { Tool } from './tool.ts';
import type { SessionTree, TreeOptions } from './tree.ts';
import type { ChunkOf, Message, MessageStream, Turn, TurnUsage } from './turn.ts';
import type { Budget, Limits, SessionUsage } from './usage.ts';

/** The spec's options. Everything but `model` is optional. */
export interface SessionOptions {
  /** A name (`anthropic/claude-sonnet-4-5`, an alias) or any AI SDK language model. */
  readonly model: string | LanguageModelV4;
  /** Names of tools: exactly these, `[]` = none. Omitted = every tool the program was assembled with, under its cautious policy. */
  readonly tools?: readonly string[];
  /** Appears verbatim in the request. Omitted = the assembled prompt source. */
  readonly systemPrompt?: string;
  /** 0 to 1. Sent only where the model takes it. */
  readonly temperature?: number;
  /**
   * How hard the model thinks. A level that it doesn't take is not sent, with a recorded warning. Default: the provider's own. With a budget of
   * thinking (Claude up to 4.5), that budget comes on top of `maxTokens`.
   */
  readonly effort?: Effort;
  /** Output tokens of one response. */
  readonly maxTokens?: number;
  readonly stopSequences?: readonly string[];
  /** Tokens; default: the model's. */
  readonly contextWindow?: number;
  /** `false`: nothing is stored until `save()`. */
  readonly autoSave?: boolean;
  /** Resume this session instead of making one. */
  readonly sessionId?: string;
  /**
   * At resume, what happens to a turn that a crash left open: `interrupt` (the default) ends it at the next write; `continue` carries it on at
   * once, as `session.recovering`.
   */
  readonly recover?: 'interrupt' | 'continue';
  readonly pruneStrategy?: PruneStrategy;
  /** Share of the window at which to prune, 0 to 1; default 0.9. */
  readonly pruneThreshold?: number;
  /** Steps of one turn, its answered model calls; default 50. The turn ends after the last one, as `step-limit`. */
  readonly maxSteps?: number;
  /**
   * Names of models that answer in place of `model`, in this order: once its tries are used up, where it is overloaded or limited for longer
   * than a turn waits, and where the provider doesn't know it. A turn stays with the one it came to; the next turn begins with `model`.
   */
  readonly fallbackModels?: readonly string[];
  /** What turns of the session, and all of them together, may take. The turn that would go over it ends with BUDGET_EXCEEDED. */
  readonly budget?: Budget;
  /** Working directory of the tools. */
  readonly cwd?: string;
  readonly title?: string;
  readonly tags?: readonly string[];
}

export type PruneStrategy = 'sliding-window' | 'summarize' | 'none';

/** The spec's shape of a custom tool. */
export interface CustomTool {
  readonly name: string;
  readonly description: string;
  readonly parameters?: JSONSchema7 | ZodType;
  readonly handler: (params: any, context: { readonly signal: AbortSignal }) => unknown;
}

export interface SessionEvents {
  message: Message;
  tool_call: ChunkOf<'tool_call'>;
  tool_result: ChunkOf<'tool_result'>;
  approval: ChunkOf<'approval'>;
  answer: ChunkOf<'answer'>;
  /** One model call's tokens, with the running total of the session. */
  token_usage: TurnUsage & { readonly session: SessionState['tokenUsage'] };
  error: Coded;
  save: { readonly id: string; readonly seq: number };
  warning: { readonly message: string };
  /** A turn that began by itself: the answer to a message that waited. */
  turn: Turn;
}

/**
 * A file for the model: bytes with what is known of them, a text, or a `Blob` (`File`, `openAsBlob`). The media type is told from the bytes where
 * they say it (images, PDF, sound) and need not be given.
 */
export type AttachmentInput =
  | Blob
  | {
      /** Bytes, a stream of them, base64, or a data URL. */
      readonly data: Uint8Array | AsyncIterable<Uint8Array> | string;
      readonly mediaType?: string;
      readonly name?: string;
    }
  | { readonly text: string; readonly mediaType?: string; readonly name?: string };

/** What is said: a text, or files with or without one. */
export type MessageInput = string | { readonly text?: string; readonly attachments?: readonly AttachmentInput[] };

/** How a message is sent. */
export interface TurnOptions {
  /**
   * What to do while a turn runs, here or in another process. `fail` (the default): SESSION_BUSY where it runs elsewhere; turns of this
   * process are answered in order. `queue`: the message is stored at once and answered in a turn of its own once the session is free. `steer`:
   * it is stored at once and becomes part of the turn that runs, before its next model call; if that turn ends first, it is answered like a
   * queued one. Aborting the handle takes back a message that nobody has taken up.
   */
  readonly busy?: 'fail' | 'queue' | 'steer';
  /**
   * Idempotency key: a message whose key was used before is not sent again, and the handle tells how that one ended (`joined` says which turn).
   * CONFLICT where the texts or the bytes of the files differ; options are not compared. A session remembers the keys of all its messages, also of
   * those that left the window or were taken back. 1 to 100 letters, digits, _ and -.
   */
  readonly key?: string;
  /** How hard the model thinks in this turn, in place of the session's `effort`. */
  readonly effort?: Effort;
  /**
   * The answer as a value of this schema (of type object; zod or JSON schema), as `outcome.output` and `message.output`. An answer that doesn't fit is
   * told to the model, at most twice; then the turn fails with PROVIDER. Tools may be called before. After a crash a zod schema counts as its
   * JSON schema.
   */
  readonly output?: ZodType | JSONSchema7;
  /** Goes on with this model, in this turn and after it: the same as `setModel` before. */
  readonly model?: SessionOptions['model'];
  /** What happens to calls of this turn that a person must agree to; default: as `SessionsConfig` says. */
  readonly onAsk?: OnAsk;
  /** What the turn may take; each limit stands in place of the session's limit for turns. A message that steers takes those of the turn that runs. */
  readonly budget?: Limits;
}

/** What a new session may be given beside its options. */
export interface Making {
  /** Its id; SESSION_EXISTS where that is taken. */
  readonly newSessionId?: string;
  /** A mark of what made it, 1 to 200 characters, for `Session.madeBy`: who asks twice finds that it was done. */
  readonly madeBy?: string;
}

/** What a copy is given; `fromMessage`: the last message that is taken over, all if absent. */
export interface ForkOptions extends Making {
  readonly fromMessage?: string;
}

export interface ImportOptions extends Making {
  readonly newId?: boolean;
  readonly model?: string;
  readonly tags?: readonly string[];
}

export interface Session {
  readonly id: string;
  /** As of the last stored record. */
  readonly state: SessionState;
  /** The summary that lists show, with title, working directory and lineage. */
  readonly head: SessionHead;
  /** The mark that it was made with. */
  readonly madeBy: string | undefined;
  /** The turn that has no end yet, as of the last stored record, and the record that opened it. */
  readonly open: { readonly turn: string; readonly seq: number } | undefined;
  /** The turn that `recover: 'continue'` carries on; later messages wait for it. */
  readonly recovering: Turn | undefined;
  /** Starts a turn at once; await it, iterate it, or listen to it. */
  message<O>(
    input: MessageInput,
    options: TurnOptions & { readonly output: ZodType<O> },
  ): MessageStream<Message & { readonly output: O }>;
  message(input: MessageInput, options?: TurnOptions): MessageStream;
  /** The same, not thenable. */
  turn(input: MessageInput, options?: TurnOptions): Turn;
  /** Ends the turns that run on this session, also in another process. Resolves once nothing runs; TIMEOUT where that process doesn't answer. */
  abort(reason?: string): Promise<void>;
  /** Whether a message was stored under this idempotency key, however long ago. The log is read only where that may be so. */
  knows(key: string): Promise<boolean>;
  /**
   * Takes back a message that waits under this key, wherever it was sent. Resolves once that is stored: nobody answers it any more. CONFLICT
   * where it was taken up already.
   */
  withdraw(key: string): Promise<void>;
  /** What people are asked and have not answered, oldest first; also where the turn runs, or was killed, in another process. */
  approvals(): Promise<readonly PendingAsk[]>;
  /**
   * Answers one of them. Resolves once the answer is stored: in the log, or durably in the inbox of the process that waits. The first answer
   * counts: CONFLICT where there is one or the time is up. INVALID_INPUT for what nobody asked.
   */
  answer(ask: string, answer: AskAnswer): Promise<void>;
  on<K extends keyof SessionEvents>(event: K, listener: (value: SessionEvents[K]) => void): this;
  once<K extends keyof SessionEvents>(event: K, listener: (value: SessionEvents[K]) => void): this;
  off<K extends keyof SessionEvents>(event: K, listener: (value: SessionEvents[K]) => void): this;
  /** Offers the tool from the next model call on. INVALID_INPUT for a bad or taken name. */
  registerTool(tool: CustomTool | Tool): this;
  /**
   * Goes on with another model, of any provider, from the next turn on; turns that were asked for before keep theirs. Resolves once it is
   * recorded. MODEL_NOT_FOUND.
   */
  setModel(model: SessionOptions['model']): Promise<void>;
  /** What model calls took so far: of this session, of its sub-sessions, and of all that hang on its root. */
  usage(): Promise<SessionUsage>;
  /** Tokens that the next request would take, about. */
  getContextUsage(): { readonly current: number; readonly max: number };
  /** What follows the last clear; `all`: everything, also what was taken back. */
  getMessages(options?: { readonly all?: boolean }): Promise<Message[]>;
  /**
   * The bytes of a file that a message or a tool's result names. INVALID_INPUT where none does; STORAGE_FAILED or STORAGE_DAMAGED where they
   * are gone.
   */
  attachment(sha256: string): Promise<Uint8Array>;
  editMessage(
    id: string,
    change: { readonly content?: string; readonly important?: boolean },
    options?: Expected,
  ): Promise<Message>;
  deleteMessage(id: string, options?: Expected): Promise<void>;
  pruneContext(
    options?: {
      readonly keepLast?: number;
      readonly keepSystem?: boolean;
      readonly keepImportant?: boolean;
    } & Expected,
  ): Promise<void>;
  clearHistory(options?: { readonly keepLast?: number } & Expected): Promise<void>;
  /**
   * The conversation goes on from before this message of the user: what was said from it on is taken back, and the window is again what it was
   * then. Edits and deletions of earlier messages stay. `getMessages({ all: true })` shows what was taken back, and `fork({ fromMessage })` goes on
   * with it. Files that tools wrote stay as they are. Resolves to the message, so that it can be sent again in other words.
   */
  rewind(message: string, options?: Expected): Promise<Message>;
  /**
   * Takes back what was last done to the conversation: an exchange, an edit, a deletion, a prune, a clear or a rewind. `undefined` where there is
   * nothing left. Files that tools wrote stay as they are.
   */
  undo(options?: Expected): Promise<Undone | undefined>;
  /** Takes the last undo back, until something new is done. `undefined` where there is none. */
  redo(options?: Expected): Promise<Undone | undefined>;
  /** Records other options at once: title, tags, model, tools, settings. What they are now changes nothing. */
  update(
    change: Partial<Omit<SessionOptions, 'sessionId' | 'autoSave' | 'recover'>>,
    options?: Expected,
  ): Promise<void>;
  fork(options?: ForkOptions): Promise<Session>;
  save(): Promise<void>;
  /** Text that looks like a key is replaced by as many stars, unless `redact: false`. What only a provider reads (signatures, results of what it ran) stays. */
  export(options?: { readonly redact?: boolean }): Promise<ExportedSession>;
}

/** What the spec calls `Session`: the doors to sessions in one store. */
export interface Sessions {
  create(options: SessionOptions & Making): Promise<Session>;
  /** Continues a session and settles what a crash left open at its next write. SESSION_NOT_FOUND. */
  resume(id: string, options?: Partial<Omit<SessionOptions, 'sessionId'>>): Promise<Session>;
  /** The same without settling an open turn. */
  load(id: string): Promise<Session>;
  /** All sessions, newest first; sub-sessions only with `where.parent` or `where.spawned`. */
  list(query?: Omit<Query, 'cursor' | 'limit'>): Promise<SessionHead[]>;
  page(query?: Query): Promise<Page<SessionHead>>;
  info(id: string): Promise<SessionHead>;
  /** Whether a turn runs on it, or is about to, in this process. */
  isRunning(id: string): boolean;
  /** Reads without a lease and without writing; gives what loads, also what was taken back, with the damage found. */
  show(id: string): Promise<{
    readonly head: SessionHead;
    readonly messages: readonly Message[];
    readonly error?: Coded;
  }>;
  /** A page of messages, without opening the session. SESSION_NOT_FOUND. */
  messages(id: string, query?: MessageQuery): Promise<MessagePage>;
  /**
   * What happens on a session, from a position on: stored records as events, then the step in flight as it comes, also where another process
   * works on it. Ends with `signal` only. Nobody waits for a slow reader: who is far behind gets a `reset` and goes on with what is stored. A
   * reader that comes back with the position of its last event misses and repeats no record. SESSION_NOT_FOUND, also once the session
   * is deleted; CONFLICT for a position that the session has not reached.
   */
  follow(id: string, options?: FollowOptions): AsyncIterable<FeedEvent>;
  /** What people are asked in a session, read without a lease. */
  approvals(id: string): Promise<readonly PendingAsk[]>;
  /** The usage ledger; reads without a lease and without writing. */
  usage(id: string): Promise<SessionUsage>;
  /**
   * The family of a session by copies and sub-sessions, from the one at the top, also where some between are deleted. No history is read.
   */
  tree(id: string, options?: TreeOptions): Promise<SessionTree>;
  /**
   * The ids of sessions with a turn that has not ended: it runs somewhere, or a crash left it open. Looks at every session, without a lease: for
   * programs that serve many, at their start.
   */
  unfinished(): AsyncIterable<string>;
  /** For good, with its sub-sessions. A turn that runs on it here is aborted; with `expected` it is SESSION_BUSY, and CONFLICT where the session was changed. */
  delete(id: string, options?: Expected): Promise<void>;
  deleteAll(): Promise<void>;
  /** SESSION_EXISTS where the id is taken, unless `newId`. `newSessionId` and `tags` stand in place of those in the data. `model`: the name to go on with, in place of what the data name. */
  import(data: unknown, options?: ImportOptions): Promise<Session>;
  /** Ends running turns as aborted, gives leases back, closes the store. */
  close(): Promise<void>;
}
