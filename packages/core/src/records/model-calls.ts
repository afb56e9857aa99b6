import type { ModelInfo } from '../contracts/model.ts';
import type { TurnUsage } from '../contracts/turn.ts';
import type { UsageByModel } from '../contracts/usage.ts';
import type { ErrorCode } from '../errors.ts';
import type { ModelName } from './types.ts';

/** What a call took beside what its provider counted of it: about so many tokens, and USD where the price is known. */
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
