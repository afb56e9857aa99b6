import { RepriseError, classify } from '@reprise/core';
import type { ProviderSettings } from './spec.ts';

/** So much is read of what is no event stream. */
const MOST = 65_536;

/** What a good status with another body than an event stream means. Reads a little more of it, and closes the connection. */
export async function refusalIn(
  reader: ReadableStreamDefaultReader<Uint8Array>,
  begin: Uint8Array,
  { status, headers }: Response,
  settings: ProviderSettings,
): Promise<Error> {
  const text = await textOf(reader, begin);
  const address = `Check ${settings.addressIn}: its server answered, but not with a model’s answer.`;
  if (text.trimStart().startsWith('<'))
    // A proxy's page, or that of a web application that answers every path.
    return new RepriseError('MODEL_NOT_FOUND', `${settings.id} answered with a web page (${status}).`, {
      hint: address,
      details: { provider: settings.id, status },
    });
  const told = errorIn(text);
  if (told === undefined)
    return new RepriseError('UNSUPPORTED', `${settings.id} answered with JSON in place of a stream of events.`, {
      hint: `${address} Models are called with streaming.`,
      details: { provider: settings.id, status },
    });
  const error = Object.assign(new Error(), {
    ...told,
    responseBody: text,
    responseHeaders: Object.fromEntries(headers),
  });
  error.message = classify(error, 0).message;
  return error;
}

async function textOf(reader: ReadableStreamDefaultReader<Uint8Array>, begin: Uint8Array): Promise<string> {
  const decoder = new TextDecoder();
  let text = decoder.decode(begin, { stream: true });
  while (text.length < MOST) {
    const { done, value } = await reader.read();
    if (done) break;
    text += decoder.decode(value, { stream: true });
  }
  reader.cancel().catch(() => undefined);
  return text.slice(0, MOST);
}

/** The facts of an error that came as JSON: some gateways send every error so, with the status inside. */
function errorIn(text: string): { readonly statusCode?: number } | undefined {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return undefined;
  }
  const [whole] = Array.isArray(json) ? (json as unknown[]) : [json];
  const { error, message, detail, code, status } = Object(whole) as Readonly<Record<string, unknown>>;
  const found = [error, message, detail].find((each) => each !== undefined && each !== null);
  if (found === undefined) return undefined;
  const inner = Object(found) as Readonly<Record<string, unknown>>;
  const number = [inner.code, inner.status, code, status].map(Number).find((each) => each >= 400 && each < 600);
  return number === undefined ? {} : { statusCode: number };
}
