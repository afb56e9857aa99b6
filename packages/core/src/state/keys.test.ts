import fc from 'fast-check';
import { expect, test } from 'vitest';
import { fromBase64, toBase64 } from '../files/base64.ts';
import type { Keys, PageAt } from './keys.ts';
import { keptIn, mayHold, pageIn, pagesOf, withKey } from './keys.ts';

const named = (n: number, prefix = 'msg_') => Array.from({ length: n }, (_, i) => `${prefix}${i}`);
const all = (keys: readonly string[]) => keys.reduce<Keys | undefined>(withKey, undefined);

/** As it was written then: FNV-1a and four marks in 4 KiB. */
function oldFilterWith(filter: string, key: string): string {
  const bits = filter === '' ? new Uint8Array(4096) : (fromBase64(filter) ?? new Uint8Array());
  let hash = 0x811c9dc5;
  for (const char of key) hash = Math.imul(hash ^ char.charCodeAt(0), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  hash = (hash ^ (hash >>> 16)) >>> 0;
  for (let i = 0; i < 4; i += 1) {
    const mark = (hash + i * ((hash >>> 15) | 1)) % 32_768;
    bits[mark >> 3] = (bits[mark >> 3] ?? 0) | (1 << (mark & 7));
  }
  return toBase64(bits);
}

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
  [513, 0.0001],
  [2000, 0.001],
  [10_000, 0.004],
  [50_000, 0.015],
])('of new keys beside %i at most the share %f is looked for in vain', (n, share) => {
  const held = all(named(n));
  expect(named(5000, 'other_').filter((key) => mayHold(held, key)).length / 5000).toBeLessThanOrEqual(share);
});

test('what is kept has a limit, and few keys take little', () => {
  expect(JSON.stringify(all(named(3))).length).toBeLessThan(40);
  for (const n of [512, 513, 1000, 2047]) expect(JSON.stringify(all(named(n))).length).toBeLessThan(6000);
});

test('a checkpoint has full pages once; the state then says where, and finds there what it found before', () => {
  const full = all(named(5000));
  const state = { keys: full };
  const kept = keptIn(full, 7, state);
  expect(JSON.stringify(kept).length).toBeLessThan(6000);
  expect(pagesOf(kept)).toEqual([
    { checkpoint: 7, index: 0 },
    { checkpoint: 7, index: 1 },
  ]);
  // Without the pages every key may be an old one.
  expect(mayHold(kept, 'other')).toBe(true);
  const stored = ({ checkpoint, index }: PageAt) => (checkpoint === 7 ? pageIn(state, index) : undefined);
  const asked = [...named(5000), ...named(5000, 'other_')];
  expect(asked.map((key) => mayHold(kept, key, stored))).toEqual(asked.map((key) => mayHold(full, key)));
  // Another checkpoint has nothing of it.
  for (const other of [undefined, {}, { keys: [1] }, { keys: { pages: ['', 5] } }, { keys: all(named(5000, 'x')) }])
    expect(keptIn(full, 8, other)).toBe(full);
  expect(keptIn(kept, 9, { keys: kept })).toBe(kept);
  expect(pageIn({ keys: kept }, 0)).toBeUndefined();
});

test('the one filter of an old checkpoint is read on', () => {
  const old = [...Array(4)].reduce<string>((bits, _, i) => oldFilterWith(bits, `old_${i}`), '');
  expect(mayHold(old, 'old_1')).toBe(true);
  expect(mayHold(old, 'new_1')).toBe(false);
  const more = named(5000).reduce<Keys>(withKey, old);
  for (const key of ['old_0', 'old_3', ...named(5000)]) expect(mayHold(more, key)).toBe(true);
  // It has a place of its own in every state.
  expect(pagesOf(keptIn(more, 7, { keys: more })).map(({ index }) => index)).toEqual([1, 2]);
});

test('is pure; what can not be read any more may hold every key', () => {
  for (const n of [3, 600, 3000]) {
    const held = all(named(n));
    const before = JSON.stringify(held);
    withKey(held, 'another');
    expect(JSON.stringify(held)).toBe(before);
  }
  expect(mayHold('damaged', 'a')).toBe(true);
});
