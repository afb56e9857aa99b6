import type { ModelResolver } from '../contracts/model.ts';
import type { RetryPolicy } from '../contracts/config.ts';
import type { Asker, PermissionPolicy, Tool } from '../contracts/tool.ts';
import type { PlayOptions } from './model.ts';

export interface ReplayOptions extends Pick<PlayOptions, 'match'> {
  /** Run these in place of giving the recorded results. */
  readonly tools?: readonly Tool[];
  /** Of these tools. */
  readonly permissions?: PermissionPolicy;
  readonly ask?: Asker;
  /** Whoever recorded with another policy says so. */
  readonly retry?: Partial<RetryPolicy>;
  /** Knows models of which the cassette doesn't tell the limits. */
  readonly models?: ModelResolver;
}

/** What came of playing a cassette again. */
export interface Replay {
  /** Turns that were played. */
  readonly turns: number;
  /** Turns that could not be. */
  readonly skipped: readonly { readonly session: string; readonly turn: number; readonly why: string }[];
  /** The first thing that was not as recorded; nothing after it was played. */
  readonly difference?: ReplayDifference;
}

export interface ReplayDifference {
  readonly session: string;
  /** From 1, in the session. */
  readonly turn: number;
  /** The record that differs, or the request that did. */
  readonly in: { readonly seq: number } | 'request';
  readonly path: string;
  readonly recorded: unknown;
  readonly found: unknown;
  /** All of it in a sentence. */
  readonly text: string;
}
