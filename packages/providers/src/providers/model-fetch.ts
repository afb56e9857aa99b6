import { RepriseError } from '@reprise/core';
import { answerStream, type Ending } from './answer-stream.ts';
import { refusalIn } from './refusal.ts';
import type { ProviderSettings } from './spec.ts';

/** So much of the body of a failed answer is read. */
const MOST_OF_A_FAILURE = 1_048_576;

/**
 * The `fetch` of every model call. What is no answer of a model API (a redirection, a web page, JSON in place of a stream) becomes an error
 * that says so; without it the AI SDK finds no event in it and tells of a broken connection, which is then tried again. A failure's body is
 * read up to 1 MiB. Streams end as `answerStream` says.
 */
export function modelFetch(settings: ProviderSettings, ending: Ending = {}): typeof globalThis.fetch {
  const fetch = settings.fetch ?? globalThis.fetch;
  return async (input, init) => {
    const response = await fetch(input, init);
    const { body, status } = response;
    if (status >= 300 && status < 400) throw elsewhere(response, String(input), settings);
    if (body === null) return response;
    if (!response.ok) return withBody(response, atMost(MOST_OF_A_FAILURE, body));
    const reader = body.getReader();
    const first = await reader.read().catch((error: unknown) => ({ error }));
    if ('value' in first && first.value && beginsOtherwise(first.value))
      throw await refusalIn(reader, first.value, response, settings);
    return withBody(response, answerStream(reader, first, ending));
  };
}

/** Event streams begin with a field's name or a comment, never so. */
function beginsOtherwise(bytes: Uint8Array): boolean {
  const begin = new TextDecoder().decode(bytes.subarray(0, 64)).trimStart();
  return /^[<[{]/.test(begin);
}

function elsewhere({ status, headers, body }: Response, url: string, settings: ProviderSettings): RepriseError {
  body?.cancel().catch(() => undefined);
  const location = headers.get('location');
  const to = location !== null && URL.canParse(location, url) ? new URL(location, url) : undefined;
  const where = to === undefined ? '' : ` to ${to.origin}${to.pathname}`;
  // Following it would send the key along.
  return new RepriseError('MODEL_NOT_FOUND', `${settings.id} redirects${where} (${status}), which is not followed.`, {
    hint: `Set ${settings.addressIn} to the address itself.`,
    details: { provider: settings.id, status },
  });
}

function atMost(bytes: number, body: ReadableStream<Uint8Array<ArrayBuffer>>): ReadableStream<Uint8Array<ArrayBuffer>> {
  const reader = body.getReader();
  let left = bytes;
  return new ReadableStream<Uint8Array<ArrayBuffer>>(
    {
      async pull(controller) {
        const { done, value } = await reader.read();
        if (done) return controller.close();
        controller.enqueue(value.subarray(0, left));
        left -= value.byteLength;
        if (left > 0) return;
        controller.close();
        reader.cancel().catch(() => undefined);
      },
      cancel: (reason) => reader.cancel(reason),
    },
    { highWaterMark: 0 },
  );
}

/** The same answer with another body. What `nodeFetch` gives is no `Response`, and naming that class would load all of undici. */
function withBody(response: Response, body: ReadableStream<Uint8Array<ArrayBuffer>>): Response {
  if (Object.getPrototypeOf(response) === Object.prototype)
    return Object.create(response, { body: { value: body, enumerable: true } }) as Response;
  const Made = response.constructor as typeof Response;
  return new Made(body, { status: response.status, statusText: response.statusText, headers: response.headers });
}
