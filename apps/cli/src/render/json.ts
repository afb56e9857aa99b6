import type { Sink } from '../terminal/sink.ts';
import { failure, plain } from './failure.ts';
import type { Renderer } from './renderer.ts';

/** `--output-format json`: one object on one line, when everything is over. */
export function jsonRenderer(out: Sink): Renderer {
  return {
    begin: () => undefined,
    chunk: () => undefined,
    end: ({ message, usage, status, error }, { sessionId }) =>
      out.json({ sessionId, message: message ?? null, usage, status, ...(error && { error: plain(error) }) }),
    fail: (error, sessionId) => out.json(failure('json', error, sessionId)),
  };
}
