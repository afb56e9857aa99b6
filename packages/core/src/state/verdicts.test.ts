import { expect, test } from 'vitest';
import type { Rec, StepRecord } from '../records/types.ts';
import { reduce } from './reduce.ts';
import type { State } from './state.ts';
import { EMPTY } from './state.ts';
import { unjudged } from './verdicts.ts';

const at = '2026-01-01T00:00:00.000Z';
const common = { role: 'assistant', content: '', timestamp: at, turn: 't', provider: 'test' } as const;
const asking: StepRecord = {
  type: 'step',
  id: 'm2',
  ...common,
  finishReason: 'stop',
  parts: [
    { type: 'provider-call', id: 'srv', tool: 'drop', input: {} },
    { type: 'other', part: { type: 'tool-approval-request', approvalId: 'apr', toolCallId: 'srv' } },
  ],
};
const step = (finishReason: StepRecord['finishReason']): Rec => ({ type: 'step', id: 'm3', ...common, finishReason });
const verdict = (approved: boolean, call = 'srv'): Rec => ({
  type: 'verdict',
  at,
  turn: 't',
  request: 'apr',
  call,
  approved,
});
const end = { type: 'turn-end', at, turn: 't', status: 'aborted', finishReason: 'interrupted', steps: 1 } as Rec;

/** A turn whose model asks for something, and what comes after. */
function after(...records: Rec[]): State {
  const opening: Rec = { type: 'message', id: 'm1', role: 'user', content: 'x', timestamp: at, turn: 't' };
  return [opening, asking, ...records].reduce((state, record) => reduce(state, state.seq + 1, record, 1), EMPTY);
}

test('a request waits for its verdict, and the first one counts', () => {
  expect(unjudged(after())).toEqual([{ request: 'apr', call: 'srv' }]);
  expect(after(verdict(true, 'another')).verdicts).toBeUndefined();
  const state = after(verdict(false), verdict(true));
  expect(unjudged(state)).toEqual([]);
  expect(state.verdicts).toMatchObject([{ step: 'm2', request: 'apr', approved: false }]);
});

test('a whole response makes a verdict part of the history; one that was cut short does not', () => {
  expect(after(verdict(true), step('stop'), end).verdicts).toHaveLength(1);
  expect(after(verdict(true), step('interrupted')).verdicts).toHaveLength(1);
  const state = after(verdict(true), step('interrupted'), end);
  expect(state.verdicts).toBeUndefined();
  expect(state.prefixFrom).toBe(state.seq);
});

test('in a fork it is asked again', () => {
  const fork: Rec = { type: 'fork', at, parent: { id: 'p', seq: 3 } };
  expect(unjudged(after(verdict(true), fork))).toEqual([{ request: 'apr', call: 'srv' }]);
  expect(after(verdict(true), step('stop'), end, fork).verdicts).toHaveLength(1);
});

test('a verdict leaves the window with its step', () => {
  const gone: Rec = { type: 'delete', at, message: 'm2', role: 'assistant' };
  expect(after(verdict(true), step('stop'), end, gone).verdicts).toBeUndefined();
  const cleared: Rec = { type: 'boundary', at, reason: 'clear', from: 4, keep: [] };
  expect(after(verdict(true), step('stop'), end, cleared).verdicts).toBeUndefined();
});
