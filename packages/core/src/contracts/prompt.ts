/** A piece of the system prompt. */
export interface PromptBlock {
  readonly id: string;
  readonly text: string;
}

/** Called once per session and on an explicit refresh. Its blocks are stored, so `compile` never calls it; later facts are appended as messages. */
export interface PromptSource {
  build(facts: PromptFacts, signal: AbortSignal): Promise<readonly PromptBlock[]>;
}

export interface PromptFacts {
  readonly model: string;
  readonly tools: readonly string[];
  /** ISO date, UTC. */
  readonly today: string;
  readonly cwd?: string;
  readonly platform?: string;
}
