import { isObject, type Json, type Report } from './rules.ts';

const MB = 1_048_576;
const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/;
const DATA_URL = /^data:([a-z]+\/[a-z0-9.+-]+);base64,(.+)$/;

/** How base64 of each type begins. */
const BEGINNINGS: Readonly<Record<string, readonly string[]>> = {
  'image/png': ['iVBORw0KGgo'],
  'image/jpeg': ['/9j/'],
  'image/gif': ['R0lGOD'],
  'image/webp': ['UklGR'],
  'application/pdf': ['JVBERi'],
};

interface MediaRules {
  readonly types: readonly string[];
  /** Characters of base64 of one image. */
  readonly image: number;
}

const ANTHROPIC: MediaRules = { types: ['image/png', 'image/jpeg', 'image/gif', 'image/webp'], image: 5 * MB };
const OPENAI: MediaRules = { types: ANTHROPIC.types, image: 20 * MB };
const GOOGLE: MediaRules = {
  types: [
    'image/png',
    'image/jpeg',
    'image/webp',
    'image/heic',
    'image/heif',
    'application/pdf',
    'audio/wav',
    'audio/mpeg',
  ],
  image: 20 * MB,
};

function checkData(type: unknown, data: unknown, rules: MediaRules, at: string, report: Report): void {
  if (typeof type !== 'string' || !rules.types.includes(type))
    report('media-type', at, `Unsupported type ${String(type)}.`);
  if (typeof data !== 'string' || !BASE64.test(data.slice(0, 1000)))
    return report('media-data', at, 'Base64 is required.');
  const beginnings = BEGINNINGS[String(type)];
  if (beginnings !== undefined && !beginnings.some((beginning) => data.startsWith(beginning)))
    report('media-type', at, `The data does not look like ${String(type)}.`);
  if (String(type).startsWith('image/') && data.length > rules.image)
    report('media-size', at, `image exceeds the maximum: ${data.length} bytes > ${rules.image} bytes.`);
}

/** Images and documents of a Messages request: each by itself, and all of them together. */
export function checkAnthropicMedia(body: Json, report: Report): void {
  const images: string[] = [];
  for (const [block, at] of blocksOf(body.messages, 'messages')) {
    if (block.type !== 'image' && block.type !== 'document') continue;
    const { type, media_type, data } = Object(block.source) as Json;
    if (type !== 'base64') report('media-source', at, `Unknown source ${String(type)}.`);
    else if (block.type === 'document')
      checkData(media_type, data, { types: ['application/pdf'], image: 32 * MB }, at, report);
    else {
      checkData(media_type, data, ANTHROPIC, at, report);
      images.push(String(data));
    }
  }
  const most = images.length > 20 ? 2000 : 8000;
  const wide = images.find((data) => edgeOf(data) > most);
  if (wide !== undefined)
    report(
      'media-edge',
      'messages',
      `An image has an edge of ${edgeOf(wide)} pixels; at most ${most} with ${images.length} images.`,
    );
  if (images.length > 100) report('media-count', 'messages', `${images.length} images; at most 100.`);
  checkTotal(body, images.length > 0 ? 32 * MB : Infinity, report);
}

/** Images and files of a Responses request. */
export function checkResponsesMedia(body: Json, report: Report): void {
  for (const [block, at] of blocksOf(body.input, 'input')) {
    if (block.type === 'input_image') checkUrl(block.image_url, OPENAI, at, report);
    if (block.type !== 'input_file') continue;
    if (typeof block.filename !== 'string' || block.filename === '') report('media-name', at, 'filename is required.');
    checkUrl(block.file_data, { types: ['application/pdf'], image: 50 * MB }, at, report);
  }
  checkTotal(body, 50 * MB, report);
}

/** Images of a chat request; a tool's message holds text alone. */
export function checkChatMedia(body: Json, report: Report): void {
  for (const [block, at] of blocksOf(body.messages, 'messages'))
    if (block.type === 'image_url') checkUrl(block.image_url?.url, OPENAI, at, report);
}

/** Data in a Gemini request. */
export function checkGoogleMedia(body: Json, report: Report): void {
  let data = 0;
  for (const [part, at] of blocksOf(body.contents, 'contents')) {
    if (!isObject(part.inlineData)) continue;
    data += 1;
    checkData(part.inlineData.mimeType, part.inlineData.data, GOOGLE, at, report);
  }
  checkTotal(body, data > 0 ? 20 * MB : Infinity, report);
}

function checkUrl(url: unknown, rules: MediaRules, at: string, report: Report): void {
  const [, type, data] = DATA_URL.exec(String(url)) ?? [];
  if (type === undefined) report('media-data', at, 'A data URL is required.');
  else checkData(type, data, rules, at, report);
}

function checkTotal(body: Json, most: number, report: Report): void {
  if (most === Infinity) return;
  const size = JSON.stringify(body).length;
  if (size > most) report('media-total', '', `request_too_large: ${size} bytes > ${most} bytes.`);
}

/** The longer edge of a PNG, 0 for others. */
function edgeOf(base64: string): number {
  if (!base64.startsWith('iVBORw0KGgo')) return 0;
  const header = Buffer.from(base64.slice(0, 32), 'base64');
  return header.length < 24 ? 0 : Math.max(header.readUInt32BE(16), header.readUInt32BE(20));
}

/** Everything that could be a part: the objects in lists named content, parts, output or messages, at any depth. */
function* blocksOf(value: unknown, path: string): Generator<[Json, string]> {
  if (Array.isArray(value)) {
    for (const [i, item] of value.entries()) yield* blocksOf(item, `${path}[${i}]`);
  } else if (isObject(value)) {
    yield [value, path];
    for (const key of ['content', 'parts', 'output', 'functionResponse']) yield* blocksOf(value[key], `${path}.${key}`);
  }
}
