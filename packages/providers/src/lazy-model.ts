import type { LanguageModelV4, LanguageModelV4CallOptions } from '@ai-sdk/provider';
import type { ModelInfo } from '@reprise/core';
import type { ProviderSettings, ProviderSpec } from './providers/spec.ts';
import { credentialProblem } from './settings.ts';

/**
 * A model whose SDK is imported at its first call. The call gets the provider's defaults; nothing is retried here.
 * AUTH, before anything is imported or sent, when the provider needs a key and has none.
 */
export function lazyModel(
  spec: ProviderSpec,
  settings: ProviderSettings,
  modelId: string,
  info: ModelInfo,
): LanguageModelV4 {
  let loading: Promise<LanguageModelV4> | undefined;
  const load = (): Promise<LanguageModelV4> => {
    const problem = credentialProblem(spec, settings);
    if (problem) return Promise.reject(problem);
    loading ??= spec.load(settings).then(
      (make) => make(modelId),
      (error: unknown) => {
        loading = undefined;
        throw error;
      },
    );
    return loading;
  };
  const prepare = (options: LanguageModelV4CallOptions): LanguageModelV4CallOptions =>
    spec.prepare ? spec.prepare(options, info) : options;
  return {
    specificationVersion: 'v4',
    provider: settings.id,
    modelId,
    supportedUrls: spec.supportedUrls ?? {},
    doGenerate: async (options) => (await load()).doGenerate(prepare(options)),
    doStream: async (options) => (await load()).doStream(prepare(options)),
  };
}
