import type { LanguageModelV4 } from '@ai-sdk/provider';
import type { Capabilities, ModelResolver, ResolvedModel } from '../contracts/model.ts';
import type { SessionOptions } from '../contracts/session.ts';
import { isModelObject } from './options.ts';

/** What is assumed of a model that nobody described. */
const ASSUMED = { contextWindow: 128_000, maxOutputTokens: 8192 } as const;

export async function resolveModel(resolver: ModelResolver, model: SessionOptions['model']): Promise<ResolvedModel> {
  return isModelObject(model) ? fromObject(model) : resolver.resolve(model);
}

/** Any AI SDK model is a model of ours. */
export function fromObject(model: LanguageModelV4): ResolvedModel {
  const vendor = model.provider.split('.')[0] ?? model.provider;
  const name = `${vendor}/${model.modelId}`;
  return {
    requested: name,
    name,
    model,
    info: {
      ...ASSUMED,
      from: 'assumed',
      capabilities: {
        rules: rulesOf(model.provider),
        temperature: true,
        tools: true,
        parallelTools: true,
        input: [],
        effort: [],
        cache: 'none',
        prefixBoundReasoning: false,
      },
    },
  };
}

function rulesOf(provider: string): Capabilities['rules'] {
  if (provider.startsWith('anthropic')) return 'anthropic';
  if (provider.startsWith('google')) return 'google';
  if (provider === 'openai.responses') return 'openai-responses';
  if (provider.endsWith('.chat')) return 'openai-chat';
  return 'strictest';
}
