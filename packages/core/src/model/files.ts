import type { JSONValue, LanguageModelV4StreamPart } from '@ai-sdk/provider';

type FilePart = Extract<LanguageModelV4StreamPart, { type: 'file' | 'reasoning-file' }>;

/** `btoa` takes a string, and `String.fromCharCode` only so many arguments. */
const PIECE = 8192;

/** A file that a model made, as JSON keeps it: bytes as base64 (most providers send that anyway). */
export function storedFile(part: FilePart): JSONValue {
  const { data } = part;
  if (data.type !== 'data' || typeof data.data === 'string') return part as unknown as JSONValue;
  return { ...part, data: { type: 'data', data: base64(data.data) } } as unknown as JSONValue;
}

function base64(bytes: Uint8Array): string {
  const pieces: string[] = [];
  for (let at = 0; at < bytes.length; at += PIECE) pieces.push(String.fromCharCode(...bytes.subarray(at, at + PIECE)));
  return btoa(pieces.join(''));
}
