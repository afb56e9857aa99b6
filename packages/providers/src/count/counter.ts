import type { ModelInfo, ResolvedModel } from '@reprise/core';
import type { ProviderSettings, ProviderSpec } from '../providers/spec.ts';

/** What counting needs to know of a model. */
export interface Counted {
  readonly spec: ProviderSpec;
  readonly settings: ProviderSettings;
  readonly modelId: string;
  readonly info: ModelInfo;
}

/** `count` of a resolved model; absent where the provider has no such request. Everything is imported at its first call. */
export function counterOf(model: Counted): NonNullable<ResolvedModel['count']> | undefined {
  const { rules } = model.spec.defaults;
  if (rules !== 'anthropic' && rules !== 'openai-responses' && rules !== 'google') return undefined;
  return async (prompt, signal, tools) => {
    const { countTokens } = await import('./count.ts');
    return countTokens(model, rules, { prompt, ...(tools?.length && { tools: [...tools] }) }, signal);
  };
}
