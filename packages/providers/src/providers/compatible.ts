import { modelFetch } from './model-fetch.ts';
import { trimSlashes, type ProviderSpec } from './spec.ts';

const isLast = (data: string): boolean => data.trim() === '[DONE]';

/** Any server that speaks OpenAI's chat completions, through `@ai-sdk/openai-compatible`. */
export function compatible(
  where: Pick<ProviderSpec, 'keys' | 'baseUrls' | 'defaultUrl' | 'keyPath' | 'toUrl'> & { needsKey?: boolean },
): ProviderSpec {
  return {
    needsKey: false,
    ...where,
    defaults: {
      rules: 'openai-chat',
      cache: 'automatic',
      input: [],
      // A guess that the small local servers' usual settings survive; the catalogue option tells better.
      window: 32_768,
      output: 8_192,
      temperature: true,
    },
    normalizeUrl: trimSlashes,
    load: async (settings) => {
      const { id, apiKey, baseURL, headers } = settings;
      const { createOpenAICompatible } = await import('@ai-sdk/openai-compatible');
      const provider = createOpenAICompatible({
        name: id,
        baseURL,
        includeUsage: true,
        headers: { ...headers },
        ...(apiKey !== undefined && { apiKey }),
        fetch: modelFetch(settings, { isTerminal: isLast }),
      });
      return (model) => provider.chatModel(model);
    },
  };
}
