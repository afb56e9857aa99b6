import { expect, test } from 'vitest';
import { fileShower, filesOf } from './files.ts';

const sha = (digit: string): string => digit.repeat(64);
const session = { id: 's1', attachment: async (sha256: string) => new TextEncoder().encode(sha256.slice(0, 3)) };

test('files are shown as they are, up to 16 MiB of them; what is beyond or gone, by its place', async () => {
  const show = fileShower({
    ...session,
    attachment: (sha256) => (sha256 === sha('d') ? Promise.reject(new Error('gone')) : session.attachment(sha256)),
  });
  const shown = async (digit: string, size: number) =>
    (await show({ sha256: sha(digit), mediaType: 'image/png', size, name: `${digit}.png` }))['url'];
  expect(await shown('a', 10 << 20)).toBe(`data:image/png;base64,${btoa('aaa')}`);
  expect(await shown('b', 7 << 20)).toBe(`/v1/sessions/s1/attachments/${sha('b')}`);
  expect(await shown('c', 6 << 20)).toBe(`data:image/png;base64,${btoa('ccc')}`);
  expect(await shown('d', 1)).toBe(`/v1/sessions/s1/attachments/${sha('d')}`);
});

test('a type of a whole kind is left to the bytes', () => {
  const types = ['image/png', 'image', 'image/*'].map((mediaType) => {
    const [file] = filesOf([{ type: 'file', url: 'data:;base64,YQ==', mediaType }]);
    return Object(file?.(session)).mediaType as string | undefined;
  });
  expect(types).toEqual(['image/png', undefined, undefined]);
});

test.each([
  'http://127.0.0.1/secret',
  'file:///etc/passwd',
  'blob:x',
  `https://evil.example/v1/sessions/s1/attachments/${sha('a')}`,
  `/v1/sessions/../../x/attachments/${sha('a')}`,
  '',
  7,
])('nothing is fetched from %s', (url) => {
  expect(() => filesOf([{ type: 'file', url, mediaType: 'image/png' }])).toThrow('data URL');
});
