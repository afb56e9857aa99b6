import { expect, test } from 'vitest';
import { problemWith, table } from '../lib/bench-table.mjs';

const row = (name, median, more = {}) => ({
  group: 'delta',
  name,
  unit: 'µs',
  median,
  min: median / 2,
  max: median * 2,
  ...more,
});

test('rows become a table with the ratio to the baseline of their own group', () => {
  const other = row('start', 40, { group: 'cli', unit: 'ms' });
  expect(table([row('bare loop', 0.5, { baseline: true }), row('engine', 0.6), other]).split('\n')).toEqual([
    '| group | name      | unit | median |    min … max |   × baseline |',
    '| ----- | --------- | ---- | -----: | -----------: | -----------: |',
    '| delta | bare loop | µs   |  0.500 | 0.250 … 1.00 | 1 (baseline) |',
    '| delta | engine    | µs   |  0.600 | 0.300 … 1.20 |         1.20 |',
    '| cli   | start     | ms   |   40.0 |  20.0 … 80.0 |              |',
  ]);
});

test('numbers of different units are not compared, and a group has one baseline', () => {
  const bytes = row('bytes', 10, { unit: 'B' });
  expect(
    table([row('time', 5, { baseline: true }), bytes])
      .split('\n')
      .at(-1),
  ).toMatch(/\| +\|$/);
  expect(() => table([row('a', 1, { baseline: true }), row('b', 1, { baseline: true })])).toThrow('2 baselines');
});

test.each([
  ['nothing', undefined],
  ['no row', []],
  ['a row without unit', [row('a', 1, { unit: '' })]],
  ['a median that is no number', [row('a', Number.NaN)]],
  ['a median outside of its range', [row('a', 1, { max: 0.5 })]],
])('%s is a problem', (_, rows) => {
  expect(problemWith(rows)).toMatch(/^gave/);
});

test('good rows are none', () => {
  expect(problemWith([row('a', 0), row('b', 1)])).toBeUndefined();
});
