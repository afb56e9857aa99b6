import type { LanguageModelV4 } from '@ai-sdk/provider';
import type { Capabilities, ModelInfo, ModelResolver, ResolvedModel } from '../contracts/model.ts';
import type { SessionOptions } from '../contracts/session.ts';
import { isModelObject } from './options.ts';

/** What is assumed of a model that nobody described. */
const ASSUMED = { contextWindow: 128_000, maxOutputTokens: 8192 } as const;

export async function resolveModel(resolver: ModelResolver, model: SessionOptions['model']): Promise<ResolvedModel> {
  if (!isModelObject(model)) return resolver.resolve(model);
  const name = nameOf(model);
  const known = await resolver.resolve(name).catch(() => undefined);
  return fromObject(model, known?.name === name ? known.info : undefined);
}

/** Any AI SDK model is a model of ours. `known`: what a resolver knows of its name. */
export function fromObject(model: LanguageModelV4, known?: ModelInfo): ResolvedModel {
  const name = nameOf(model);
  const capabilities = known?.capabilities ?? {
    temperature: true,
    tools: true,
    parallelTools: true,
    input: [],
    effort: [],
    prefixBoundReasoning: false,
  };
  return {
    requested: name,
    name,
    model,
    info: {
      ...ASSUMED,
      from: 'assumed',
      ...known,
      // One maker's models speak several dialects, and the object speaks its own.
      capabilities: { ...capabilities, rules: rulesOf(model.provider), cache: 'none' },
    },
  };
}

function nameOf({ provider, modelId }: LanguageModelV4): string {
  return `${provider.split('.')[0] ?? provider}/${modelId}`;
}

function rulesOf(provider: string): Capabilities['rules'] {
  if (provider.startsWith('anthropic')) return 'anthropic';
  if (provider.startsWith('google')) return 'google';
  if (provider === 'openai.responses') return 'openai-responses';
  if (provider.endsWith('.chat')) return 'openai-chat';
  return 'strictest';
}
