import { mkdtempSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { fakeIo } from '../test/support/io.ts';
import { recordTo } from './recording.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'reprise-record-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const record = (name: string) => recordTo(name, fakeIo({ cwd: folder }));
const path = (name: string) => join(folder, name);

it.each([
  ['nothing there', undefined, /^\{"cassette":/],
  ['an empty file', '', /^\{"cassette":/],
  ['a cassette', '{"cassette":1}\n', /^\{"cassette":1\}\n\{"cassette":/],
  ['one that a kill cut in the middle of a line', '{"cassette":1}\n{"ty', /^\{"cassette":1\}\n\{"ty\n\{"cassette":/],
])('goes on after %s', (_what, there, expected) => {
  if (there !== undefined) writeFileSync(path('c'), there);
  record('c');
  expect(readFileSync(path('c'), 'utf8')).toMatch(expected);
});

it.each([['{"a":1}\n'], ['{'], ['hello']])('leaves %j as it is', (there) => {
  writeFileSync(path('c'), there);
  expect(() => record('c')).toThrow(expect.objectContaining({ code: 'INVALID_INPUT' }) as Error);
  expect(readFileSync(path('c'), 'utf8')).toBe(there);
});

it('reads no more of it than its edges: one that no string could hold is gone on with', () => {
  writeFileSync(path('c'), '{"cassette":1}\n');
  // A hole: it takes no room on the disk.
  const size = 2 ** 30;
  truncateSync(path('c'), size);
  record('c');
  expect(statSync(path('c')).size).toBeGreaterThan(size);
});

it('what can not be read is refused by name', () => {
  expect(() => record('.')).toThrow(
    expect.objectContaining({
      code: 'INVALID_INPUT',
      message: expect.stringContaining('--record can not write .') as string,
    }) as Error,
  );
});
