import { matchesGlob } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { globMatcher } from './glob-match.ts';

test.for([
  ['*.ts', 'a.ts', true],
  ['*.ts', 'x/y/a.ts', true],
  ['/*.ts', 'x/a.ts', false],
  ['./*.ts', 'a.ts', true],
  ['src/**/*.ts', 'src/a.ts', true],
  ['src/**/*.ts', 'src/x/y/a.ts', true],
  ['src/**/*.ts', 'lib/src/a.ts', false],
  ['src/*', 'src/a/b', false],
  ['**', 'a/b', true],
  ['a/**', 'a/b/c', true],
  ['*.{js,{ts,tsx}}', 'a.tsx', true],
  ['?.ts', 'ab.ts', false],
  ['[a-c]?.ts', 'bz.ts', true],
  ['[!a-c].ts', 'b.ts', false],
  ['\\*.ts', 'a.ts', false],
  ['.*', '.env', true],
] as const)('%s and %s: %s', ([pattern, path, result]) => {
  expect(globMatcher(pattern)(path)).toBe(result);
});

test('agrees with Node on patterns with folders', () => {
  const name = fc.constantFrom('a', 'b', 'ab', 'ba', 'abc');
  const part = fc.constantFrom('a', '*', 'a*', '*b', '?', '[ab]', '**', 'a?c');
  const path = fc.array(name, { minLength: 1, maxLength: 4 });
  fc.assert(
    fc.property(fc.array(part, { minLength: 1, maxLength: 4 }), path, (parts, names) => {
      // A leading name makes the pattern anchored, which is Node's only way.
      const [pattern, file] = [['r', ...parts, 'e'].join('/'), ['r', ...names, 'e'].join('/')];
      expect(globMatcher(pattern)(file), `${pattern} ${file}`).toBe(matchesGlob(file, pattern));
    }),
    { numRuns: 500 },
  );
});

test('no pattern takes long', () => {
  const begin = performance.now();
  globMatcher(`${'*a'.repeat(2_000)}b`)(`${'a'.repeat(5_000)}c`);
  globMatcher(`${'**/a/'.repeat(200)}b`)('a/'.repeat(2_000));
  expect(performance.now() - begin).toBeLessThan(5_000);
  expect(() => globMatcher('{a,b}'.repeat(20))).toThrow(/too many alternatives/);
});
