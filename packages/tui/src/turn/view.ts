import type { Chunk, ChunkOf } from '@reprise/core';
import type { Sink } from '../sink.ts';
import { callLine, resultLine } from './lines.ts';
import { createStepText } from './step-text.ts';

/** Shows one turn to a person. */
export interface TurnView {
  chunk(chunk: Chunk): void;
  /** The turn is over: what was held back is written and the line ended. */
  end(): void;
}

/** The answer on `out` as it comes, what happens beside it (calls, results, retries) on `err`. */
export function turnView({ out, err }: { readonly out: Sink; readonly err: Sink }): TurnView {
  // On one terminal both streams share the line; elsewhere standard output is a text of its own.
  let column: 'start' | 'text' | 'reasoning' = 'start';
  let ended = true;

  const toText = (piece: string): void => {
    if (piece === '') return;
    if (column === 'reasoning') err.write('\n');
    out.write(piece);
    ended = piece.endsWith('\n');
    column = ended || !out.isTTY ? 'start' : 'text';
  };
  const aside = (): void => {
    if (column !== 'start') err.write('\n');
    column = 'start';
  };
  const note = (line: string, style: 'dim' | 'red' | 'yellow' | 'cyan'): void => {
    aside();
    err.write(line, style);
    err.write('\n');
  };
  const endText = (): void => {
    if (!ended) out.write('\n');
    ended = true;
    if (column === 'text') column = 'start';
  };

  const step = createStepText({
    write: toText,
    late: out.isFile,
    replaced: () => {
      endText();
      note('The answer was cut off and begins again:', 'yellow');
    },
  });

  const think = ({ content }: ChunkOf<'reasoning'>): void => {
    if (!err.isTTY) return;
    if (column === 'text') aside();
    err.write(content, 'dim');
    column = content.endsWith('\n') ? 'start' : 'reasoning';
  };

  const chunk = (chunk: Chunk): void => {
    switch (chunk.type) {
      case 'text':
        return step.add(chunk.content);
      case 'reasoning':
        return think(chunk);
      case 'reset':
        if (chunk.waitMs !== undefined) note(`Trying again in ${Math.ceil(chunk.waitMs / 1000)} s`, 'yellow');
        return step.reset(chunk.offset);
      case 'tool_call':
        // Calls come once their step is stored, so its text can't be taken back any more.
        step.over();
        endText();
        return note(callLine(chunk), 'cyan');
      case 'tool_result':
        return note(resultLine(chunk), chunk.error === undefined ? 'dim' : 'red');
      case 'tool_progress':
      case 'approval':
      case 'answer':
        return;
    }
  };

  return {
    chunk,
    end: () => {
      step.over();
      endText();
      aside();
    },
  };
}
