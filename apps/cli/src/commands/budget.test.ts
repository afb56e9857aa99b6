import { describe, expect, it } from 'vitest';
import { budgetOf, sessionBudgetOf, withSession } from './budget.ts';

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

describe('the limits of a session', () => {
  it('are its own options', () => {
    expect(sessionBudgetOf({ 'budget-tokens': 1 })).toBeUndefined();
    const flags = {
      'session-budget-steps': 3,
      'session-budget-tokens': 4,
      'session-budget-cost': '0.5',
      'session-budget-time': '2m',
    };
    expect(sessionBudgetOf(flags)).toEqual({ maxSteps: 3, maxTokens: 4, maxCost: 0.5, maxDuration: 120_000 });
    expect(budgetOf(flags)).toBeUndefined();
    expect(() => sessionBudgetOf({ 'session-budget-cost': 'x' })).toThrow('--session-budget-cost takes');
  });

  it('stand in place of those before, one by one', () => {
    expect(withSession(undefined, { maxCost: 1 })).toEqual({ session: { maxCost: 1 } });
    const before = { turn: { maxSteps: 2 }, session: { maxCost: 1, maxTokens: 9 } };
    expect(withSession(before, { maxCost: 2 })).toEqual({
      turn: { maxSteps: 2 },
      session: { maxCost: 2, maxTokens: 9 },
    });
  });
});
