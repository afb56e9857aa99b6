import type { Access } from './tool.ts';

/**
 * What happens to a call that a person must agree to. `wait`: it is asked, here and from other processes, until somebody answers or the time
 * is up. `deny`: the model is told that nobody is there. `fail`: the turn ends with PERMISSION_DENIED before any call of that step runs.
 */
export type OnAsk = 'wait' | 'deny' | 'fail';

/** `once`: this call. `always`: this exact call (tool, arguments, directory) in this session. The last two are the engine's. */
export type Verdict = 'once' | 'always' | 'deny' | 'expired' | 'cancelled';

/** What a running tool wants to know. */
export interface ToolQuestion {
  readonly text: string;
  readonly choices?: readonly string[];
}

/** What a person is asked: whether a call may run or, with `question`, what its tool wants to know. */
export interface Asked {
  readonly id: string;
  /** The call that waits. */
  readonly call: string;
  readonly tool: string;
  readonly input: unknown;
  readonly access: Access;
  /** Why the policy asks. */
  readonly reason?: string;
  readonly question?: ToolQuestion;
  /** SHA-256 of what is asked about: an answer holds for exactly that. */
  readonly fingerprint: string;
  /** ISO time; unanswered until then, it is denied. */
  readonly expires?: string;
  /** The sub-sessions through which it came, outermost first. `call` is then the one of this session that started them. */
  readonly path?: readonly string[];
}

/** Nobody has answered yet. */
export interface PendingAsk extends Asked {
  readonly at: string;
  readonly turn: string;
}

/** `message` is told to the model with a denial; `text` answers a tool's question. `by`: who answers, for the record. */
export type AskAnswer =
  | { readonly verdict: 'once' | 'always' | 'deny'; readonly message?: string; readonly by?: string }
  | { readonly text: string; readonly by?: string };
