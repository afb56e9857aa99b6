import type { ProviderCatalogue } from './entry.ts';

/*
 * Sources, as of November 2026: windows and prices from @pydantic/genai-prices 0.1.8 (the tier below 272,000 tokens) and,
 * for GPT-6.1 Sol, from its launch listings; output limits from OpenAI's model pages; efforts and sampling from the model
 * table of @ai-sdk/openai 4.0.118. The reasoning models take a temperature only with reasoning switched off, so it is
 * not offered.
 */

const six = {
  window: 1_050_000,
  output: 128_000,
  temperature: false,
  effort: ['low', 'medium', 'high', 'xhigh', 'max'],
};
const sixOrNone = { ...six, effort: ['none', 'low', 'medium', 'high', 'xhigh', 'max'] };
const five = { window: 400_000, output: 128_000, temperature: false, effort: ['minimal', 'low', 'medium', 'high'] };
const fiveOne = { ...five, effort: ['none', 'low', 'medium', 'high'] };
const fiveTwo = { ...five, effort: ['none', 'low', 'medium', 'high', 'xhigh'] };
const fiveFour = { ...fiveTwo, window: 1_050_000 };
const four = { window: 1_047_576, output: 32_768 };
const o = { window: 200_000, output: 100_000, temperature: false, effort: ['low', 'medium', 'high'] };

export const openaiCatalogue: ProviderCatalogue = {
  'gpt-6-astra': { ...six, price: [10, 50, 1, 12.5] },
  'gpt-6.1-sol': { ...six, price: [2, 10, 0.2, 2.5] },
  'gpt-6-sol': { ...sixOrNone, price: [2, 10, 0.2, 2.5] },
  'gpt-6-luna': { ...sixOrNone, price: [0.1, 0.5, 0.01, 0.125] },
  'gpt-5.6-sol': { ...fiveFour, price: [4, 20, 0.4, 5] },
  'gpt-5.6-terra': { ...fiveFour, price: [2, 12, 0.2, 2.5] },
  'gpt-5.6-luna': { ...fiveFour, price: [0.2, 1.2, 0.02, 0.25] },
  'gpt-5.5': { ...fiveFour, window: 1_000_000, price: [5, 30, 0.5] },
  'gpt-5.4': { ...fiveFour, price: [2.5, 15, 0.25] },
  'gpt-5.4-mini': { ...fiveTwo, price: [0.75, 4.5, 0.075] },
  'gpt-5.4-nano': { ...fiveTwo, price: [0.2, 1.25, 0.02] },
  'gpt-5.3-codex': { ...fiveTwo, effort: ['low', 'medium', 'high', 'xhigh'], price: [1.75, 14, 0.175] },
  'gpt-5.2': { ...fiveTwo, price: [1.75, 14, 0.175] },
  'gpt-5.1': { ...fiveOne, price: [1.25, 10, 0.125] },
  'gpt-5': { ...five, price: [1.25, 10, 0.125] },
  'gpt-5-mini': { ...five, price: [0.25, 2, 0.025] },
  'gpt-5-nano': { ...five, price: [0.05, 0.4, 0.005] },
  'gpt-4.1': { ...four, price: [2, 8, 0.5] },
  'gpt-4.1-mini': { ...four, price: [0.4, 1.6, 0.1] },
  'gpt-4.1-nano': { ...four, price: [0.1, 0.4, 0.025] },
  'gpt-4o': { window: 128_000, output: 16_384, price: [2.5, 10, 1.25] },
  'gpt-4o-mini': { window: 128_000, output: 16_384, price: [0.15, 0.6, 0.075] },
  o3: { ...o, price: [2, 8, 0.5] },
  'o4-mini': { ...o, price: [1.1, 4.4, 0.275] },
};
