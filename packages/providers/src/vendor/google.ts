import { RepriseError } from '@reprise/core';
import type { ProviderSettings } from '../providers/spec.ts';

/** One JSON request to Google's REST interface; what it answers, unchecked. A refusal is thrown with its `status`. */
export async function googleJson(
  settings: ProviderSettings,
  url: string,
  signal: AbortSignal,
  body?: unknown,
): Promise<unknown> {
  const send = settings.fetch ?? globalThis.fetch;
  const headers = {
    accept: 'application/json',
    ...(body !== undefined && { 'content-type': 'application/json' }),
    'x-goog-api-key': settings.apiKey ?? '',
    ...settings.headers,
  };
  const response = await send(url, {
    method: body === undefined ? 'GET' : 'POST',
    headers,
    signal,
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  if (response.ok) return parsed(text);
  throw Object.assign(new Error(messageIn(text) ?? `Google answered ${response.status}.`), {
    status: response.status,
    responseBody: text.slice(0, 2000),
  });
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (cause) {
    throw new RepriseError('PROVIDER', 'Google answered with something that is no JSON.', { cause });
  }
}

function messageIn(text: string): string | undefined {
  if (!text.trimStart().startsWith('{')) return undefined;
  const error = (parsed(text) as { error?: { message?: unknown } }).error;
  return typeof error?.message === 'string' ? error.message : undefined;
}
