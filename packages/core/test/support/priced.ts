import type { LanguageModelV4StreamPart, LanguageModelV4Usage } from '@ai-sdk/provider';
import { text } from './model.ts';
import { infoOf } from './stage.ts';

/** A USD for a thousand tokens, whatever they are for, so that costs can be read as tokens. */
export const PRICE = { input: 1000, output: 1000 };

/** A model with a price, whose answers are short enough that small budgets mean something. */
export const PRICED = infoOf({ price: PRICE, maxOutputTokens: 1000 });

export interface Counted {
  readonly input?: number;
  readonly output?: number;
  readonly cached?: number;
  readonly cacheWrite?: number;
  readonly reasoning?: number;
}

function usage({ input = 10, output = 5, cached, cacheWrite, reasoning }: Counted = {}): LanguageModelV4Usage {
  return {
    inputTokens: { total: input, noCache: input, cacheRead: cached, cacheWrite },
    outputTokens: { total: output, text: output, reasoning },
  };
}

/** The last part of an answer that took so much. */
export function took(
  counted: Counted,
  reason: 'stop' | 'length' | 'tool-calls' | 'error' = 'stop',
): LanguageModelV4StreamPart {
  return { type: 'finish', finishReason: { unified: reason, raw: reason }, usage: usage(counted) };
}

export function saying(content: string, counted: Counted): LanguageModelV4StreamPart[] {
  return [...text(content), took(counted)];
}
