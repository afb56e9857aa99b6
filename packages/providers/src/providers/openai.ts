import type { JSONSchema7, LanguageModelV4CallOptions } from '@ai-sdk/provider';
import { modelFetch } from './model-fetch.ts';
import { trimSlashes, type ProviderSpec } from './spec.ts';

/** Output tokens of one response, at least (400 `integer_below_min_value` otherwise). */
const LEAST = 16;

/** Within the text of an answer such quotes are escaped. */
const LAST = /"type": ?"response\.(completed|incomplete|failed)"/;
const isLast = (data: string): boolean => LAST.test(data);

/** OpenAI's Responses API through `@ai-sdk/openai`. */
export const openai: ProviderSpec = {
  keys: ['OPENAI_API_KEY'],
  needsKey: true,
  // What the vendor's SDK takes: with /v1.
  baseUrls: ['OPENAI_BASE_URL'],
  defaultUrl: 'https://api.openai.com/v1',
  defaults: {
    rules: 'openai-responses',
    cache: 'automatic',
    input: ['image', 'pdf'],
    window: 128_000,
    output: 16_384,
    temperature: false,
  },
  supportedUrls: { 'image/*': [/^https?:\/\/.*$/], 'application/pdf': [/^https?:\/\/.*$/] },
  normalizeUrl: trimSlashes,
  load: async (settings) => {
    const { apiKey, baseURL, headers } = settings;
    const { createOpenAI } = await import('@ai-sdk/openai');
    const provider = createOpenAI({
      apiKey: apiKey ?? '',
      baseURL,
      headers: { ...headers },
      fetch: modelFetch(settings, { isTerminal: isLast }),
    });
    return (model) => provider.responses(model);
  },
  // History is replayed from our own log. With `store: false` the SDK asks a reasoning model for its encrypted content
  // (and no other model, which would answer 400).
  prepare: (options) => ({
    ...options,
    ...(options.maxOutputTokens !== undefined && { maxOutputTokens: Math.max(LEAST, options.maxOutputTokens) }),
    providerOptions: {
      ...options.providerOptions,
      // With an effort the SDK would ask for a summary too, which only verified organisations may (400 for all others).
      openai: {
        store: false,
        reasoningSummary: null,
        strictJsonSchema: isStrict(options.responseFormat),
        ...options.providerOptions?.openai,
      },
    },
  }),
};

/** Strict schemas close every object and require all that it names; others would be refused as such (400), so they are sent as a guide. */
function isStrict(format: LanguageModelV4CallOptions['responseFormat']): boolean {
  return format?.type !== 'json' || strict(format.schema);
}

function strict(schema: unknown): boolean {
  if (Array.isArray(schema)) return schema.every(strict);
  if (typeof schema !== 'object' || schema === null) return true;
  const { type, properties, required, additionalProperties } = schema as JSONSchema7;
  if (type === 'object' || properties !== undefined) {
    const names = Object.keys(properties ?? {});
    if (additionalProperties !== false || names.some((name) => required?.includes(name) !== true)) return false;
  }
  return Object.values(schema).every(strict);
}
