import type { JSONValue } from '@ai-sdk/provider';
import type { ToolQuestion, Verdict } from '../contracts/ask.ts';
import type { Access } from '../contracts/tool.ts';

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
