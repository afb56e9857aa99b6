import type { Coded, TurnUsage } from '@reprise/core';

export interface PlainError {
  readonly code: string;
  readonly message: string;
  readonly hint?: string;
  readonly retryAt?: string;
}

export const NO_USAGE: TurnUsage = { input: 0, output: 0, cached: 0, reasoning: 0, total: 0 };

export function plain({ code, message, hint, retryAt }: Coded): PlainError {
  return { code, message, ...(hint !== undefined && { hint }), ...(retryAt !== undefined && { retryAt }) };
}

/** What the machine formats say when there is no turn to tell of. */
export function failure(format: 'json' | 'stream-json', error: Coded, sessionId: string | null = null): object {
  if (format === 'stream-json') return { type: 'error', sessionId, ...plain(error) };
  return { sessionId, message: null, usage: NO_USAGE, status: 'failed', error: plain(error) };
}
