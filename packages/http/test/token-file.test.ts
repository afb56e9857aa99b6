import { execFileSync } from 'node:child_process';
import { chmodSync, chownSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { keptToken, tokenIn } from '../src/node/index.ts';

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'reprise-token-'));
  file = join(folder, 'below/server-token');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const modeOf = (path: string): number => statSync(path).mode & 0o777;

test('a token is made at random where there is none, for its owner alone, and is the same from then on', () => {
  expect(keptToken(file)).toBeUndefined();
  const before = process.umask(0);
  const token = tokenIn(file);
  process.umask(before);
  expect(token).toMatch(/^[\w-]{43}$/);
  expect([modeOf(file), modeOf(join(folder, 'below'))]).toEqual([0o600, 0o700]);
  expect([tokenIn(file), keptToken(file)]).toEqual([token, token]);
  expect(tokenIn(join(folder, 'other'))).not.toBe(token);
});

test.each([0o604, 0o640, 0o622])('one that others could read or write (%o) is another one from then on', (mode) => {
  const token = tokenIn(file);
  chmodSync(file, mode);
  expect(() => keptToken(file)).toThrow('others can read it');
  expect(readFileSync(file, 'utf8').trim()).toBe(token);
  const now = tokenIn(file);
  expect(now).toMatch(/^[\w-]{43}$/);
  expect(now).not.toBe(token);
  expect([modeOf(file), keptToken(file)]).toEqual([0o600, now]);
});

test('a link, what is no file, and what holds no token are refused, and left as they are', () => {
  tokenIn(file);
  const link = join(folder, 'link');
  symlinkSync(file, link);
  const pipe = join(folder, 'pipe');
  execFileSync('mkfifo', ['-m', '600', pipe]);
  const text = join(folder, 'text');
  writeFileSync(text, 'not a token\n', { mode: 0o600 });
  for (const [path, words] of [
    [link, 'it is a link'],
    [pipe, 'it is no file'],
    [text, 'it holds no token'],
  ] as const) {
    const refused = expect.objectContaining({ code: 'INVALID_INPUT', message: expect.stringContaining(words) });
    expect(() => tokenIn(path)).toThrow(refused);
    expect(() => keptToken(path)).toThrow(refused);
  }
  expect(readFileSync(text, 'utf8')).toBe('not a token\n');
});

test('what is no token is left as it is, also where everybody may read it; a longer token goes whole', () => {
  const text = join(folder, 'passwd');
  const content = `root:x:0:0:root:/root:/bin/sh\n${'daemon:x:1:1\n'.repeat(9)}`;
  writeFileSync(text, content);
  chmodSync(text, 0o644);
  const refused = expect.objectContaining({
    code: 'INVALID_INPUT',
    message: expect.stringContaining('holds no token'),
  });
  expect(() => tokenIn(text)).toThrow(refused);
  expect([readFileSync(text, 'utf8'), modeOf(text)]).toEqual([content, 0o644]);
  const long = join(folder, 'long');
  writeFileSync(long, `${'x'.repeat(120)}\n`);
  chmodSync(long, 0o644);
  const token = tokenIn(long);
  expect([readFileSync(long, 'utf8'), modeOf(long)]).toEqual([`${token}\n`, 0o600]);
});

test.skipIf(process.getuid?.() !== 0)('a file of somebody else is refused', () => {
  tokenIn(file);
  chownSync(file, 12_345, 12_345);
  expect(() => tokenIn(file)).toThrow('it belongs to somebody else');
  expect(() => keptToken(file)).toThrow('it belongs to somebody else');
});
