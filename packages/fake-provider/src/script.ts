/** What a test scripts: one reply per request, and where it goes wrong. */

export const DIALECTS = ['anthropic', 'openai-responses', 'openai-chat', 'google'] as const;
export type Dialect = (typeof DIALECTS)[number];

/** What a request is for: an answer, the model list, a count of tokens, or facts about the key (OpenRouter's `/v1/key`). */
export type Endpoint = 'generate' | 'models' | 'count' | 'key';

/** One server-sent event. `data` that is a string goes out as it is, anything else as JSON. */
export interface WireEvent {
  readonly event?: string;
  readonly data: unknown;
}

/** What happens to the connection in the end. `stall` holds it open in silence, `keep-alive` with comments only. */
export type Ending = 'end' | 'reset' | 'stall' | 'keep-alive';

/** Where a reply leaves its script: after so many whole events, or after so many bytes of the encoded stream. */
export interface Fault {
  readonly afterEvents?: number;
  readonly afterBytes?: number;
  /** Sent in place of the rest: raw text (garbage), or events (an error event). */
  readonly send?: string | readonly WireEvent[];
  /** `resume` goes on with the rest of the script after `send`. Default: `end`. */
  readonly then?: Ending | 'resume';
}

export interface Reply {
  /** 200 unless told otherwise. */
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** A stream of server-sent events. */
  readonly events?: readonly WireEvent[];
  /** A whole body instead: text as it is, anything else as JSON. */
  readonly body?: unknown;
  readonly fault?: Fault;
  /** After the last event; default `end`. A real API closes; some proxies hold the socket open. */
  readonly ending?: Ending;
  /** Line ends of the stream are CRLF. */
  readonly crlf?: boolean;
  /** Byte offsets at which the stream is cut into separate chunks, or a seed for random places (also inside a character). */
  readonly cuts?: readonly number[] | { readonly seed: number; readonly longest?: number };
  /** Milliseconds before the status line. */
  readonly delayMs?: number;
  /** Milliseconds between chunks (an event is one chunk unless `cuts` says otherwise). */
  readonly dripMs?: number;
  /** Comment lines sent before the first event. */
  readonly comments?: number;
}

/** A request as it came in, byte for byte. */
export interface RecordedRequest {
  readonly dialect: Dialect;
  readonly endpoint: Endpoint;
  readonly method: string;
  /** With the query. */
  readonly path: string;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** Name, value, name, value, … as sent. */
  readonly rawHeaders: readonly string[];
  readonly bytes: Uint8Array;
  readonly text: string;
  /** The parsed body; undefined when it is no JSON. */
  readonly json: any;
  /** `performance.now()` at arrival. */
  readonly at: number;
  /** Resolves once the exchange is over: when, and whether the reply had been sent whole. */
  readonly closed: Promise<{ readonly at: number; readonly whole: boolean }>;
}

/** Events alone stand for a 200 with that stream. A function decides by the request. */
export type Scripted = Reply | readonly WireEvent[] | ((request: RecordedRequest) => Answer | Promise<Answer>);
export type Answer = Reply | readonly WireEvent[];

/** `answer` as a Reply. */
export function toReply(answer: Answer): Reply {
  return isEvents(answer) ? { events: answer } : answer;
}

function isEvents(answer: Answer): answer is readonly WireEvent[] {
  return Array.isArray(answer);
}
