import { RepriseError } from '@reprise/core';
import type { ErrorCode } from '@reprise/core';

/** Where a request is refused with another status than its code's. */
export class Refusal extends RepriseError {
  readonly status: number;

  constructor(status: number, message: string, hint?: string, code: ErrorCode = 'INVALID_INPUT') {
    super(code, message, hint === undefined ? {} : { hint });
    this.status = status;
  }
}

const JSON_TYPE = /^application\/json(\s*;\s*charset="?utf-8"?)?$/i;

/** A body, and how many bytes it had. */
export interface Body {
  readonly value: unknown;
  readonly size: number;
}

/** The JSON of a body. 415 for another type, 413 for more than `limit` bytes, 400 for what is no JSON; `undefined` for no body at all. */
export async function readJson(request: Request, limit: number): Promise<Body | undefined> {
  if (request.body === null) return undefined;
  const type = request.headers.get('content-type');
  if (type !== null && !JSON_TYPE.test(type.trim())) throw notJson();
  if (Number(request.headers.get('content-length') ?? 0) > limit) throw tooLarge(limit);
  const pieces: Uint8Array[] = [];
  let size = 0;
  for await (const piece of request.body) {
    size += piece.byteLength;
    // A body that does not say what it is may only be none.
    if (type === null && size > 0) throw notJson();
    if (size > limit) throw tooLarge(limit);
    pieces.push(piece);
  }
  if (size === 0) return undefined;
  const bytes = joined(pieces, size);
  if (isDeep(bytes)) throw new RepriseError('INVALID_INPUT', `The body is nested deeper than ${DEEPEST} levels.`);
  try {
    return { value: JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)), size };
  } catch (cause) {
    throw new RepriseError('INVALID_INPUT', 'The body is no JSON.', { cause });
  }
}

/** Levels of a body. What is read must be written again, and `JSON.stringify` has an end at some thousands. */
const DEEPEST = 1000;

const [QUOTE, BACKSLASH] = [0x22, 0x5c];
/** `{` and `[`, `}` and `]` differ in this bit, and no other byte of JSON is the same without it. */
const [OPEN, CLOSE, CURLY] = [0x5b, 0x5d, 0x20];

/** By its brackets, before it is parsed: a plain loop, for an import has up to 64 MiB. */
function isDeep(bytes: Uint8Array): boolean {
  let depth = 0;
  let inText = false;
  for (let i = 0; i < bytes.length; i += 1) {
    const byte = bytes[i] ?? 0;
    if (inText) {
      if (byte === BACKSLASH) i += 1;
      else if (byte === QUOTE) inText = false;
    } else if (byte === QUOTE) inText = true;
    else if ((byte & ~CURLY) === OPEN && (depth += 1) > DEEPEST) return true;
    else if ((byte & ~CURLY) === CLOSE) depth -= 1;
  }
  return false;
}

function notJson(): Refusal {
  return new Refusal(415, 'The body must be JSON.', 'Send it with `Content-Type: application/json`.');
}

function tooLarge(limit: number): Refusal {
  return new Refusal(413, `The body is larger than ${limit} bytes.`);
}

function joined(pieces: readonly Uint8Array[], size: number): Uint8Array {
  const first = pieces[0];
  if (pieces.length === 1 && first !== undefined) return first;
  const whole = new Uint8Array(size);
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.byteLength;
  }
  return whole;
}
