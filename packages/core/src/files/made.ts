import type { JSONValue, LanguageModelV4StreamPart } from '@ai-sdk/provider';
import { toBase64 } from './base64.ts';

type FilePart = Extract<LanguageModelV4StreamPart, { type: 'file' | 'reasoning-file' }>;

/** A file that a model made, as JSON keeps it: bytes as base64 (most providers send that anyway). */
export function storedFile(part: FilePart): JSONValue {
  const { data } = part;
  if (data.type !== 'data' || typeof data.data === 'string') return part as unknown as JSONValue;
  return { ...part, data: { type: 'data', data: toBase64(data.data) } } as unknown as JSONValue;
}
