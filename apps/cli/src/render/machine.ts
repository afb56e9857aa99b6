import type { Coded, TurnUsage } from '@reprise/core';
import type { Sink } from '@reprise/tui';
import type { Renderer } from './renderer.ts';

const NO_USAGE: TurnUsage = { input: 0, output: 0, cached: 0, reasoning: 0, total: 0 };

/** An error as JSON shows it. */
export function plain({ code, message, hint, retryAt }: Coded): object {
  return { code, message, ...(hint !== undefined && { hint }), ...(retryAt !== undefined && { retryAt }) };
}

/** What the machine formats say when there is no turn to tell of. */
export function failure(format: 'json' | 'stream-json', error: Coded, sessionId: string | null = null): object {
  if (format === 'stream-json') return { type: 'error', sessionId, ...plain(error) };
  return { sessionId, message: null, usage: NO_USAGE, status: 'failed', error: plain(error) };
}

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

/**
 * `--output-format stream-json`: one object a line, written as it happens: `start`, the chunks as the library gives them (an `approval` with the session that waits), and
 * `end` with the summary. A failed turn has an `error` line before its `end`; a failure outside of a turn is an `error` line alone.
 */
export function streamJsonRenderer(out: Sink): Renderer {
  let session: string | undefined;
  return {
    begin: (facts) => {
      session = facts.sessionId;
      out.json({ type: 'start', ...facts });
    },
    // Whoever answers needs to know where.
    chunk: (chunk) => out.json(chunk.type === 'approval' ? { ...chunk, sessionId: session } : chunk),
    end: ({ error, ...outcome }, { sessionId }) => {
      if (error) out.json({ type: 'error', sessionId, ...plain(error) });
      out.json({ type: 'end', sessionId, ...outcome });
    },
    fail: (error, sessionId) => out.json(failure('stream-json', error, sessionId)),
  };
}
