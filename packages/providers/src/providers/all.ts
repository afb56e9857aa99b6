import { anthropic } from './anthropic.ts';
import { compatible } from './compatible.ts';
import { google } from './google.ts';
import { openai } from './openai.ts';
import type { ProviderSpec } from './spec.ts';

/** The built-in providers by the part of a name before the slash. */
export const PROVIDERS: Readonly<Record<string, ProviderSpec>> = {
  anthropic,
  openai,
  google,
  compatible: compatible({ keys: ['OPENAI_COMPATIBLE_API_KEY'], baseUrls: ['OPENAI_COMPATIBLE_BASE_URL'] }),
  ollama: compatible({ keys: [], baseUrls: ['OLLAMA_BASE_URL'], defaultUrl: 'http://127.0.0.1:11434/v1' }),
  lmstudio: compatible({ keys: [], baseUrls: ['LMSTUDIO_BASE_URL'], defaultUrl: 'http://127.0.0.1:1234/v1' }),
  openrouter: compatible({
    keys: ['OPENROUTER_API_KEY'],
    needsKey: true,
    baseUrls: ['OPENROUTER_BASE_URL'],
    defaultUrl: 'https://openrouter.ai/api/v1',
    // Its model list is public.
    keyPath: '/key',
  }),
};
