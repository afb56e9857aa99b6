import { RepriseError } from '@reprise/core';

/** Where a request is refused with another status than its code's. */
export class Refusal extends RepriseError {
  readonly status: number;

  constructor(status: number, message: string, hint?: string) {
    super('INVALID_INPUT', message, hint === undefined ? {} : { hint });
    this.status = status;
  }
}

const JSON_TYPE = /^application\/json(\s*;\s*charset="?utf-8"?)?$/i;

/** The JSON of a body. 415 for another type, 413 for more than `limit` bytes, 400 for what is no JSON; `undefined` for no body at all. */
export async function readJson(request: Request, limit: number): Promise<unknown> {
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
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(joined(pieces, size));
    return JSON.parse(text) as unknown;
  } catch (cause) {
    throw new RepriseError('INVALID_INPUT', 'The body is no JSON.', { cause });
  }
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
