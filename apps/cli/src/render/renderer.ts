import type { Chunk, Coded, Outcome } from '@reprise/core';
import type { Io } from '../terminal/io.ts';
import { jsonRenderer, streamJsonRenderer } from './machine.ts';
import { textRenderer } from './text.ts';

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
  if (format === 'text') return textRenderer(out, err);
  return format === 'json' ? jsonRenderer(out) : streamJsonRenderer(out);
}
