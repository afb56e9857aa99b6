import type { JSONValue, SharedV4ProviderMetadata } from '@ai-sdk/provider';
import type { Effort } from '../contracts/model.ts';
import type { PromptBlock } from '../contracts/prompt.ts';
import type { PruneStrategy } from '../contracts/session.ts';
import type { FinishReason, ToolCall, TurnUsage } from '../contracts/turn.ts';
import type { Budget, Limits } from '../contracts/usage.ts';
import type { ErrorCode } from '../errors.ts';
import type { AnswerRecord, AskRecord, StartRecord } from './asks.ts';
import type { BoundaryRecord, DeleteRecord, EditRecord, TakeBack } from './changes.ts';
import type { FileLostRecord, StoredFile } from './files.ts';
import type {
  AttemptRecord,
  Repair,
  RepairRecord,
  ReserveRecord,
  SpawnRecord,
  Spent,
  SpentRecord,
  Unreported,
} from './model-calls.ts';
import type { VerdictRecord } from './verdict.ts';

export type { AnswerRecord, AskRecord, StartRecord };
export type { AttemptRecord, Repair, RepairRecord, ReserveRecord, SpawnRecord, Spent, SpentRecord, Unreported };
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

/** What a session is made with. Later records change it. */
export interface Begun {
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
  /** A mark of what made it. */
  readonly madeBy?: string;
}

/** Always the first record. */
export interface SessionRecord extends Begun {
  readonly type: 'session';
  readonly format: number;
  readonly at: string;
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

/** A turn that a crash left open goes on; the time since its last record was not its. */
export interface CarryOnRecord {
  readonly type: 'carry-on';
  readonly at: string;
  readonly turn: string;
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
