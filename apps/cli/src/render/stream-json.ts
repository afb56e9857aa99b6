import type { Sink } from '../terminal/sink.ts';
import { failure, plain } from './failure.ts';
import type { Renderer } from './renderer.ts';

/**
 * `--output-format stream-json`: one object a line, written as it happens: `start`, the chunks as the library gives them, and
 * `end` with the summary. A failed turn has an `error` line before its `end`; a failure outside of a turn is an `error` line alone.
 */
export function streamJsonRenderer(out: Sink): Renderer {
  return {
    begin: (facts) => out.json({ type: 'start', ...facts }),
    chunk: (chunk) => out.json(chunk),
    end: ({ error, ...outcome }, { sessionId }) => {
      if (error) out.json({ type: 'error', sessionId, ...plain(error) });
      out.json({ type: 'end', sessionId, ...outcome });
    },
    fail: (error, sessionId) => out.json(failure('stream-json', error, sessionId)),
  };
}
