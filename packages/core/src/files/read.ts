import type { AttachmentInput } from '../contracts/session.ts';
import { RepriseError } from '../errors.ts';
import type { StoredFile } from '../records/types.ts';
import { orAborted } from '../session/or-aborted.ts';
import { fromBase64 } from './base64.ts';
import { kindOf, sniff, textOf } from './kind.ts';
import { sizeText } from './limits.ts';
import { measure } from './measure.ts';

/** A file that was read, before it is kept. */
export interface NewFile extends Omit<StoredFile, 'sha256' | 'data'> {
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** No provider takes more at once, so nothing more is read into memory. */
const MOST_BYTES = 33_554_432;
const DATA_URL = /^data:([^,;]*)((?:;[^,;]*)*?)(;base64)?,/;
const MEDIA_TYPE = /^[a-z]+\/[a-z0-9][a-z0-9.+_-]*$/;

/** Throws INVALID_INPUT for what is no attachment, as far as that can be told before it is read. */
export function checkAttachment(input: unknown): asserts input is AttachmentInput {
  const { data, text, mediaType, name } = Object(input) as Record<string, unknown>;
  const isBlob = input instanceof Blob;
  const given = typeof text === 'string' || typeof data === 'string' || data instanceof Uint8Array || isIterable(data);
  if (!isBlob && !given) {
    throw new RepriseError('INVALID_INPUT', 'An attachment has no data.', {
      hint: 'Give { data, mediaType?, name? } with bytes, a stream of them, base64 or a data URL; { text, name? }; or a Blob.',
    });
  }
  if (isBlob) return;
  if (mediaType !== undefined && (typeof mediaType !== 'string' || !MEDIA_TYPE.test(baseType(mediaType))))
    throw new RepriseError('INVALID_INPUT', `${JSON.stringify(mediaType)} is no media type.`, {
      hint: 'For example "image/png" or "text/plain"; without one it is told from the bytes.',
    });
  if (name !== undefined && typeof name !== 'string')
    throw new RepriseError('INVALID_INPUT', 'The name of an attachment must be a string.');
}

/** The file behind an attachment. INVALID_INPUT for what can't be one; rejects with the signal's reason. */
export async function readAttachment(input: AttachmentInput, signal: AbortSignal): Promise<NewFile> {
  if (input instanceof Blob) {
    const name = 'name' in input && typeof input.name === 'string' ? input.name : undefined;
    if (input.size > MOST_BYTES) throw tooMuch(name);
    return fileOf(new Uint8Array(await orAborted(input.arrayBuffer(), signal)), input.type || undefined, name);
  }
  const { name, mediaType } = input;
  if ('text' in input && typeof input.text === 'string')
    return fileOf(new TextEncoder().encode(input.text), mediaType ?? 'text/plain', name);
  const { data } = input as Extract<typeof input, { data: unknown }>;
  if (typeof data === 'string') {
    const url = DATA_URL.exec(data);
    const body = url === null ? data : data.slice(url[0].length);
    const isText = url !== null && url[3] === undefined;
    const bytes = isText ? new TextEncoder().encode(unescaped(body)) : fromBase64(body);
    if (bytes === undefined) throw invalid(name, 'is no base64 and no data URL', 'Pass text as { text }.');
    return fileOf(bytes, mediaType ?? (url?.[1] || undefined), name);
  }
  if (data instanceof Uint8Array) return fileOf(data.slice(), mediaType, name);
  return fileOf(await collect(data, name, signal), mediaType, name);
}

/** What the bytes are, by themselves first; a wrong type would be refused by the provider. */
export function fileOf(
  bytes: Uint8Array<ArrayBuffer>,
  declared: string | undefined,
  name: string | undefined,
): NewFile {
  if (bytes.length > MOST_BYTES) throw tooMuch(name);
  if (bytes.length === 0) throw invalid(name, 'is empty', 'Leave it out.');
  const mediaType = typeOf(bytes, declared === undefined ? undefined : baseType(declared));
  if (mediaType === undefined) {
    throw invalid(
      name,
      declared === undefined ? 'is neither a text nor of a type that is known' : `does not hold ${baseType(declared)}`,
      'Models take images (PNG, JPEG, WebP, GIF), PDF, sound (WAV, MP3) and text in UTF-8.',
    );
  }
  return { bytes, mediaType, size: bytes.length, ...(name !== undefined && { name }), ...measure(bytes, mediaType) };
}

/** `undefined` where the bytes are not what they are said to be, or nobody could take them. */
export function typeOf(bytes: Uint8Array, declared: string | undefined): string | undefined {
  const kind = declared === undefined ? 'other' : kindOf(declared);
  const found = sniff(bytes);
  if (kind !== 'text' && found !== undefined) return found;
  if (kind !== 'text' && kind !== 'other') return undefined;
  if (textOf(bytes) === undefined) return undefined;
  return kind === 'text' ? declared : 'text/plain';
}

/** Bytes of a stream, as long as it is no longer than what could be sent. */
export async function collect(
  data: AsyncIterable<Uint8Array>,
  name: string | undefined,
  signal: AbortSignal,
): Promise<Uint8Array<ArrayBuffer>> {
  const parts: Uint8Array[] = [];
  let size = 0;
  const iterator = data[Symbol.asyncIterator]();
  try {
    for (;;) {
      const { done, value } = await orAborted(iterator.next(), signal);
      if (done) break;
      if (!(value instanceof Uint8Array)) throw invalid(name, 'is a stream of something else than bytes');
      size += value.length;
      if (size > MOST_BYTES) throw tooMuch(name);
      parts.push(value);
    }
  } catch (error) {
    void Promise.resolve(iterator.return?.()).catch(() => undefined);
    throw error;
  }
  return joined(parts, size);
}

export function joined(parts: readonly Uint8Array[], size: number): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(size);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

function baseType(mediaType: string): string {
  return (mediaType.split(';', 1)[0] ?? '').trim().toLowerCase();
}

function isIterable(value: unknown): value is AsyncIterable<Uint8Array> {
  return typeof value === 'object' && value !== null && Symbol.asyncIterator in value;
}

function unescaped(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function invalid(name: string | undefined, what: string, hint?: string): RepriseError {
  const which = name === undefined ? 'The attachment' : `The attachment ${JSON.stringify(name)}`;
  return new RepriseError('INVALID_INPUT', `${which} ${what}.`, hint === undefined ? {} : { hint });
}

function tooMuch(name: string | undefined): RepriseError {
  return invalid(name, `has more than ${sizeText(MOST_BYTES)}`, 'Let a tool read it in parts.');
}
