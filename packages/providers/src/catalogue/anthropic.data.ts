import type { CatalogueEntry, ProviderCatalogue } from './entry.ts';

/*
 * Sources, as of November 2026: windows, output limits and prices from Anthropic's model pages (platform.claude.com/docs,
 * "Models overview" and each model's page) and, for cache prices and older models, from @pydantic/genai-prices 0.1.8;
 * output limits, sampling and efforts checked against the model table of @ai-sdk/anthropic 4.0.105; models that check a
 * thinking block's prefix from "Prefix checks on thinking blocks".
 */

const MAX = ['low', 'medium', 'high', 'xhigh', 'max'] as const;
const million = { window: 1_000_000, output: 128_000 };
/** Adaptive thinking, no sampling settings. */
const adaptive = { ...million, temperature: false, effort: MAX };
const bound = { ...adaptive, prefixBound: true };
/** Thinking by budget; the AI SDK turns an effort into one. */
const budget = { window: 200_000, output: 64_000, effort: ['low', 'medium', 'high'] } satisfies CatalogueEntry;

export const anthropicCatalogue: ProviderCatalogue = {
  'claude-fable-5-2': bound,
  'claude-fable-5-1': { ...bound, price: [10, 50, 0.25, 12.5] },
  'claude-fable-5': { ...adaptive, price: [10, 50, 1, 12.5] },
  'claude-opus-5-5': { ...bound, price: [4, 20, 0.2, 5] },
  'claude-opus-5': { ...adaptive, price: [5, 25, 0.5, 6.25] },
  'claude-opus-4-8': { ...adaptive, price: [5, 25, 0.5, 6.25] },
  'claude-opus-4-7': { ...adaptive, price: [5, 25, 0.5, 6.25] },
  'claude-opus-4-6': { ...million, effort: ['low', 'medium', 'high', 'max'], price: [5, 25, 0.5, 6.25] },
  'claude-opus-4-5': { ...budget, price: [5, 25, 0.5, 6.25] },
  'claude-opus-4-1': { ...budget, output: 32_000, price: [15, 75, 1.5, 18.75] },
  'claude-sonnet-5-5': { ...bound, price: [2, 10] },
  'claude-sonnet-5': { ...adaptive, price: [2, 10, 0.2, 2.5] },
  'claude-sonnet-4-6': { ...million, effort: ['low', 'medium', 'high', 'max'], price: [3, 15, 0.3, 3.75] },
  'claude-sonnet-4-5': { ...budget, price: [3, 15, 0.3, 3.75] },
  'claude-haiku-5-5': { ...bound, price: [0.1, 0.5, 0.01, 0.125] },
  'claude-haiku-4-5': { ...budget, price: [1, 5, 0.1, 1.25] },
};
