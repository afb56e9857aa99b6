import type { SessionHead } from './storage.ts';

/** A session in its family. */
export interface TreeNode {
  readonly id: string;
  /** Absent of a session that was deleted, or never was in this store. */
  readonly head?: SessionHead;
  /** The session above it, and what it is there: a copy, or a sub-session. Absent at the top. */
  readonly parent?: string;
  readonly kind?: 'fork' | 'spawn';
  /** The last message that a copy took over; of a sub-session, the one whose call began it. */
  readonly message?: string;
  /** There may be more below it than this answer holds: `tree(id, { below: true })` has it. */
  readonly more?: true;
}

/** A family by copies and sub-sessions. */
export interface SessionTree {
  /** The one at the top. */
  readonly root: string;
  /** Level by level, the oldest first; each after the one above it. */
  readonly items: readonly TreeNode[];
}

export interface TreeOptions {
  /** So many sessions at most, beside those between the top and the one asked for. 1 to 1,000; 200 if absent. */
  readonly limit?: number;
  /** Only what lies below the session, with itself at the top. */
  readonly below?: boolean;
}
