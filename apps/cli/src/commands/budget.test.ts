import { describe, expect, it } from 'vitest';
import { budgetOf } from './budget.ts';

describe('the limits of a turn', () => {
  it('none where no option names one', () => expect(budgetOf({})).toBeUndefined());

  it.each([
    [{ 'budget-tokens': 5000 }, { maxTokens: 5000 }],
    [{ 'budget-cost': '0.50' }, { maxCost: 0.5 }],
    [{ 'budget-cost': '$2' }, { maxCost: 2 }],
    [{ 'budget-cost': '.05' }, { maxCost: 0.05 }],
    [{ 'budget-time': '90' }, { maxDuration: 90_000 }],
    [{ 'budget-time': '1.5m' }, { maxDuration: 90_000 }],
    [
      { 'budget-time': '2h', 'budget-tokens': 1 },
      { maxTokens: 1, maxDuration: 7_200_000 },
    ],
  ])('%j', (flags, limits) => expect(budgetOf(flags)).toEqual(limits));

  it.each([
    [{ 'budget-cost': 'much' }, '--budget-cost'],
    [{ 'budget-cost': '0' }, '--budget-cost'],
    [{ 'budget-cost': '-1' }, '--budget-cost'],
    [{ 'budget-time': '10d' }, '--budget-time'],
    [{ 'budget-time': '0s' }, '--budget-time'],
    [{ 'budget-time': '' }, '--budget-time'],
  ])('%j is wrong usage, and says what it takes', (flags, name) => {
    expect(() => budgetOf(flags)).toThrow(
      expect.objectContaining({ code: 'INVALID_INPUT', message: expect.stringContaining(`${name} takes`) as string }),
    );
  });
});
