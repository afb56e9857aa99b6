import type { Capabilities } from '@reprise/core';
import type { ProviderSettings } from '../providers/spec.ts';
import { anthropicClient } from '../vendor/anthropic.ts';
import { googleJson } from '../vendor/google.ts';
import { openaiClient } from '../vendor/openai.ts';
import { collect, listed, noList, type Listed } from './listed.ts';

/** Asks a provider for its models. `most`: enough so many, on one page if need be. Throws what its client throws. */
export type Lister = (settings: ProviderSettings, signal: AbortSignal, most?: number) => Promise<Listed[]>;

/** By the dialect that the provider speaks. */
export function listerOf(rules: Capabilities['rules']): Lister {
  if (rules === 'anthropic') return listAnthropic;
  return rules === 'google' ? listGoogle : listOpenai;
}

const listAnthropic: Lister = async (settings, signal, most) => {
  const client = await anthropicClient(settings);
  const page = await client.models.list({ limit: Math.min(most ?? 1_000, 1_000) }, { signal });
  // The client makes an empty list of an answer that is none.
  if (!Array.isArray(page.data) || page.data.length === 0) throw noList(settings.id);
  return collect(page, (entry) => listed(entry.id, entry.max_input_tokens, entry.max_tokens), most);
};

/** OpenAI lists everything that it serves, without saying what for. */
const NO_CHAT = /embedding|whisper|tts|dall-e|moderation|image|sora|transcribe|realtime|^(davinci|babbage)-/;

const listOpenai: Lister = async (settings, signal, most) => {
  const client = await openaiClient(settings);
  const page = await client.models.list({ signal });
  // The same here, but Ollama without models answers `{ object: 'list', data: null }`.
  if (!Array.isArray(page.data) || (page.data.length === 0 && page.object !== 'list')) throw noList(settings.id);
  const isOpenai = settings.id === 'openai';
  return collect(
    page,
    (entry) =>
      isOpenai && NO_CHAT.test(String(entry.id))
        ? undefined
        : listed(
            entry.id,
            // OpenRouter, vLLM and Groq in turn; others name no window.
            entry.context_length ?? entry.max_model_len ?? entry.context_window,
            (entry.top_provider as { max_completion_tokens?: unknown } | null | undefined)?.max_completion_tokens,
          ),
    most,
  );
};

const listGoogle: Lister = async (settings, signal, most) =>
  collect(
    googlePages(settings, signal, Math.min(most ?? 1_000, 1_000)),
    ({ name, supportedGenerationMethods: methods, inputTokenLimit, outputTokenLimit }) =>
      typeof name === 'string' && (!Array.isArray(methods) || methods.includes('generateContent'))
        ? listed(name.replace(/^models\//, ''), inputTokenLimit, outputTokenLimit)
        : undefined,
    most,
  );

async function* googlePages(settings: ProviderSettings, signal: AbortSignal, size: number): AsyncIterable<unknown> {
  let token = '';
  const seen = new Set<string>();
  do {
    seen.add(token);
    const url = new URL(`${settings.baseURL}/models`);
    url.searchParams.set('pageSize', String(size));
    if (token !== '') url.searchParams.set('pageToken', token);
    const page = (await googleJson(settings, url.href, signal)) as { models?: unknown; nextPageToken?: unknown } | null;
    if (!Array.isArray(page?.models)) throw noList(settings.id);
    yield* page.models;
    token = typeof page.nextPageToken === 'string' ? page.nextPageToken : '';
    // A token that comes again would make a ring.
  } while (token !== '' && !seen.has(token));
}
