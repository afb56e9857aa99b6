import type { JSONValue, SharedV4ProviderMetadata } from '@ai-sdk/provider';
import type { Effort, ModelInfo } from '../contracts/model.ts';
import type { PromptBlock } from '../contracts/prompt.ts';
import type { ToolQuestion, Verdict } from '../contracts/ask.ts';
import type { PruneStrategy } from '../contracts/session.ts';
import type { Access } from '../contracts/tool.ts';
import type { FinishReason, ToolCall, TurnUsage } from '../contracts/turn.ts';
import type { Budget, Limits, UsageByModel } from '../contracts/usage.ts';
import type { ErrorCode } from '../errors.ts';
import type { BoundaryRecord, DeleteRecord, EditRecord, TakeBack } from './changes.ts';
import type { FileLostRecord, StoredFile } from './files.ts';
import type { VerdictRecord } from './verdict.ts';

export type { BoundaryRecord, DeleteRecord, EditRecord, FileLostRecord, StoredFile, TakeBack };

/** The record format that this code writes. A log that names a newer one is refused. */
export const FORMAT = 1;

/** What may change from turn to turn without changing the history. */
export interface Settings {
  readonly temperature?: number;
  readonly effort?: Effort;
  readonly maxTokens?: number;
  readonly stopSequences?: readonly string[];
  readonly contextWindow?: number;
  readonly pruneStrategy?: PruneStrategy;
  readonly pruneThreshold?: number;
  readonly maxSteps?: number;
  readonly fallbackModels?: readonly string[];
  readonly budget?: Budget;
}

export interface ModelName {
  readonly requested: string;
  readonly name: string;
}

/** Where a session came from. */
export interface Lineage {
  readonly id: string;
  readonly seq: number;
  /** A sub-session, which a tool of the other one began; absent: a copy. */
  readonly kind?: 'spawn';
}

/** What a call took whose provider didn't say: about so many tokens, and USD where the price is known. */
export interface Unreported {
  readonly input: number;
  readonly output: number;
  readonly cost?: number;
}

/** What one model call took that left no step. */
export interface Spent {
  readonly model: string;
  readonly usage?: TurnUsage;
  readonly unreported?: Unreported;
}

/** Always the first record. */
export interface SessionRecord {
  readonly type: 'session';
  readonly format: number;
  readonly at: string;
  readonly model: ModelName;
  readonly system: readonly PromptBlock[];
  readonly tools: readonly string[];
  /** The tools were named by the caller, who thereby allowed them. */
  readonly named: boolean;
  readonly settings: Settings;
  readonly title?: string;
  readonly cwd?: string;
  readonly tags?: readonly string[];
  readonly parent?: Lineage;
  readonly madeBy?: string;
}

/** A user's message; `turn` is the turn that it opens, or steers if that is open already. Imports may hold system messages and messages without a turn. */
export interface MessageRecord {
  readonly type: 'message';
  readonly id: string;
  readonly role: 'user' | 'system';
  readonly content: string;
  readonly timestamp: string;
  readonly turn?: string;
  /** The idempotency key under which it waited in the inbox. */
  readonly key?: string;
  readonly attachments?: readonly StoredFile[];
  /** JSON schema of the value that the turn is to give. */
  readonly output?: JSONValue;
  /** Ours: tells the model that its answer does not fit. */
  readonly correction?: true;
  /** Of the turn that it opens, in place of the session's. */
  readonly effort?: Effort;
  /** Of the turn that it opens. */
  readonly budget?: Limits;
  readonly important?: boolean;
}

/** One model response, whole or cut short. */
export interface StepRecord {
  readonly type: 'step';
  readonly id: string;
  readonly role: 'assistant';
  /** Every text part, joined. */
  readonly content: string;
  readonly timestamp: string;
  readonly turn?: string;
  readonly toolCalls?: readonly ToolCall[];
  /** The response part by part where `content` and `toolCalls` don't say it all. */
  readonly parts?: readonly Part[];
  /** Calls that must not run, with the reason that the model is told. */
  readonly refused?: Readonly<Record<string, string>>;
  readonly finishReason: FinishReason;
  readonly rawFinishReason?: string;
  readonly usage?: TurnUsage;
  readonly unreported?: Unreported;
  /** Who wrote it; signatures go back only to the same provider. */
  readonly model?: string;
  readonly provider?: string;
  readonly important?: boolean;
}

/** Provider metadata, kept as it came, so that it goes back byte for byte. */
export type Meta = SharedV4ProviderMetadata;

export type Part =
  /** The next `length` UTF-16 units of `content`. */
  | { readonly type: 'text'; readonly length: number; readonly meta?: Meta }
  | { readonly type: 'reasoning'; readonly text: string; readonly meta?: Meta }
  /** A call in `toolCalls`. */
  | { readonly type: 'tool-call'; readonly id: string; readonly meta?: Meta }
  /** A call that the provider runs itself, and its result. */
  | {
      readonly type: 'provider-call';
      readonly id: string;
      readonly tool: string;
      readonly input: JSONValue;
      readonly meta?: Meta;
    }
  | {
      readonly type: 'provider-result';
      readonly id: string;
      readonly tool: string;
      readonly result: JSONValue;
      readonly isError?: boolean;
      readonly meta?: Meta;
    }
  /** Anything else the stream carried (source, file, custom, …), as it came. */
  | { readonly type: 'other'; readonly part: JSONValue };

/** What a call gave, in the order of completion. Call order is the step's. */
export interface ResultRecord {
  readonly type: 'result';
  readonly at: string;
  readonly turn: string;
  readonly call: string;
  readonly tool: string;
  readonly result: JSONValue;
  readonly error?: string;
  /** What the model is shown where it isn't `result` or `error`. */
  readonly shown?: string;
  /** What it is shown beside that. */
  readonly attachments?: readonly StoredFile[];
}

/** A person is asked: whether a call of the newest step may run or, with `question`, what its tool wants to know. */
export interface AskRecord {
  readonly type: 'ask';
  readonly at: string;
  readonly turn: string;
  readonly id: string;
  readonly call: string;
  readonly tool: string;
  readonly access: Access;
  readonly reason?: string;
  readonly question?: ToolQuestion;
  readonly fingerprint: string;
  readonly expires?: string;
  /** The sub-sessions through which it came; then `input` is here, for the call with it is in their log. */
  readonly path?: readonly string[];
  readonly input?: JSONValue;
}

/** The one answer to an ask. */
export interface AnswerRecord {
  readonly type: 'answer';
  readonly at: string;
  readonly ask: string;
  readonly verdict: Verdict;
  readonly message?: string;
  /** To a question. */
  readonly text?: string;
  readonly by: string;
  /** The inbox entry that it came in. */
  readonly key?: string;
}

/** A call begins to run. Recorded in steps that somebody was asked about: there, a call without it never ran. */
export interface StartRecord {
  readonly type: 'start';
  readonly at: string;
  readonly turn: string;
  readonly call: string;
}

/** A model call that failed and is tried again: what it showed is void. */
export interface AttemptRecord {
  readonly type: 'attempt';
  readonly at: string;
  readonly turn: string;
  /** The attempt that starts now; the first call was attempt 1. */
  readonly attempt: number;
  readonly code: ErrorCode;
  readonly message: string;
  readonly waitMs: number;
  /** The turn is parked until then, also by the next owner. */
  readonly until?: string;
  /** The model that is asked from now on, in place of the one that failed. */
  readonly model?: ModelName;
  /** What the call that failed took. */
  readonly spent?: Spent;
}

/** A model call is about to be made, and what it may take; written where calls, tokens or cost have a limit, for the case of a crash. */
export interface ReserveRecord {
  readonly type: 'reserve';
  readonly at: string;
  readonly turn: string;
  readonly model: string;
  /** Tokens, about. */
  readonly input: number;
  /** Tokens at most. */
  readonly output: number;
  readonly price?: NonNullable<ModelInfo['price']>;
}

/** A turn that a crash left open goes on; the time since its last record was not its. */
export interface CarryOnRecord {
  readonly type: 'carry-on';
  readonly at: string;
  readonly turn: string;
}

/** A call is about to begin a sub-session. */
export interface SpawnRecord {
  readonly type: 'spawn';
  readonly at: string;
  readonly turn: string;
  readonly call: string;
  readonly session: string;
}

/** What a sub-session took so far in all, with its own sub-sessions. */
export interface SpentRecord {
  readonly type: 'spent';
  readonly at: string;
  readonly turn: string;
  readonly session: string;
  readonly models: UsageByModel['models'];
  /** It has ended. */
  readonly end?: true;
}

/** What requests leave out of what came before, because the provider refused it. Nothing of the log is lost. */
export interface Repair {
  /** Up to this seq: reasoning, signatures, and whatever else only the provider can read. */
  readonly reasoning: number;
  /** Up to this seq: what tools gave. */
  readonly results?: number;
  /** From one seq to another: attachments. */
  readonly attachments?: readonly [number, number];
  /** What lies before this seq, but for what is kept. */
  readonly from?: number;
  readonly keep?: readonly number[];
}

/** A refused request is sent again with less in it; without `repair`: that didn't help, and all of it is back. */
export interface RepairRecord {
  readonly type: 'repair';
  readonly at: string;
  readonly turn: string;
  readonly reason: string;
  readonly repair?: Repair;
}

/** The one terminal record of a turn. */
export interface TurnEndRecord {
  readonly type: 'turn-end';
  readonly at: string;
  readonly turn: string;
  readonly status: 'done' | 'aborted' | 'failed' | 'step-limit' | 'interrupted';
  readonly finishReason: FinishReason;
  readonly usage: TurnUsage;
  readonly steps: number;
  /** The value that was asked for, as JSON. */
  readonly output?: JSONValue;
  readonly error?: { readonly code: ErrorCode; readonly message: string };
  /** What the last model call took, if it failed and left no step. */
  readonly spent?: Spent;
}

/** Whatever the session was told to change, and why the request's prefix broke. */
export interface ChangeRecord {
  readonly type: 'change';
  readonly at: string;
  readonly reason: string;
  readonly model?: ModelName;
  readonly system?: readonly PromptBlock[];
  readonly tools?: readonly string[];
  readonly named?: boolean;
  readonly settings?: Settings;
  readonly title?: string;
  readonly cwd?: string;
  readonly tags?: readonly string[];
}

/** From here on the log is another session's: a fork or an import. */
export interface ForkRecord {
  readonly type: 'fork';
  readonly at: string;
  readonly parent: Lineage;
  readonly madeBy?: string;
}

export interface WarningRecord {
  readonly type: 'warning';
  readonly at: string;
  readonly message: string;
}

/** The folded state, without bodies. A fold may start here. */
export interface CheckpointRecord {
  readonly type: 'checkpoint';
  readonly at: string;
  /** What a state held when it was written; a fold doesn't start at one that holds less than this code folds. */
  readonly version?: number;
  readonly state: unknown;
}

export type Rec =
  | SessionRecord
  | MessageRecord
  | StepRecord
  | ResultRecord
  | AskRecord
  | AnswerRecord
  | StartRecord
  | VerdictRecord
  | AttemptRecord
  | ReserveRecord
  | CarryOnRecord
  | SpawnRecord
  | SpentRecord
  | RepairRecord
  | TurnEndRecord
  | EditRecord
  | DeleteRecord
  | BoundaryRecord
  | TakeBack
  | ChangeRecord
  | ForkRecord
  | WarningRecord
  | FileLostRecord
  | CheckpointRecord;

export type BodyRecord = MessageRecord | StepRecord | ResultRecord;
