import type { Capabilities, ModelInfo } from '../contracts/model.ts';
import type { StoredFile } from '../records/types.ts';
import { base64Length } from './base64.ts';
import { kindOf } from './kind.ts';

/** What one request may hold of files. Bytes as they are sent: base64, but of texts the text. */
export interface FileLimits {
  readonly image: number;
  readonly document: number;
  /** All files of one request; the rest of its limit is left to the conversation. */
  readonly total: number;
  readonly count: number;
  /** Pixels of an image's longer edge. */
  readonly edge: number;
  /** With more images than this, only such as have no edge above `manyEdge`. */
  readonly many: number;
  readonly manyEdge: number;
  readonly images: ReadonlySet<string>;
  /** Whether a tool's result may hold files. */
  readonly inResults: boolean;
}

const MB = 1_048_576;
const COMMON = ['image/png', 'image/jpeg', 'image/webp'];
const NONE = Number.MAX_SAFE_INTEGER;

/** The largest text file that a message takes. Much larger ones are for tools to read in parts. */
const TEXT = MB;

/** The limits that are no provider's, for servers of which nobody knows. */
const STRICTEST: FileLimits = {
  image: 5 * MB,
  document: 14 * MB,
  total: 14 * MB,
  count: 20,
  edge: 8000,
  many: 20,
  manyEdge: 2000,
  images: new Set(['image/png', 'image/jpeg']),
  inResults: false,
};

const LIMITS: Readonly<Record<Capabilities['rules'], FileLimits>> = {
  // "Vision" and "PDF support" of Anthropic's documentation: 5 MB an image, counted in base64 (`image exceeds 5 MB maximum: … bytes > 5242880
  // bytes`), 32 MB a request, 100 images, 8,000 pixels, and 2,000 where a request holds more than 20 images.
  anthropic: {
    ...STRICTEST,
    document: 24 * MB,
    total: 24 * MB,
    count: 100,
    images: new Set([...COMMON, 'image/gif']),
    inResults: true,
  },
  // "Images and vision" and "File inputs" of OpenAI's documentation: 20 MB an image, 50 MB of images or of files, 500 images.
  'openai-responses': {
    image: 20 * MB,
    document: 40 * MB,
    total: 40 * MB,
    count: 500,
    edge: NONE,
    many: NONE,
    manyEdge: NONE,
    images: new Set([...COMMON, 'image/gif']),
    inResults: true,
  },
  // Chat completions know no file in a tool's message.
  'openai-chat': { ...STRICTEST, images: new Set([...COMMON, 'image/gif']), edge: NONE, many: NONE },
  // "Image understanding" and "File input methods" of the Gemini documentation: 20 MB a request with data in it, GIF is not taken.
  google: {
    image: 14 * MB,
    document: 14 * MB,
    total: 16 * MB,
    count: 1000,
    edge: NONE,
    many: NONE,
    manyEdge: NONE,
    images: new Set([...COMMON, 'image/heic', 'image/heif']),
    inResults: true,
  },
  strictest: STRICTEST,
};

export function limitsOf({ rules }: Capabilities): FileLimits {
  return LIMITS[rules];
}

type Facts = Pick<StoredFile, 'mediaType' | 'size' | 'pixels'>;

/** Bytes that a file takes in a request. */
export function weightOf({ mediaType, size }: Facts): number {
  return kindOf(mediaType) === 'text' ? size : base64Length(size);
}

/** Whether a model can be shown a file of this type; `inResult`: by a tool. */
export function takes(mediaType: string, capabilities: Capabilities, inResult: boolean): boolean {
  const kind = kindOf(mediaType);
  const limits = limitsOf(capabilities);
  if (kind === 'text') return true;
  if (kind === 'other' || !capabilities.input.includes(kind) || (inResult && !limits.inResults)) return false;
  return kind !== 'image' || limits.images.has(mediaType);
}

/** Why a file is too large to be sent at all, in words that follow "it"; `undefined` where it is not. */
export function tooLarge(file: Facts, { capabilities }: Pick<ModelInfo, 'capabilities'>): string | undefined {
  const limits = limitsOf(capabilities);
  const kind = kindOf(file.mediaType);
  const edge = Math.max(...(file.pixels ?? [0]));
  if (edge > limits.edge) return `has an edge of ${edge} pixels, and at most ${limits.edge} are taken`;
  const most = kind === 'text' ? TEXT : kind === 'image' ? limits.image : limits.document;
  if (weightOf(file) <= most) return undefined;
  const bytes = kind === 'text' ? most : Math.floor(most / 4) * 3;
  return `has ${sizeText(file.size)}, and at most ${sizeText(bytes)} are taken`;
}

export function sizeText(bytes: number): string {
  if (bytes < 1000) return `${bytes} bytes`;
  return bytes < 1_000_000 ? `${(bytes / 1000).toFixed(1)} kB` : `${(bytes / 1_000_000).toFixed(1)} MB`;
}
