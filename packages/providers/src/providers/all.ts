import { anthropic } from './anthropic.ts';
import { compatible } from './compatible.ts';
import { google } from './google.ts';
import { localServer, ollamaUrl } from './local.ts';
import { openai } from './openai.ts';
import type { ProviderSpec } from './spec.ts';

/** The built-in providers by the part of a name before the slash. */
export const PROVIDERS: Readonly<Record<string, ProviderSpec>> = {
  anthropic,
  openai,
  google,
  compatible: compatible({ keys: ['OPENAI_COMPATIBLE_API_KEY'], baseUrls: ['OPENAI_COMPATIBLE_BASE_URL'] }),
  // `OLLAMA_HOST` is what its own programs read.
  ollama: localServer({ port: 11434, baseUrls: ['OLLAMA_BASE_URL', 'OLLAMA_HOST'], toUrl: ollamaUrl }),
  lmstudio: localServer({ port: 1234, baseUrls: ['LMSTUDIO_BASE_URL'] }),
  // Their keys, if any, are in the variables that the servers read themselves.
  vllm: localServer({ port: 8000, baseUrls: ['VLLM_BASE_URL'], keys: ['VLLM_API_KEY'] }),
  'llama-server': localServer({ port: 8080, baseUrls: ['LLAMA_SERVER_BASE_URL'], keys: ['LLAMA_API_KEY'] }),
  openrouter: compatible({
    keys: ['OPENROUTER_API_KEY'],
    needsKey: true,
    baseUrls: ['OPENROUTER_BASE_URL'],
    defaultUrl: 'https://openrouter.ai/api/v1',
    // Its model list is public.
    keyPath: '/key',
  }),
};
