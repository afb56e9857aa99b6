import type { LanguageModelV4, LanguageModelV4CallOptions } from '@ai-sdk/provider';
import { RepriseError, type ModelInfo } from '@reprise/core';
import type { ProviderSettings, ProviderSpec } from './providers/spec.ts';

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
    if (spec.needsKey && settings.apiKey === undefined) return Promise.reject(missingKey(spec, settings.id));
    // Refused here, because what a header class says of a bad value holds the value.
    if (/[^\x21-\x7e]/.test(settings.apiKey ?? '')) return Promise.reject(badKey(spec, settings.id));
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

function badKey(spec: ProviderSpec, id: string): RepriseError {
  return new RepriseError('AUTH', `The API key for ${id} holds a blank, a line break or a character that no key has.`, {
    hint: `Copy the key again into ${spec.keys.join(' or ') || `providers.${id}.apiKey`}.`,
    details: { provider: id, variables: spec.keys },
  });
}

function missingKey(spec: ProviderSpec, id: string): RepriseError {
  const names = spec.keys.join(' or ');
  return new RepriseError('AUTH', `No API key for ${id}.`, {
    hint: `Set ${names || `providers.${id}.apiKey`}, or use --model demo/offline, which needs none.`,
    details: { provider: id, variables: spec.keys },
  });
}
