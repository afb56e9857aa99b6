import type { LanguageModelV4StreamPart } from '@ai-sdk/provider';
import type { TurnUsage } from '../contracts/turn.ts';

type Custom = Extract<LanguageModelV4StreamPart, { type: 'custom' }>;

/** Anthropic's stream begins with what the request took; the AI SDK hands that on as it came. */
export const BEGUN = 'anthropic.message_start';

/** What the request of an answer that begins took, as its provider counted it; nothing of the answer is in it. */
export function begunUsage({ providerMetadata }: Custom): TurnUsage | undefined {
  const usage = Object(providerMetadata?.['anthropic']?.['usage']) as Record<string, unknown>;
  if (!isCount(usage['input_tokens'])) return undefined;
  const cached = count(usage['cache_read_input_tokens']);
  const cacheWrite = count(usage['cache_creation_input_tokens']);
  const input = usage['input_tokens'] + cached + cacheWrite;
  return { input, output: 0, cached, ...(cacheWrite > 0 && { cacheWrite }), reasoning: 0, total: input };
}

function count(value: unknown): number {
  return isCount(value) ? value : 0;
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
