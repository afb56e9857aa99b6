import type { JSONSchema7, LanguageModelV4 } from '@ai-sdk/provider';
import type { ZodType } from 'zod';
import type { Asked, ToolQuestion } from './ask.ts';
import type { Turn } from './turn.ts';
import type { Limits } from './usage.ts';

/** Something a model can call. `defineTool` keeps the input's type. */
export interface Tool<I = any, O = unknown> {
  /** `^[a-zA-Z_][a-zA-Z0-9_-]{0,63}$`, what every provider takes. */
  readonly name: string;
  readonly description: string;
  readonly input: ZodType<I> | JSONSchema7;
  /** May an unfinished call be run again after a crash? `safe` only for what changes nothing. */
  readonly replay: 'safe' | 'never';
  /** Pure; what the policy judges. Absent = `{ effect: 'unknown' }` and runs alone. Calls of one step run in parallel unless their `locks` meet. */
  access?(input: I, facts: { readonly cwd: string }): Access;
  /** Milliseconds that one call may take; absent = what the program says (`SessionsConfig.callMs`). */
  readonly callMs?: number;
  /** Contract: ends within 2 s of `signal`; a throw is data for the model (TOOL_ERROR), never the end of the turn. */
  run(input: I, context: ToolContext): Promise<O>;
  /** What the model sees of an output. Default: a string as it is, anything else as JSON. */
  toModel?(output: O): readonly ToolContent[];
}

export type ToolContent =
  | { readonly type: 'text'; readonly text: string }
  /** What this call kept. */
  | { readonly type: 'blob'; readonly sha256: string; readonly mediaType: string };

export interface Access {
  readonly effect: 'none' | 'read' | 'write' | 'execute' | 'network' | 'unknown';
  /** Absolute paths. */
  readonly paths?: readonly string[];
  readonly command?: string;
  /** Names of what must not be used by two calls at once (for example `file:/a/b`); `*` meets every other lock. None = free to run beside anything. */
  readonly locks?: readonly string[];
}

export interface ToolContext {
  readonly session: string;
  readonly turn: string;
  readonly call: string;
  readonly cwd: string;
  /** Directories a file tool may touch; the first is `cwd` unless told otherwise. */
  readonly roots: readonly string[];
  readonly signal: AbortSignal;
  now(): number;
  /**
   * Keeps a file with the session, durable when this resolves, so that `toModel` can show it as `{ type: 'blob' }`; models that can't be shown
   * such a file are told of it. At most 32 MiB.
   */
  keep(bytes: Uint8Array | AsyncIterable<Uint8Array>, mediaType: string): Promise<{ readonly sha256: string }>;
  /** Live only, bounded: never stored. */
  progress(update: { readonly text?: string; readonly data?: unknown }): void;
  /**
   * Asks a person, as an approval is asked for: stored, shown, answered from wherever somebody is. Rejects with PERMISSION_DENIED where nobody
   * is there, answers in time or wants to. The same question of a call that is run again after a crash (`replay: 'safe'`) keeps its answer.
   */
  ask(question: ToolQuestion): Promise<string>;
  /**
   * Starts a sub-session with a turn of its own: a stored session under this one. It ends with the turn that this call belongs to, whatever
   * happens, and what it takes counts against the budgets of all turns and sessions above it. What it asks people is asked here. Throws
   * INVALID_INPUT for a task that is none, BUDGET_EXCEEDED where sub-sessions are too many or too deep; the time in which it runs is not the call's.
   */
  spawn(task: SubTask): Turn;
}

/** What a sub-session is to do. What isn't said is as in the session above. */
export interface SubTask {
  readonly prompt: string;
  /** Names of tools of the session above, which are allowed no more than there; `[]` = none. Default: those that are on offer there. */
  readonly tools?: readonly string[];
  /** Of its turn, beside the limits above. */
  readonly budget?: Limits;
  readonly model?: string | LanguageModelV4;
  /** System prompt. */
  readonly system?: string;
}

/** What a policy is asked about one call. */
export interface PermissionRequest {
  readonly session: string;
  readonly call: string;
  readonly tool: string;
  /** The program named or registered this tool itself, rather than taking all there are. */
  readonly named: boolean;
  readonly input: unknown;
  readonly access: Access;
  readonly cwd: string;
  readonly roots: readonly string[];
}

export type Decision =
  | { readonly verdict: 'allow' }
  | { readonly verdict: 'ask'; readonly reason?: string }
  | { readonly verdict: 'deny'; readonly reason: string };

/** Judges calls before they run. */
export interface PermissionPolicy {
  /** Contract: pure, no I/O, reads no clock. A throw counts as a denial. */
  decide(request: PermissionRequest): Decision;
}

export interface Answer {
  readonly allow: boolean;
  /** Also the same call, whenever it comes again in this session. */
  readonly always?: boolean;
  /** Told to the model with a denial. */
  readonly message?: string;
  /** What a question is answered with. */
  readonly text?: string;
}

/** What a person is asked. With `question` it is not about the call but what its tool wants to know. */
export interface AskRequest
  extends PermissionRequest, Pick<Asked, 'id' | 'fingerprint' | 'reason' | 'question' | 'expires' | 'path'> {}

/**
 * Asks a person, one request at a time. Rejecting counts as a denial. `signal` aborts when somebody else answered, the time is up or the
 * turn ends. Without an asker nobody is there, unless `onAsk` is `wait`: then the answer comes through `session.answer`.
 */
export type Asker = (request: AskRequest, signal: AbortSignal) => Promise<Answer>;

/** Identity; keeps the input's and output's types. */
export function defineTool<I, O>(tool: Tool<I, O>): Tool<I, O> {
  return tool;
}
