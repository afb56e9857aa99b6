import type { Attributes } from '@opentelemetry/api';
import type { FinishReason, Message, TurnUsage } from '@reprise/core';

/** Names of the conventions, where they differ from ours. */
const PROVIDERS: Readonly<Record<string, string>> = { google: 'gcp.gemini', mistral: 'mistral_ai', xai: 'x_ai' };

const REASONS: Readonly<Partial<Record<FinishReason, string>>> = {
  'tool-calls': 'tool_call',
  'content-filter': 'content_filter',
};

/** `provider/model` as the conventions tell it. */
export function modelAttributes(name: string): Attributes {
  const slash = name.indexOf('/');
  const provider = slash < 0 ? undefined : name.slice(0, slash);
  return {
    ...(provider !== undefined && { 'gen_ai.provider.name': PROVIDERS[provider] ?? provider }),
    'gen_ai.request.model': name.slice(slash + 1),
  };
}

/** Input tokens are with the cached ones, output tokens with those of reasoning, as the conventions want it. */
export function usageAttributes({ input, output, cached, cacheWrite, reasoning }: TurnUsage): Attributes {
  return {
    'gen_ai.usage.input_tokens': input,
    'gen_ai.usage.output_tokens': output,
    ...(cached > 0 && { 'gen_ai.usage.cache_read.input_tokens': cached }),
    ...(cacheWrite !== undefined && { 'gen_ai.usage.cache_creation.input_tokens': cacheWrite }),
    ...(reasoning > 0 && { 'gen_ai.usage.reasoning.output_tokens': reasoning }),
  };
}

export function reasonAttributes(reason: FinishReason): Attributes {
  return { 'gen_ai.response.finish_reasons': [REASONS[reason] ?? reason] };
}

/** What was said, as the conventions' list of messages. */
export function messagesText({ role, content, toolCalls = [], finishReason }: Message): string {
  const text = content === '' ? [] : [{ type: 'text', content }];
  const calls = toolCalls.map(({ id, tool, params }) => ({ type: 'tool_call', id, name: tool, arguments: params }));
  const reason = finishReason === undefined ? {} : { finish_reason: REASONS[finishReason] ?? finishReason };
  return JSON.stringify([{ role, parts: [...text, ...calls], ...reason }]);
}
