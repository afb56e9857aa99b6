import type { Turn } from '@reprise/core';
import { describe, expect, it } from 'vitest';
import { handleSignals } from './signals.ts';
import { fakeIo } from './testing.ts';

function guarded(abort: (reason?: string) => Promise<unknown> = async () => undefined) {
  const io = fakeIo();
  const reasons: unknown[] = [];
  const interrupts = handleSignals(io);
  const turn = { abort: (reason?: string) => (reasons.push(reason), abort(reason)) } as Pick<Turn, 'abort'>;
  return { io, interrupts, reasons, guard: () => interrupts.guard(turn) };
}

describe('signals', () => {
  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ] as const)('%s before a turn ends the process with %i', (signal, code) => {
    const { io } = guarded();
    expect(() => io.signal(signal)).toThrow();
    expect(io.exits).toEqual([code]);
  });

  it('the first one in a turn ends the turn, and its code is the one to exit with', () => {
    const { io, interrupts, reasons, guard } = guarded();
    guard();
    expect(interrupts.code).toBeUndefined();
    io.signal('SIGTERM');
    expect({ reasons, code: interrupts.code, exits: io.exits }).toEqual({
      reasons: ['interrupted by SIGTERM'],
      code: 143,
      exits: [],
    });
  });

  it('a second one ends the process', () => {
    const { io, guard } = guarded();
    guard();
    io.signal('SIGINT');
    expect(() => io.signal('SIGINT')).toThrow();
    expect(io.exits).toEqual([130]);
  });
});
