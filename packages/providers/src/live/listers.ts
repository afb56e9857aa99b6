import type { ProviderSettings, ProviderSpec } from '../providers/spec.ts';
import { anthropicClient } from '../vendor/anthropic.ts';
import { bearer } from '../vendor/fetch.ts';
import { openaiClient } from '../vendor/openai.ts';
import { restJson } from '../vendor/rest.ts';
import { collect, listed, noList, type Listed } from './listed.ts';

/** Asks a provider for its models. `most`: enough so many, on one page if need be. Throws what its client throws. */
export type Lister = (settings: ProviderSettings, signal: AbortSignal, most?: number) => Promise<Listed[]>;

/** By the dialect that the provider speaks. A server of this machine is asked without anybody's SDK. */
export function listerOf({ local, defaults: { rules } }: ProviderSpec): Lister {
  if (local) return listLocal;
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
  return collect(page, (entry) => (isOpenai && NO_CHAT.test(String(entry.id)) ? undefined : chatModel(entry)), most);
};

const listLocal: Lister = async (settings, signal, most) => {
  const answer = await restJson(settings, `${settings.baseURL}/models`, signal, { headers: bearer(settings.apiKey) });
  const { data, object } = Object(answer) as { readonly data?: unknown; readonly object?: unknown };
  // Ollama without models.
  if (data === null && object === 'list') return [];
  if (!Array.isArray(data)) throw noList(settings.id);
  return collect(data as unknown[], chatModel, most);
};

/** An entry of a list in OpenAI's form. The window is named by OpenRouter, vLLM, Groq and llama-server in turn; others name none. */
function chatModel(entry: Readonly<Record<string, unknown>>): Listed | undefined {
  const meta = Object(entry.meta) as { readonly n_ctx?: unknown };
  const { max_completion_tokens: output } = Object(entry.top_provider) as { readonly max_completion_tokens?: unknown };
  return listed(entry.id, entry.context_length ?? entry.max_model_len ?? entry.context_window ?? meta.n_ctx, output);
}

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
  const headers = { 'x-goog-api-key': settings.apiKey ?? '' };
  let token = '';
  const seen = new Set<string>();
  do {
    seen.add(token);
    const url = new URL(`${settings.baseURL}/models`);
    url.searchParams.set('pageSize', String(size));
    if (token !== '') url.searchParams.set('pageToken', token);
    const page = (await restJson(settings, url.href, signal, { headers })) as {
      models?: unknown;
      nextPageToken?: unknown;
    } | null;
    if (!Array.isArray(page?.models)) throw noList(settings.id);
    yield* page.models;
    token = typeof page.nextPageToken === 'string' ? page.nextPageToken : '';
    // A token that comes again would make a ring.
  } while (token !== '' && !seen.has(token));
}
