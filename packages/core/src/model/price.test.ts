import { expect, test } from 'vitest';
import { affordable, priced, unreported, worstCost } from './price.ts';

const usage = { input: 1000, output: 200, cached: 600, cacheWrite: 100, reasoning: 50, total: 1200 };

test('input that came from a cache, or went into one, has its own price', () => {
  const price = { input: 3, output: 15, cacheRead: 0.3, cacheWrite: 3.75 };
  // 300 plain, 600 read, 100 written, 200 out; reasoning is output.
  expect(priced(usage, price).cost).toBeCloseTo((300 * 3 + 600 * 0.3 + 100 * 3.75 + 200 * 15) / 1e6, 12);
});

test('where no price of a cache is known, its tokens cost what others cost', () => {
  expect(priced(usage, { input: 3, output: 15 }).cost).toBeCloseTo((1000 * 3 + 200 * 15) / 1e6, 12);
});

test('without a price there is no cost, not even 0; with a price of 0 there is', () => {
  expect(priced(usage, undefined)).not.toHaveProperty('cost');
  expect(priced(usage, { input: 0, output: 0 }).cost).toBe(0);
  expect(unreported(10, 5, undefined)).toEqual({ input: 10, output: 5 });
});

test('a provider that counts more cached than input is not paid back', () => {
  const odd = { ...usage, input: 100, cached: 600, cacheWrite: 0 };
  expect(priced(odd, { input: 3, output: 0, cacheRead: 0 }).cost).toBe(0);
});

test('the worst that input can cost is to be written to a cache', () => {
  expect(worstCost(1e6, 0, { input: 3, output: 15, cacheWrite: 3.75 })).toBe(3.75);
  expect(worstCost(1e6, 1e6, { input: 3, output: 15 })).toBe(18);
});

test('what money pays for is rounded down; free output is endless, debts pay for nothing', () => {
  expect(affordable(0.0000151, { input: 3, output: 15 })).toBe(1);
  expect(affordable(0, { input: 0, output: 0 })).toBe(Infinity);
  expect(affordable(-0.1, { input: 0, output: 0 })).toBe(-1);
});
