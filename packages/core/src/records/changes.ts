import type { ConversationChange } from '../contracts/history.ts';
import type { TurnUsage } from '../contracts/turn.ts';
import type { Unreported } from './types.ts';

export interface EditRecord {
  readonly type: 'edit';
  readonly at: string;
  readonly message: string;
  readonly content?: string;
  readonly important?: boolean;
}

export interface DeleteRecord {
  readonly type: 'delete';
  readonly at: string;
  readonly message: string;
  readonly role: 'user' | 'assistant' | 'system';
  /** The message lay before the last clear, so it was not counted any more. */
  readonly cleared?: boolean;
}

/** Moves the start of the window. Nothing is destroyed. */
export interface BoundaryRecord {
  readonly type: 'boundary';
  readonly at: string;
  readonly reason: 'clear' | 'prune' | 'compact';
  /** First seq in the window. */
  readonly from: number;
  /** Earlier records that stay in the window. */
  readonly keep: readonly number[];
  /** Of a clear: user and assistant messages that are left. */
  readonly messages?: number;
  /** Of a compaction: what the model wrote in place of what left the window, and what that cost. */
  readonly summary?: string;
  readonly usage?: TurnUsage;
  /** Who was asked for a summary, also where none came of it, and what that took if nobody said. */
  readonly model?: string;
  readonly unreported?: Unreported;
}

/** The conversation goes on from before a user's message. What was said from it on is taken back, and so is where the window began since. */
interface RewindRecord {
  readonly type: 'rewind';
  readonly at: string;
  /** The message, and its record. */
  readonly message: string;
  readonly from: number;
  /** User and assistant messages that are left. */
  readonly messages: number;
}

/** What record `of` did, or the exchange that it opened, is taken back. */
interface UndoRecord {
  readonly type: 'undo';
  readonly at: string;
  readonly of: number;
  readonly what: ConversationChange;
  /** `of` is an undo: what it took back is there again. */
  readonly redo?: true;
  /** The message that it is about. */
  readonly message?: string;
  /** User and assistant messages that are left. */
  readonly messages: number;
}

export type TakeBack = RewindRecord | UndoRecord;
