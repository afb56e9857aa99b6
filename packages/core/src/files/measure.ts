import { estimateTokens } from '../context/estimate.ts';
import { kindOf, textOf } from './kind.ts';

export interface Measured {
  /** Tokens that the file takes, about. */
  readonly tokens: number;
  /** Of an image whose header tells them. */
  readonly pixels?: readonly [width: number, height: number];
}

/**
 * Tokens of images and documents, from what the vendors document: Anthropic counts width × height / 750 after scaling to a long edge of 2,576
 * pixels (older models 1,568) and at most 4,784; OpenAI and Google come out below. A page of a PDF is read as text (1,500 to 3,000 tokens)
 * and as an image; 2,500 is in the middle. Google counts 32 tokens a second of sound; 16 kB are about a second of MP3.
 */
const EDGE = 2576;
const PIXELS_A_TOKEN = 750;
const MOST_IMAGE = 4784;
const UNKNOWN_IMAGE = 1600;
const PAGE = 2500;
const BYTES_A_PAGE = 60_000;
const SECOND = 32;
const BYTES_A_SECOND = 16_000;

export function measure(bytes: Uint8Array, mediaType: string): Measured {
  switch (kindOf(mediaType)) {
    case 'text':
      return { tokens: estimateTokens(textOf(bytes) ?? '') };
    case 'image': {
      const pixels = pixelsOf(bytes, mediaType);
      return pixels === undefined ? { tokens: UNKNOWN_IMAGE } : { tokens: imageTokens(pixels), pixels };
    }
    case 'pdf':
      return { tokens: pagesOf(bytes) * PAGE };
    case 'audio':
      return { tokens: Math.ceil(bytes.length / BYTES_A_SECOND) * SECOND };
    default:
      return { tokens: 0 };
  }
}

function imageTokens([width, height]: readonly [number, number]): number {
  const scale = Math.min(1, EDGE / Math.max(width, height, 1));
  return Math.min(MOST_IMAGE, Math.ceil((width * height * scale * scale) / PIXELS_A_TOKEN));
}

/** Width and height from an image's header. */
function pixelsOf(bytes: Uint8Array, mediaType: string): readonly [number, number] | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  try {
    switch (mediaType) {
      case 'image/png':
        return [view.getUint32(16), view.getUint32(20)];
      case 'image/gif':
        return [view.getUint16(6, true), view.getUint16(8, true)];
      case 'image/jpeg':
        return jpegPixels(view);
      case 'image/webp':
        return webpPixels(view);
      default:
        return undefined;
    }
  } catch {
    // A header that ends too early.
    return undefined;
  }
}

/** The frame header is one of the segments; each tells its length. */
function jpegPixels(view: DataView): readonly [number, number] | undefined {
  for (let at = 2; ;) {
    const marker = view.getUint16(at);
    const frame = marker >= 0xffc0 && marker <= 0xffcf && marker !== 0xffc4 && marker !== 0xffc8 && marker !== 0xffcc;
    if (frame) return [view.getUint16(at + 7), view.getUint16(at + 5)];
    if (marker >> 8 !== 0xff) return undefined;
    at += 2 + view.getUint16(at + 2);
  }
}

/** Three kinds of WebP, three places. */
function webpPixels(view: DataView): readonly [number, number] | undefined {
  const chunk = view.getUint32(12);
  if (chunk === 0x56503858) {
    const low = (at: number): number => view.getUint16(at, true) + (view.getUint8(at + 2) << 16) + 1;
    return [low(24), low(27)];
  }
  if (chunk === 0x56503820) return [view.getUint16(26, true) & 0x3fff, view.getUint16(28, true) & 0x3fff];
  if (chunk !== 0x5650384c) return undefined;
  const bits = view.getUint32(21, true);
  return [(bits & 0x3fff) + 1, ((bits >> 14) & 0x3fff) + 1];
}

/** Pages by what the file says of itself, else by its size: newer files hide their structure in compressed streams. */
function pagesOf(bytes: Uint8Array): number {
  const text = new TextDecoder('latin1').decode(bytes);
  const pages = text.match(/\/Type\s*\/Page(?![a-zA-Z])/g)?.length ?? 0;
  const counts = [...text.matchAll(/\/Count\s+(\d{1,5})/g)].map(([, count]) => Number(count));
  return Math.max(1, pages, ...counts) > 1 || pages > 0
    ? Math.max(1, pages, ...counts)
    : Math.max(1, Math.ceil(bytes.length / BYTES_A_PAGE));
}
