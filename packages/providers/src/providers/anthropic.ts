import { withCacheMarks } from './cache-marks.ts';
import { modelFetch } from './model-fetch.ts';
import { withPossibleThinking } from './thinking.ts';
import { trimSlashes, type ProviderSpec } from './spec.ts';

/** Anthropic's Messages API through `@ai-sdk/anthropic`. */
export const anthropic: ProviderSpec = {
  keys: ['ANTHROPIC_API_KEY'],
  tokens: ['ANTHROPIC_AUTH_TOKEN'],
  needsKey: true,
  baseUrls: ['ANTHROPIC_BASE_URL'],
  defaultUrl: 'https://api.anthropic.com/v1',
  defaults: {
    rules: 'anthropic',
    cache: 'marks',
    input: ['image', 'pdf'],
    window: 200_000,
    output: 32_000,
    // The newest models refuse sampling settings and check the prefix of thinking, and a new name is a new model.
    temperature: false,
    prefixBound: true,
  },
  supportedUrls: { 'image/*': [/^https?:\/\/.*$/], 'application/pdf': [/^https?:\/\/.*$/] },
  // The vendor's own SDK takes the host, the AI SDK the versioned path: both are in use in this variable.
  normalizeUrl: (url) => (/\/v\d+$/.test(trimSlashes(url)) ? trimSlashes(url) : `${trimSlashes(url)}/v1`),
  load: async (settings) => {
    const { apiKey, authToken, baseURL, headers } = settings;
    const { createAnthropic } = await import('@ai-sdk/anthropic');
    const credential = authToken === undefined ? { apiKey: apiKey ?? '' } : { authToken };
    return createAnthropic({ ...credential, baseURL, headers: { ...headers }, fetch: modelFetch(settings) });
  },
  // `max_tokens` is required by the API; for a name it does not know, the SDK would send 4,096.
  prepare: (options, info) =>
    withCacheMarks(
      withPossibleThinking({ ...options, maxOutputTokens: options.maxOutputTokens ?? info.maxOutputTokens }),
    ),
};
