import { modelFetch } from './model-fetch.ts';
import { trimSlashes, type ProviderSpec } from './spec.ts';

/** The chunk that says why the answer ended. The words alone could be an argument of a call. */
function isLast(data: string): boolean {
  if (!data.includes('"finishReason"')) return false;
  try {
    const chunk = JSON.parse(data) as { candidates?: readonly { finishReason?: unknown }[] };
    return chunk.candidates?.some(({ finishReason }) => typeof finishReason === 'string') ?? false;
  } catch {
    return false;
  }
}

/** Google's Gemini API through `@ai-sdk/google`. */
export const google: ProviderSpec = {
  keys: ['GEMINI_API_KEY', 'GOOGLE_GENERATIVE_AI_API_KEY'],
  needsKey: true,
  baseUrls: ['GOOGLE_GENERATIVE_AI_BASE_URL'],
  defaultUrl: 'https://generativelanguage.googleapis.com/v1beta',
  defaults: {
    rules: 'google',
    cache: 'automatic',
    input: ['image', 'pdf', 'audio'],
    window: 1_048_576,
    output: 65_536,
    temperature: true,
  },
  normalizeUrl: (url) => (/\/v\d+[a-z]*$/.test(trimSlashes(url)) ? trimSlashes(url) : `${trimSlashes(url)}/v1beta`),
  load: async (settings) => {
    const { apiKey, baseURL, headers } = settings;
    const { createGoogle } = await import('@ai-sdk/google');
    return createGoogle({
      apiKey: apiKey ?? '',
      baseURL,
      headers: { ...headers },
      fetch: modelFetch(settings, { isTerminal: isLast }),
    });
  },
};
