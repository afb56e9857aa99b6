import type { IncomingMessage } from 'node:http';
import { NodeHeaders } from './node-headers.ts';

/** A request's body as bytes; undefined = none. */
export function bodyOf(body: unknown): Uint8Array | undefined {
  if (body === undefined || body === null) return undefined;
  if (typeof body === 'string') return new TextEncoder().encode(body);
  if (body instanceof Uint8Array) return body;
  throw new TypeError('nodeFetch takes a string or a Uint8Array as body.');
}

/** The members of `Response` that are kept. */
type Kept = Pick<
  Response,
  | 'ok'
  | 'status'
  | 'statusText'
  | 'url'
  | 'redirected'
  | 'type'
  | 'body'
  | 'bodyUsed'
  | 'text'
  | 'json'
  | 'bytes'
  | 'arrayBuffer'
> & { readonly headers: NodeHeaders };

/**
 * `message` in the shape of a `Response`. Not an instance of the global class, whose first use loads undici: `clone`, `blob`
 * and `formData` are missing, which no provider package calls (checked in @ai-sdk/provider-utils 5.0.81).
 */
export function nodeResponse(url: string, message: IncomingMessage, signal?: AbortSignal): Response {
  const status = message.statusCode ?? 0;
  const headers = new NodeHeaders(pairs(message.rawHeaders));
  const body = status === 204 || status === 304 ? null : streamOf(message, signal);
  if (body === null) message.resume();
  let used = false;
  const bytes = async (): Promise<Uint8Array<ArrayBuffer>> => {
    if (used || body?.locked) throw new TypeError('Body is unusable: Body has already been read');
    used = true;
    return body === null ? new Uint8Array() : readAll(body);
  };
  const text = async (): Promise<string> => new TextDecoder().decode(await bytes());
  const response: Kept = {
    ok: status >= 200 && status < 300,
    status,
    statusText: message.statusMessage ?? '',
    url,
    redirected: false,
    type: 'basic',
    headers,
    body,
    get bodyUsed() {
      return used || (body?.locked ?? false);
    },
    bytes,
    text,
    json: async () => JSON.parse(await text()) as unknown,
    arrayBuffer: async () => (await bytes()).buffer,
  };
  return response as unknown as Response;
}

function pairs(raw: readonly string[]): [string, string][] {
  const out: [string, string][] = [];
  for (let i = 0; i + 1 < raw.length; i += 2) out.push([raw[i] ?? '', raw[i + 1] ?? '']);
  return out;
}

/** The message as a web stream: read as it is asked for, destroyed when cancelled, an error of `fetch`'s shape when cut. */
function streamOf(message: IncomingMessage, signal: AbortSignal | undefined): ReadableStream<Uint8Array<ArrayBuffer>> {
  let cancelled = false;
  return new ReadableStream<Uint8Array<ArrayBuffer>>(
    {
      start(controller) {
        let cause: Error | undefined;
        message.on('data', (chunk: Buffer<ArrayBuffer>) => {
          if (cancelled) return;
          controller.enqueue(new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.byteLength));
          if ((controller.desiredSize ?? 0) <= 0) message.pause();
        });
        message.on('error', (error: Error) => void (cause = error));
        // The one event that always comes, after the end or after an error.
        message.on('close', () => {
          if (cancelled) return;
          if (message.complete) controller.close();
          else
            controller.error(
              signal?.aborted ? signal.reason : new TypeError('terminated', { cause: cause ?? reset() }),
            );
        });
        message.pause();
      },
      pull() {
        message.resume();
      },
      cancel() {
        cancelled = true;
        message.destroy();
      },
    },
    // Bytes, as sockets count them: at most one read of a socket waits here.
    { highWaterMark: 16_384, size: (chunk) => chunk?.byteLength ?? 0 },
  );
}

function reset(): Error {
  return Object.assign(new Error('The connection was closed before the response was complete.'), {
    code: 'ECONNRESET',
  });
}

async function readAll(body: ReadableStream<Uint8Array<ArrayBuffer>>): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of body) {
    chunks.push(chunk);
    length += chunk.byteLength;
  }
  const all = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    all.set(chunk, at);
    at += chunk.byteLength;
  }
  return all;
}
