import { isCoded } from '@reprise/core';
import type { ErrorCode, Outcome } from '@reprise/core';

/** What a program of ours ends with. */
export const EXIT = {
  ok: 0,
  failure: 1,
  usage: 2,
  configuration: 3,
  notFound: 4,
  provider: 5,
  denied: 6,
  limit: 7,
  busy: 8,
  interrupted: 130,
} as const;

/** One exit code for each cause. The type makes a new error code a compile error here. */
const BY_CODE: Readonly<Record<ErrorCode, number>> = {
  INVALID_INPUT: EXIT.usage,
  SESSION_EXISTS: EXIT.usage,
  UNSUPPORTED: EXIT.usage,
  AUTH: EXIT.configuration,
  MODEL_NOT_FOUND: EXIT.configuration,
  SESSION_NOT_FOUND: EXIT.notFound,
  RATE_LIMIT: EXIT.provider,
  CONTEXT_LENGTH_EXCEEDED: EXIT.provider,
  OVERLOADED: EXIT.provider,
  NETWORK: EXIT.provider,
  TIMEOUT: EXIT.provider,
  PROVIDER: EXIT.provider,
  CONTENT_FILTER: EXIT.provider,
  PERMISSION_DENIED: EXIT.denied,
  BUDGET_EXCEEDED: EXIT.limit,
  SESSION_BUSY: EXIT.busy,
  ABORTED: EXIT.interrupted,
  TOOL_ERROR: EXIT.failure,
  CONFLICT: EXIT.failure,
  FENCED: EXIT.failure,
  STORAGE_FULL: EXIT.failure,
  STORAGE_FAILED: EXIT.failure,
  STORAGE_DAMAGED: EXIT.failure,
  FORMAT_TOO_NEW: EXIT.failure,
  INTERNAL: EXIT.failure,
};

/** The exit code of an error: its cause, and 1 for what carries no code. */
export function exitCodeOf(error: unknown): number {
  if (!isCoded(error)) return EXIT.failure;
  // Wrong input from the configuration is no wrong usage; `@reprise/session/compose` marks it so.
  if ('details' in error && Object(error.details).configuration !== undefined) return EXIT.configuration;
  return BY_CODE[error.code];
}

/** The exit code of a turn. */
export function exitCodeOfOutcome(outcome: Outcome): number {
  switch (outcome.status) {
    case 'done':
      return EXIT.ok;
    case 'aborted':
      return EXIT.interrupted;
    case 'step-limit':
      return EXIT.limit;
    case 'failed':
      return exitCodeOf(outcome.error);
  }
}
