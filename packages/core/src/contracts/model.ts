import type { LanguageModelV4, LanguageModelV4FunctionTool, LanguageModelV4Prompt } from '@ai-sdk/provider';

/** Turns names into models. */
export interface ModelResolver {
  /**
   * Contract: needs no network; a missing key is no error here (it is AUTH when the model is called).
   * MODEL_NOT_FOUND for an unknown provider or a name without one, with what to write instead.
   */
  resolve(name: string, signal?: AbortSignal): Promise<ResolvedModel>;
}

export interface ResolvedModel {
  /** What the caller asked for. */
  readonly requested: string;
  /** What is used, `provider/model`. */
  readonly name: string;
  readonly model: LanguageModelV4;
  /** For people: for example that the name is retired and its successor is used, or that limits are assumed. */
  readonly notice?: string;
  readonly info: ModelInfo;
  /** Tokens in `text`, about; synchronous. Core has a default. */
  estimate?(text: string): number;
  /** Exact, of the prompt and of the tools on offer; may use the network. */
  count?(
    prompt: LanguageModelV4Prompt,
    signal: AbortSignal,
    tools?: readonly LanguageModelV4FunctionTool[],
  ): Promise<number>;
  /** Asked before core's own table. */
  classify?(error: unknown): ModelFailure | undefined;
}

export interface ModelInfo {
  /** Tokens, input and output together. */
  readonly contextWindow: number;
  readonly maxOutputTokens: number;
  /** Where the limits come from. */
  readonly from: 'provider' | 'catalogue' | 'user' | 'assumed';
  readonly capabilities: Capabilities;
  /** USD per million tokens. */
  readonly price?: {
    readonly input: number;
    readonly output: number;
    readonly cacheRead?: number;
    readonly cacheWrite?: number;
  };
}

/** How hard a model thinks before it answers, weakest first. */
export const EFFORTS = ['none', 'minimal', 'low', 'medium', 'high', 'xhigh', 'max'] as const;
export type Effort = (typeof EFFORTS)[number];

export interface Capabilities {
  /** Whose rules a request must satisfy. */
  readonly rules: 'anthropic' | 'openai-responses' | 'openai-chat' | 'google' | 'strictest';
  readonly temperature: boolean;
  readonly tools: boolean;
  readonly parallelTools: boolean;
  readonly input: readonly ('image' | 'pdf' | 'audio')[];
  /** Takes a JSON schema for its answer; where it doesn't, it is told the schema in words. Default: all but `openai-chat` and `strictest` do. */
  readonly schema?: boolean;
  /** Reasoning efforts that the model takes, weakest first; empty = none. */
  readonly effort: readonly string[];
  readonly cache: 'marks' | 'automatic' | 'none';
  /** The model answers 400 when the prefix of a reasoning block was edited. */
  readonly prefixBoundReasoning: boolean;
}

export interface ModelFailure {
  readonly kind:
    | 'rate-limit'
    | 'overload'
    | 'network'
    | 'timeout'
    | 'overflow'
    | 'auth'
    | 'billing'
    | 'content-filter'
    | 'unknown-model'
    | 'bad-request'
    | 'protocol';
  readonly message: string;
  readonly retryable: boolean;
  readonly status?: number;
  readonly retryAfterMs?: number;
  readonly tokens?: { readonly asked?: number; readonly limit?: number };
}
