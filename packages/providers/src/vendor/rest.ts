import { RepriseError } from '@reprise/core';
import type { ProviderSettings } from '../providers/spec.ts';

/** Of lists and counts; nobody's list is a hundredth of it. */
const MOST = 16 * 1_048_576;

/** One JSON request without a vendor's SDK; what it answers, unchecked. A refusal is thrown with its `status`. */
export async function restJson(
  settings: ProviderSettings,
  url: string,
  signal: AbortSignal,
  { headers, body }: { readonly headers: Readonly<Record<string, string>>; readonly body?: unknown },
): Promise<unknown> {
  const send = settings.fetch ?? globalThis.fetch;
  const response = await send(url, {
    method: body === undefined ? 'GET' : 'POST',
    headers: {
      accept: 'application/json',
      ...(body !== undefined && { 'content-type': 'application/json' }),
      ...headers,
      ...settings.headers,
    },
    signal,
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  const text = await textOf(response, settings);
  if (response.ok) return parsed(text, settings);
  // The message of a failure is what its body says; see `classify`.
  throw Object.assign(new Error(`HTTP ${response.status}`), {
    status: response.status,
    responseBody: text.slice(0, 65_536),
  });
}

async function textOf({ body }: Response, { id }: ProviderSettings): Promise<string> {
  const decoder = new TextDecoder();
  let text = '';
  for await (const bytes of body ?? []) {
    text += decoder.decode(bytes, { stream: true });
    if (text.length > MOST) throw new RepriseError('PROVIDER', `${id} answered with more than ${MOST} characters.`);
  }
  return text + decoder.decode();
}

function parsed(text: string, { id }: ProviderSettings): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (cause) {
    throw new RepriseError('PROVIDER', `${id} answered with something that is no JSON.`, { cause });
  }
}
