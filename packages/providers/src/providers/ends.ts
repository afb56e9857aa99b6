/** After the terminal event the server gets so long to close the connection by itself. */
const LINGER_MS = 1000;

/**
 * A `fetch` whose event streams end with their terminal event, also where the server or a proxy holds the connection open after it, or
 * breaks it. Why: the AI SDK tells of an answer's end when the connection ends, and a whole answer would be taken for a broken one.
 * `isTerminal` gets each `data:` line without that word.
 */
export function endingAfter(
  isTerminal: (data: string) => boolean,
  fetch: typeof globalThis.fetch = globalThis.fetch,
  lingerMs: number = LINGER_MS,
): typeof globalThis.fetch {
  return async (input, init) => {
    const response = await fetch(input, init);
    const { body } = response;
    if (body === null || !response.headers.get('content-type')?.includes('text/event-stream')) return response;
    return withBody(response, ended(body, isTerminal, lingerMs));
  };
}

function ended(
  body: ReadableStream<Uint8Array<ArrayBuffer>>,
  isTerminal: (data: string) => boolean,
  lingerMs: number,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let line = '';
  let late: Promise<undefined> | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const look = (bytes: Uint8Array): void => {
    const lines = (line + decoder.decode(bytes, { stream: true })).split('\n');
    line = lines.pop() ?? '';
    if (lines.some((one) => one.startsWith('data:') && isTerminal(one.slice(5))))
      late = new Promise((resolve) => (timer = setTimeout(resolve, lingerMs, undefined)));
  };
  return new ReadableStream<Uint8Array<ArrayBuffer>>(
    {
      async pull(controller) {
        // What breaks after the end breaks nothing.
        const next =
          late === undefined ? await reader.read() : await Promise.race([reader.read().catch(() => undefined), late]);
        if (next === undefined || next.done) {
          clearTimeout(timer);
          controller.close();
          if (next === undefined) reader.cancel().catch(() => undefined);
          return;
        }
        if (late === undefined) look(next.value);
        controller.enqueue(next.value);
      },
      cancel(reason) {
        clearTimeout(timer);
        return reader.cancel(reason);
      },
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
