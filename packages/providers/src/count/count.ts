import { RepriseError } from '@reprise/core';
import { credentialProblem } from '../settings.ts';
import { failureOf } from '../vendor/failure.ts';
import { captured, type CapturedRequest, type CountedCall } from './captured.ts';
import type { Counted } from './counter.ts';

type Rules = 'anthropic' | 'openai-responses' | 'google';

/**
 * Tokens of a call as the provider counts them; one request, no retry. AUTH before anything is imported or sent where
 * the key is missing, UNSUPPORTED where the vendor's SDK is not installed or the address does not count.
 */
export async function countTokens(
  model: Counted,
  rules: Rules,
  call: CountedCall,
  signal: AbortSignal,
): Promise<number> {
  const problem = credentialProblem(model.spec, model.settings);
  if (problem) throw problem;
  try {
    signal.throwIfAborted();
    const tokens = await COUNTERS[rules](model, await captured(model, call), signal);
    if (Number.isSafeInteger(tokens) && Number(tokens) >= 0) return Number(tokens);
    throw new RepriseError('PROVIDER', `${model.settings.id} answered without a number of tokens.`);
  } catch (error) {
    const failure = failureOf(error, model, signal);
    if (failure.code === 'PROVIDER' && statusOf(error) === 404)
      throw new RepriseError('UNSUPPORTED', `The address of ${model.settings.id} does not count tokens.`, {
        hint: 'Rely on the estimate there.',
        cause: error,
      });
    throw failure;
  }
}

/** What each provider answers in place of the number is for the caller to check. */
const COUNTERS: Record<Rules, (model: Counted, request: CapturedRequest, signal: AbortSignal) => Promise<unknown>> = {
  anthropic: async ({ settings }, { body, versions }, signal) => {
    const { anthropicClient } = await import('../vendor/anthropic.ts');
    const client = await anthropicClient(settings);
    const params = only(body, ANTHROPIC) as unknown as Parameters<typeof client.messages.countTokens>[0];
    // The client's own version may refuse what the AI SDK's still takes, and count it otherwise.
    return (await client.messages.countTokens(params, { signal, headers: versions })).input_tokens;
  },
  'openai-responses': async ({ settings }, { body }, signal) => {
    const { openaiClient } = await import('../vendor/openai.ts');
    const client = await openaiClient(settings);
    return (await client.responses.inputTokens.count(only(body, RESPONSES), { signal })).input_tokens;
  },
  google: async ({ settings }, { url, body: request }, signal) => {
    const { restJson } = await import('../vendor/rest.ts');
    const [address = url] = url.split(/:streamGenerateContent\b/);
    // Contents alone would be counted without the system instruction.
    const generateContentRequest = { model: address.slice(settings.baseURL.length + 1), ...request };
    const headers = { 'x-goog-api-key': settings.apiKey ?? '' };
    const body = { generateContentRequest };
    const answer = await restJson(settings, `${address}:countTokens`, signal, { headers, body });
    return (answer as { totalTokens?: unknown } | null)?.totalTokens;
  },
};

/** What the counting requests take of a request (as of @anthropic-ai/sdk 1.12 and openai 7.57); the rest is a 400 there. */
const ANTHROPIC = [
  'messages',
  'model',
  'cache_control',
  'output_config',
  'speed',
  'system',
  'thinking',
  'tool_choice',
  'tools',
];
const RESPONSES = [
  'conversation',
  'input',
  'instructions',
  'model',
  'parallel_tool_calls',
  'previous_response_id',
  'reasoning',
  'text',
  'tool_choice',
  'tools',
  'truncation',
];

function only(body: CapturedRequest['body'], names: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(Object.entries(body).filter(([name]) => names.includes(name)));
}

function statusOf(error: unknown): unknown {
  return (error as { status?: unknown } | null)?.status;
}
