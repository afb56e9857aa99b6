import type { Chunk, Coded, Outcome } from '@reprise/core';
import { turnView } from '@reprise/tui';
import type { Io } from '@reprise/tui';
import { jsonRenderer, streamJsonRenderer } from './machine.ts';

export interface TurnFacts {
  readonly sessionId: string;
  readonly turn: string;
  readonly model: string;
}

/** Shows one turn. `begin` comes before the first chunk, if the turn starts at all; then exactly one of `end` and `fail`. */
export interface Renderer {
  begin(facts: TurnFacts): void;
  chunk(chunk: Chunk): void;
  end(outcome: Outcome, facts: TurnFacts): void;
  /** Something went wrong outside of a turn. */
  fail(error: Coded, sessionId: string | null): void;
}

export type Format = 'text' | 'json' | 'stream-json';

export function createRenderer(format: Format, { out, err }: Pick<Io, 'out' | 'err'>): Renderer {
  if (format === 'text') return { begin: () => undefined, ...turnView({ out, err }), fail: () => undefined };
  return format === 'json' ? jsonRenderer(out) : streamJsonRenderer(out);
}
