import type { Chunk, Coded, Outcome } from '@reprise/core';
import { turnView } from '@reprise/tui';
import type { Io, Sink } from '@reprise/tui';
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

/** `value`: the turn is asked for one. */
export function createRenderer(format: Format, { out, err }: Pick<Io, 'out' | 'err'>, value: boolean): Renderer {
  if (format === 'text' && value) return valueRenderer(out, err);
  if (format === 'text') return { begin: () => undefined, ...turnView({ out, err }), fail: () => undefined };
  return format === 'json' ? jsonRenderer(out) : streamJsonRenderer(out);
}

/** The value alone on `out`, so that a program can read it: what the model says before, and what does not fit, is shown beside it. */
function valueRenderer(out: Sink, err: Sink): Renderer {
  const view = turnView({ out: err, err });
  return {
    begin: () => undefined,
    chunk: view.chunk,
    end: ({ message, status }) => {
      view.end();
      if (message?.output !== undefined) out.json(message.output);
      else if (status === 'done')
        err.write('reprise: the message was answered in a turn that was asked for no value\n', 'yellow');
    },
    fail: () => undefined,
  };
}
