/** Limits on what a turn or a session may take. Absent = none. */
export interface Limits {
  /** Model calls of any kind: steps, tries again, summaries, those of sub-sessions. Whole, above 0. */
  readonly maxSteps?: number;
  /** Tokens in all, input and output of every call. (`SessionOptions.maxTokens` is the output of one response.) Whole, above 0. */
  readonly maxTokens?: number;
  /** USD, above 0. The model, and each model that may stand in for it, must have a price. */
  readonly maxCost?: number;
  /**
   * Milliseconds of work: from a turn's message to its end, waits for providers included. The time in which people are asked is no work, whatever
   * runs beside the question: an answer may take as long as `askTimeoutMs` says. Whole, above 0.
   */
  readonly maxDuration?: number;
}

/** What a session's turns may take. */
export interface Budget {
  /** Each turn. A turn's own limits stand in place of these, one by one. */
  readonly turn?: Limits;
  /** All turns of the session together, also over restarts. */
  readonly session?: Limits;
}

/** What model calls took. Tokens are the provider's count, never an estimate. */
export interface UsageTotals {
  /** Model calls, each try of one counted. */
  readonly calls: number;
  /** … of which were made again after a failure. */
  readonly retries: number;
  /** … of which wrote a summary. */
  readonly compactions: number;
  /** With cached and written to the cache. */
  readonly input: number;
  readonly cached: number;
  readonly cacheWrite: number;
  /** With reasoning. */
  readonly output: number;
  readonly reasoning: number;
  readonly total: number;
  /** USD, by the price that the model had when it was called; calls of models without a price add nothing. */
  readonly cost: number;
  /** Calls that took tokens of a model without a price. */
  readonly unpriced: number;
  /**
   * Calls that were cut off before their provider said all that they took (an abort, a broken connection, a crash), and about how much it had not
   * said. In none of the figures above; budgets count it.
   */
  readonly unreported: { readonly calls: number; readonly tokens: number; readonly cost: number };
}

/** Totals by the model's name, and in all. */
export interface UsageByModel {
  readonly total: UsageTotals;
  readonly models: Readonly<Record<string, UsageTotals>>;
}

/** The usage ledger of a session. */
export interface SessionUsage {
  readonly id: string;
  /** Where the session came from. A fork's own ledger starts at zero: what its parent took is the parent's. */
  readonly parent?: { readonly id: string; readonly seq: number; readonly kind?: 'spawn' };
  /** By the session's own calls. */
  readonly own: UsageByModel;
  /** … and those of its sub-sessions, however deep. */
  readonly all: UsageByModel;
  /** The session at the top of the sub-sessions that this one belongs to, with all of them; this one, unless it is a sub-session. */
  readonly root: { readonly id: string } & UsageByModel;
  /** What it may take, as far as that is limited. */
  readonly budget?: Budget;
  /** Milliseconds in which turns of the session worked, as `maxDuration` counts them. */
  readonly duration: number;
}
