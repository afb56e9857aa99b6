import type { AttachmentInput } from '@reprise/core';
import { RepriseError } from '@reprise/core/turn';

/** No provider takes more at once; servers refuse larger bodies. */
const MOST_BYTES = 33_554_432;
/** So many bytes become characters at once: more arguments than this, and an engine may refuse the call. */
const SLICE = 8190;

/** An attachment as it goes over the wire: text, or bytes as base64. INVALID_INPUT for one that is too large. */
export async function wireFile(attachment: AttachmentInput): Promise<object> {
  if (attachment instanceof Blob) {
    const { type, name } = attachment as Blob & { readonly name?: string };
    if (attachment.size > MOST_BYTES) throw tooLarge(name);
    const data = base64(new Uint8Array(await attachment.arrayBuffer()));
    return { data, ...(type !== '' && { mediaType: type }), ...(name !== undefined && { name }) };
  }
  if (!('data' in attachment)) return attachment;
  const { data, ...facts } = attachment;
  if (typeof data === 'string') return { data, ...facts };
  const bytes = data instanceof Uint8Array ? data : await collected(data, facts.name);
  if (bytes.length > MOST_BYTES) throw tooLarge(facts.name);
  return { data: base64(bytes), ...facts };
}

async function collected(stream: AsyncIterable<Uint8Array>, name: string | undefined): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  let size = 0;
  for await (const piece of stream) {
    size += piece.length;
    if (size > MOST_BYTES) throw tooLarge(name);
    pieces.push(piece);
  }
  const whole = new Uint8Array(size);
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}

function base64(bytes: Uint8Array): string {
  let text = '';
  for (let at = 0; at < bytes.length; at += SLICE) text += String.fromCharCode(...bytes.subarray(at, at + SLICE));
  return btoa(text);
}

function tooLarge(name = 'an attachment'): RepriseError {
  return new RepriseError('INVALID_INPUT', `${name} is larger than ${MOST_BYTES} bytes.`, {
    hint: 'Send less of it, or put it where the tools of the server can read it.',
  });
}
