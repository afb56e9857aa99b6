import { describe, expect, test } from 'vitest';
import { pdf, png } from '../../test/support/files.ts';
import { kindOf, sniff } from './kind.ts';
import { measure } from './measure.ts';

const bytes = (...values: (number | string)[]) =>
  new Uint8Array(values.flatMap((value) => (typeof value === 'number' ? [value] : [...Buffer.from(value, 'latin1')])));

const JPEG = bytes(0xff, 0xd8, 0xff, 0xe0, 0, 4, 1, 2, 0xff, 0xc2, 0, 11, 8, 2, 0x58, 3, 0x20, 3);
const GIF = bytes('GIF89a', 0x20, 3, 0x58, 2);
const WEBP_LOSSY = bytes('RIFF', 0, 0, 0, 0, 'WEBPVP8 ', 0, 0, 0, 0, 0, 0, 0, 0x9d, 1, 0x2a, 0x20, 3, 0x58, 2);
const WEBP_LOSSLESS = bytes('RIFF', 0, 0, 0, 0, 'WEBPVP8L', 0, 0, 0, 0, 0x2f, 0x1f, 0xc3, 0x95, 0);
const WEBP_EXTENDED = bytes('RIFF', 0, 0, 0, 0, 'WEBPVP8X', 0, 0, 0, 0, 0, 0, 0, 0, 0x1f, 3, 0, 0x57, 2, 0);

describe('pixels from a header', () => {
  test.each<[string, Uint8Array]>([
    ['image/png', png(800, 600)],
    ['image/jpeg', JPEG],
    ['image/gif', GIF],
    ['image/webp', WEBP_LOSSY],
    ['image/webp', WEBP_LOSSLESS],
    ['image/webp', WEBP_EXTENDED],
  ])('%s', (mediaType, image) => {
    expect({ type: sniff(image), ...measure(image, mediaType) }).toEqual({
      type: mediaType,
      tokens: 640,
      pixels: [800, 600],
    });
  });

  test.each<[string, Uint8Array]>([
    ['image/png', png().subarray(0, 18)],
    ['image/jpeg', JPEG.subarray(0, 8)],
    ['image/jpeg', bytes(0xff, 0xd8, 0xff, 0xe0, 0, 4, 1, 2, 0, 0, 0, 0, 0, 0)],
    ['image/webp', bytes('RIFF', 0, 0, 0, 0, 'WEBPxxxx', 0)],
    ['image/heic', bytes(0, 0, 0, 24, 'ftypheic')],
  ])('none where %s ends too early or says nothing', (mediaType, image) => {
    expect(measure(image, mediaType)).toEqual({ tokens: 1600 });
  });
});

test.each<[string, Uint8Array, string, number]>([
  ['a large image is scaled', png(10_000, 10_000), 'image/png', 4784],
  ['a long one too', png(25_760, 100), 'image/png', 35],
  ['pages that can be counted', pdf(7), 'application/pdf', 17_500],
  ['a page tree that says how many', bytes('%PDF-1.7 << /Type /Pages /Count 12 >>'), 'application/pdf', 30_000],
  ['pages by size where the structure is compressed', new Uint8Array(130_000), 'application/pdf', 7500],
  ['sound by its length', new Uint8Array(160_000), 'audio/mpeg', 320],
  ['text by its words', bytes('hello world'), 'text/plain', 3],
  ['what is never sent', new Uint8Array(100), 'application/zip', 0],
])('tokens: %s', (_name, file, mediaType, tokens) => expect(measure(file, mediaType).tokens).toBe(tokens));

test.each([
  ['text/x-python', 'text'],
  ['application/ld+json', 'text'],
  ['image/svg+xml', 'text'],
  ['application/x-yaml', 'text'],
  ['image/avif', 'image'],
  ['application/pdf', 'pdf'],
  ['audio/wav', 'audio'],
  ['application/zip', 'other'],
])('%s is %s', (mediaType, kind) => expect(kindOf(mediaType)).toBe(kind));
