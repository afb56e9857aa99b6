/** Short names for whole ones. Configuration adds to them and wins over them. */
export const ALIASES: Readonly<Record<string, string>> = {
  'claude-fable': 'anthropic/claude-fable-5-2',
  'claude-opus': 'anthropic/claude-opus-5-5',
  'claude-sonnet': 'anthropic/claude-sonnet-5-5',
  'claude-haiku': 'anthropic/claude-haiku-5-5',
  'claude-3-opus': 'anthropic/claude-3-opus-20240229',
  'claude-3-sonnet': 'anthropic/claude-3-sonnet-20240229',
  'claude-3-haiku': 'anthropic/claude-3-haiku-20240307',
  'claude-3-5-sonnet': 'anthropic/claude-3-5-sonnet-20241022',
  'claude-3-5-haiku': 'anthropic/claude-3-5-haiku-20241022',
  'claude-3-7-sonnet': 'anthropic/claude-3-7-sonnet-20250219',
  gpt: 'openai/gpt-6.1-sol',
  'gpt-6': 'openai/gpt-6.1-sol',
  'gpt-mini': 'openai/gpt-6-luna',
  'gpt-4o': 'openai/gpt-4o',
  'gpt-4o-mini': 'openai/gpt-4o-mini',
  'gpt-5': 'openai/gpt-5',
  gemini: 'google/gemini-4-argon',
  'gemini-pro': 'google/gemini-4-argon',
  'gemini-flash': 'google/gemini-3.8-flash',
  openrouter: 'openrouter/openrouter/auto',
  demo: 'demo/offline',
};

/**
 * Models whose provider answers requests with an error, and what to use instead. From Anthropic's "Model deprecations":
 * retired by 15 June 2026. The successor is the newest model of the same rank.
 */
export const RETIRED: Readonly<Record<string, string>> = {
  'anthropic/claude-2.0': 'anthropic/claude-sonnet-5-5',
  'anthropic/claude-2.1': 'anthropic/claude-sonnet-5-5',
  'anthropic/claude-3-opus-20240229': 'anthropic/claude-opus-5-5',
  'anthropic/claude-3-opus-latest': 'anthropic/claude-opus-5-5',
  'anthropic/claude-3-sonnet-20240229': 'anthropic/claude-sonnet-5-5',
  'anthropic/claude-3-haiku-20240307': 'anthropic/claude-haiku-5-5',
  'anthropic/claude-3-5-sonnet-20240620': 'anthropic/claude-sonnet-5-5',
  'anthropic/claude-3-5-sonnet-20241022': 'anthropic/claude-sonnet-5-5',
  'anthropic/claude-3-5-sonnet-latest': 'anthropic/claude-sonnet-5-5',
  'anthropic/claude-3-5-haiku-20241022': 'anthropic/claude-haiku-5-5',
  'anthropic/claude-3-5-haiku-latest': 'anthropic/claude-haiku-5-5',
  'anthropic/claude-3-7-sonnet-20250219': 'anthropic/claude-sonnet-5-5',
  'anthropic/claude-3-7-sonnet-latest': 'anthropic/claude-sonnet-5-5',
  'anthropic/claude-sonnet-4-20250514': 'anthropic/claude-sonnet-5-5',
  'anthropic/claude-sonnet-4-0': 'anthropic/claude-sonnet-5-5',
  'anthropic/claude-opus-4-20250514': 'anthropic/claude-opus-5-5',
  'anthropic/claude-opus-4-0': 'anthropic/claude-opus-5-5',
};
