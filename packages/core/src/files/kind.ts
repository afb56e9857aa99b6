/** What a provider takes a file as; `text` becomes part of the message's text, `other` is never sent. */
export type FileKind = 'image' | 'pdf' | 'audio' | 'text' | 'other';

/** What programs call text although its type doesn't begin so. */
const TEXTUAL =
  /^(text\/.*|application\/(.*[+-])?(json|xml|yaml|javascript|ecmascript|typescript|toml|sql|graphql|x-sh|x-httpd-php)|image\/svg\+xml)$/;

export function kindOf(mediaType: string): FileKind {
  if (TEXTUAL.test(mediaType)) return 'text';
  if (mediaType === 'application/pdf') return 'pdf';
  if (mediaType.startsWith('image/')) return 'image';
  return mediaType.startsWith('audio/') ? 'audio' : 'other';
}

/** How files begin, as Latin-1; `.` is any byte. */
const BEGINNINGS: readonly (readonly [RegExp, string])[] = [
  [/^\x89PNG\r\n\x1a\n/, 'image/png'],
  [/^\xff\xd8\xff/, 'image/jpeg'],
  [/^GIF8[79]a/, 'image/gif'],
  [/^RIFF[^]{4}WEBP/, 'image/webp'],
  [/^[^]{4}ftyp(heic|heix|hevc|mif1|msf1)/, 'image/heic'],
  [/^%PDF-/, 'application/pdf'],
  [/^RIFF[^]{4}WAVE/, 'audio/wav'],
  [/^(ID3|\xff[\xfb\xf3\xf2])/, 'audio/mpeg'],
];

/** What the first bytes say that a file is. Names and declared types are often wrong, and providers refuse an image whose type is. */
export function sniff(bytes: Uint8Array): string | undefined {
  const start = String.fromCharCode(...bytes.subarray(0, 16));
  return BEGINNINGS.find(([beginning]) => beginning.test(start))?.[1];
}

/** The text of bytes that are UTF-8 and hold no zero. */
export function textOf(bytes: Uint8Array): string | undefined {
  if (bytes.includes(0)) return undefined;
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}
