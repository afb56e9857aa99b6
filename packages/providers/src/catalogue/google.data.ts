import type { ProviderCatalogue } from './entry.ts';

/*
 * Sources, as of November 2026: prices from @pydantic/genai-prices 0.1.8 (the tier below 200,000 tokens), for Gemini 4
 * Argon from its launch listing (prices until 30 November 2026; they double then); windows and output limits from Google's
 * model pages (Gemini 4: 1,048,576 tokens for input and output together, 65,536 output tokens a request); thinking levels
 * from the model table of @ai-sdk/google 4.0.121.
 */

const gemini = { window: 1_048_576, output: 65_536 };
const levels = { ...gemini, effort: ['low', 'medium', 'high'] };
const levelsFromMinimal = { ...gemini, effort: ['minimal', 'low', 'medium', 'high'] };

export const googleCatalogue: ProviderCatalogue = {
  'gemini-4-argon': { ...levels, price: [2, 10, 0.1] },
  'gemini-3.8-flash': { ...levels, price: [0.75, 3.75, 0.075] },
  'gemini-3.7-flash': { ...levels, price: [0.75, 3.75, 0.075] },
  'gemini-3.6-flash': { ...levelsFromMinimal, price: [0.75, 3.75, 0.075] },
  'gemini-3.5-flash': { ...levelsFromMinimal, price: [1.5, 9, 0.15] },
  'gemini-3.5-flash-lite': { ...levelsFromMinimal, price: [0.3, 2.5, 0.03] },
  'gemini-3.1-pro-preview': { ...levels, price: [2, 12, 0.2] },
  'gemini-3-flash-preview': { ...levelsFromMinimal, price: [0.5, 3, 0.05] },
  'gemini-2.5-pro': { ...levels, price: [1.25, 10, 0.125] },
  'gemini-2.5-flash': { ...levels, price: [0.3, 2.5, 0.03] },
  'gemini-2.5-flash-lite': { ...levels, price: [0.1, 0.4, 0.01] },
};
