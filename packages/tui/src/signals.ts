import type { Turn } from '@reprise/core';
import type { Io } from './io.ts';

/** A shell's code for a process ended by that signal. */
const CODES: Readonly<Record<string, number>> = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 };
/** The engine ends a turn within about 2 s; after so many ms something is stuck, and whoever sent the signal wants out. */
const DEADLINE = 5000;

export interface Interrupts {
  /** From now on a first signal ends this turn. */
  guard(turn: Pick<Turn, 'abort'>): void;
  /** The exit code of the signal that came, if one came. */
  readonly code: number | undefined;
}

/** Before a turn runs, a signal ends the process; then the first one ends the turn, in order, and a second one the process. */
export function handleSignals(io: Pick<Io, 'onSignal' | 'exit'>): Interrupts {
  let turn: Pick<Turn, 'abort'> | undefined;
  let code: number | undefined;
  io.onSignal((signal) => {
    const own = CODES[signal] ?? 1;
    if (turn === undefined || code !== undefined) io.exit(own);
    code = own;
    setTimeout(() => io.exit(own), DEADLINE).unref();
    // The outcome reaches whoever reads the turn.
    turn.abort(`interrupted by ${signal}`).catch(() => io.exit(own));
  });
  return {
    guard: (running) => void (turn = running),
    get code() {
      return code;
    },
  };
}
