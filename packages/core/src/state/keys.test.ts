import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Keys } from './keys.ts';
import { mayHold, withKey } from './keys.ts';

const named = (n: number, prefix = 'msg_') => Array.from({ length: n }, (_, i) => `${prefix}${i}`);
const all = (keys: readonly string[]) => keys.reduce<Keys | undefined>(withKey, undefined);

test('no key is ever forgotten, and none is there before the first', () => {
  expect(mayHold(undefined, 'a')).toBe(false);
  fc.assert(
    fc.property(fc.array(fc.string({ maxLength: 30 }), { maxLength: 700, size: 'max' }), (keys) => {
      const held = all(keys);
      for (const key of keys) expect(mayHold(held, key)).toBe(true);
    }),
    { numRuns: 10, seed: 1 },
  );
});

test('… in the filter neither', () => {
  const held = all(named(800));
  expect(named(800).every((key) => mayHold(held, key))).toBe(true);
});

test.each([10, 512])('%i keys are told from all others', (n) => {
  const held = all(named(n));
  expect(named(20_000, 'other_').filter((key) => mayHold(held, key))).toEqual([]);
  expect(all([...named(n), ...named(n)])).toEqual(held);
});

test.each([
  [513, 0.0005],
  [2000, 0.01],
  [5000, 0.12],
])('of new keys beside %i at most the share %f is looked for in vain', (n, share) => {
  const held = all(named(n));
  expect(named(5000, 'other_').filter((key) => mayHold(held, key)).length / 5000).toBeLessThanOrEqual(share);
});

test('what is kept has a limit, and few keys take little', () => {
  expect(JSON.stringify(all(named(3))).length).toBeLessThan(40);
  for (const n of [512, 513, 1000]) expect(JSON.stringify(all(named(n))).length).toBeLessThan(6000);
});

test('is pure; what can not be read any more may hold every key', () => {
  for (const n of [3, 600]) {
    const held = all(named(n));
    const before = JSON.stringify(held);
    withKey(held, 'another');
    expect(JSON.stringify(held)).toBe(before);
  }
  expect(mayHold('damaged', 'a')).toBe(true);
});
