import fc from 'fast-check';
import { expect, test } from 'vitest';
import { List } from './list.ts';

test('a list that was kept goes on seeing what it saw, whatever grows from it', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(3), { maxLength: 40 }), (steps) => {
      // Each step appends to one of the lists made so far; plain arrays are the oracle.
      const lists = [{ list: List.of([0, 1]), oracle: [0, 1] }];
      steps.forEach((back, i) => {
        const from = lists[Math.max(0, lists.length - 1 - back)];
        if (from !== undefined) lists.push({ list: from.list.append(i), oracle: [...from.oracle, i] });
      });
      for (const { list, oracle } of lists) {
        expect(list.toArray()).toEqual(oracle);
        expect([...list]).toEqual(oracle);
        expect(list.length).toBe(oracle.length);
        for (const at of [0, 1, -1, -2, 99, -99]) expect(list.at(at)).toBe(oracle.at(at));
      }
    }),
    { seed: 1 },
  );
});

test('a list does not change with the array that it was made of', () => {
  const items = [1];
  const list = List.of(items);
  items.push(2);
  expect(list.toArray()).toEqual([1]);
});
