import type { FileHandle } from 'node:fs/promises';
import type { ToolContext } from '@reprise/core';
import type { Place } from '../io/confine.ts';
import { toolError } from '../io/errors.ts';
import type { ReadOutput } from '../tools/read.ts';

/** Bytes that every provider takes of an image (5 MB of base64 with Anthropic) and of a document. */
const IMAGE = 3_900_000;
const DOCUMENT = 10_000_000;

/** How files begin that models can be shown, as Latin-1. */
const BEGINNINGS: readonly (readonly [RegExp, string])[] = [
  [/^\x89PNG\r\n\x1a\n/, 'image/png'],
  [/^\xff\xd8\xff/, 'image/jpeg'],
  [/^GIF8[79]a/, 'image/gif'],
  [/^RIFF[^]{4}WEBP/, 'image/webp'],
  [/^%PDF-/, 'application/pdf'],
];

/** An image or a PDF, kept with the session for the model to see. `undefined` for other bytes. */
export async function showPicture(
  { named }: Place,
  handle: FileHandle,
  head: Buffer,
  size: number,
  { keep }: ToolContext,
): Promise<ReadOutput | undefined> {
  const start = head.toString('latin1', 0, 16);
  const mediaType = BEGINNINGS.find(([beginning]) => beginning.test(start))?.[1];
  if (mediaType === undefined) return undefined;
  const most = mediaType === 'application/pdf' ? DOCUMENT : IMAGE;
  if (size > most)
    throw toolError(
      `${named} (${mediaType}) has ${size} bytes; at most ${most} can be shown.`,
      'Make a smaller copy of it with bash.',
    );
  const bytes = Buffer.alloc(size);
  const { bytesRead } = await handle.read(bytes, 0, size, 0);
  const { sha256 } = await keep(bytes.subarray(0, bytesRead), mediaType);
  return { output: `${mediaType}, ${bytesRead} bytes`, path: named, lines: 0, file: { sha256, mediaType } };
}
