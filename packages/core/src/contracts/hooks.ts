import type { JSONObject } from '@ai-sdk/provider';
import type { Access } from './tool.ts';

type MaybeLater<T> = T | Promise<T>;

/** What is known of a request that is about to leave. */
export interface RequestFacts {
  readonly session: string;
  readonly turn: string;
  /** `provider/model`. */
  readonly model: string;
  /** A step of the turn, or the summary of what leaves the window. */
  readonly purpose: 'step' | 'summary';
  /** 1, 2, … within the turn; of a summary, of the step that it is for. */
  readonly step: number;
  /** 1 = the first try. */
  readonly attempt: number;
  readonly messages: number;
  readonly tools: readonly string[];
}

/**
 * What a hook may add to a request. Prompt, tools and settings stay what the session says: what a request begins with follows from the log alone. The
 * same options in every request keep a provider's cache warm. What the engine sets itself wins.
 */
export interface RequestAdditions {
  readonly headers?: Readonly<Record<string, string>>;
  /** By provider, as the AI SDK takes them. */
  readonly providerOptions?: Readonly<Record<string, JSONObject>>;
}

/** A call that has passed the policy, with a copy of its checked input. */
export interface CallFacts {
  readonly session: string;
  readonly turn: string;
  readonly call: string;
  readonly tool: string;
  readonly input: unknown;
  readonly access: Access;
}

/** What a tool gave, as it will be stored. */
export interface ResultFacts extends CallFacts {
  readonly result: unknown;
  readonly error?: string;
  /** What the model is shown, where that is not the result or the error. */
  readonly shown?: string;
}

/** A record that is stored. */
export interface RecordFacts {
  readonly session: string;
  readonly seq: number;
  /** A copy. */
  readonly record: { readonly type: string; readonly [field: string]: unknown };
}

/**
 * Where a program looks on, and has a word. Contract: no hook can break a turn. One that throws, gives what it should not, or takes longer than 10 s is
 * reported (`SessionsConfig.report`) and passed over, as if it had said nothing. So what must never run belongs in the permission
 * policy, where a failure is a denial.
 */
export interface Hooks {
  beforeRequest?(request: RequestFacts): MaybeLater<RequestAdditions | undefined | void>;
  /** Before anybody is asked about a call, and before any call of its step runs. `deny` is told to the model. */
  beforeTool?(call: CallFacts): MaybeLater<{ readonly deny: string } | undefined | void>;
  /** After a tool ran, before its result is stored: `shown` is stored with it, and shown to the model in its place (and in place of files). */
  afterTool?(result: ResultFacts): MaybeLater<{ readonly shown: string } | undefined | void>;
  /** After a record is stored, in order. Not waited for. */
  onRecord?(record: RecordFacts): MaybeLater<void>;
}
