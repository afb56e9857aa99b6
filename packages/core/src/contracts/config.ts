import type { OnAsk } from './ask.ts';
import type { Hooks } from './hooks.ts';
import type { ModelResolver } from './model.ts';
import type { PromptSource } from './prompt.ts';
import type { Clock } from './clock.ts';
import type { Owner, SessionStorage } from './storage.ts';
import type { Asker, PermissionPolicy, Tool } from './tool.ts';

/** How failed model calls are tried again. Times in milliseconds. */
export interface RetryPolicy {
  /** Tries of one model call in all, for each model; default 5. */
  readonly attempts: number;
  /** The longest wait that a turn sits out; a longer one ends it with `retryAt`. Default 60,000. */
  readonly longestWaitMs: number;
  /** All waits of one model call together, for each model; default 180,000. */
  readonly budgetMs: number;
  /** The step of the first jittered wait, which then doubles; default 1000. */
  readonly baseMs: number;
  /** The turn waits until the time that the provider names, however far away: for servers and workers. Default false. */
  readonly park: boolean;
}

/** How many sub-sessions tools may begin. One too many is BUDGET_EXCEEDED for the tool that asks. */
export interface SpawnLimits {
  /** Sub-sessions of sub-sessions; 1 = none of these. Default 3. */
  readonly depth: number;
  /** By one turn, in all; default 32. */
  readonly perTurn: number;
  /** At a time, under one turn that is no sub-session's; default 8. */
  readonly atOnce: number;
}

export interface SessionsConfig {
  readonly storage: SessionStorage;
  readonly models: ModelResolver;
  /** Tools that `SessionOptions.tools` may name. */
  readonly tools?: readonly Tool[];
  readonly prompt?: PromptSource;
  /** Absent = every call is allowed. */
  readonly permissions?: PermissionPolicy;
  readonly ask?: Asker;
  /** What happens to calls that a person must agree to. Default: `wait` with `ask`, else `deny`. */
  readonly onAsk?: OnAsk;
  /** Milliseconds after which a question that nobody answered is denied; default 3,600,000. */
  readonly askTimeoutMs?: number;
  readonly hooks?: Hooks;
  /** Default working directory of new sessions. */
  readonly cwd?: string;
  readonly platform?: string;
  readonly owner?: Owner;
  readonly clock?: Clock;
  /** Fresh ids: `session` must satisfy SESSION_ID, the rest is unique within a session. */
  readonly ids?: (kind: 'session' | 'message' | 'turn' | 'call' | 'ask') => string;
  /**
   * Milliseconds that a lease is kept after `create` for the message that is about to follow; 0 if absent, at most 1,000. For
   * programs that make a session, send one message and end.
   */
  readonly linger?: number;
  readonly retry?: Partial<RetryPolicy>;
  readonly spawn?: Partial<SpawnLimits>;
  /**
   * Milliseconds without a part of an answer, and the model call has failed with TIMEOUT; default 300,000, for some models think in silence.
   * Keep-alives are no part. Silence of the connection itself is the transport's to notice (`nodeFetch` of `@reprise/providers`: 120 s).
   */
  readonly idleMs?: number;
  /** Milliseconds that a tool call may take, where its tool says nothing else; then it is told to stop. Default 900,000. */
  readonly callMs?: number;
  /** A number in [0, 1), for retry jitter. */
  readonly random?: () => number;
  /** Errors that have no other reader (a listener that threw, a lease that could not be given back). Default: `console.error`. */
  readonly report?: (error: unknown) => void;
}
