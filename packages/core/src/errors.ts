import { masked } from './keys.ts';

/**
 * Every code an error of Reprise can carry. The set is closed: the same codes appear in the library, as problem details
 * over HTTP and as exit codes of the command line. Messages are free to change, codes are not.
 */
export const ERROR_CODES = [
  'RATE_LIMIT',
  'CONTEXT_LENGTH_EXCEEDED',
  'TOOL_ERROR',
  'INVALID_INPUT',
  'SESSION_NOT_FOUND',
  'SESSION_EXISTS',
  'SESSION_BUSY',
  'CONFLICT',
  'FENCED',
  'STORAGE_FULL',
  'STORAGE_FAILED',
  'STORAGE_DAMAGED',
  'FORMAT_TOO_NEW',
  'AUTH',
  'MODEL_NOT_FOUND',
  'OVERLOADED',
  'NETWORK',
  'TIMEOUT',
  'PROVIDER',
  'CONTENT_FILTER',
  'PERMISSION_DENIED',
  'BUDGET_EXCEEDED',
  'ABORTED',
  'UNSUPPORTED',
  'INTERNAL',
] as const;

export type ErrorCode = (typeof ERROR_CODES)[number];

/** What every error that leaves Reprise looks like. Tell errors apart by `code`, never by `instanceof`. */
export type Coded = Error & { readonly code: ErrorCode; readonly hint?: string; readonly retryAt?: string };

export interface ErrorFacts {
  /** What the reader can do about it, in one sentence. */
  readonly hint?: string;
  /** The error below, kept as it was. */
  readonly cause?: unknown;
  /** When trying again makes sense, as an ISO time. */
  readonly retryAt?: string;
  /** Facts for programs, JSON-safe (for example the holder of a busy session, or the places of damage). */
  readonly details?: Readonly<Record<string, unknown>>;
}

/** The one error class. Message, `hint` and `details` are safe to show; in the first two what looks like a key is masked. */
export class RepriseError extends Error {
  override readonly name = 'RepriseError';
  readonly code: ErrorCode;
  readonly hint?: string;
  readonly retryAt?: string;
  readonly details?: Readonly<Record<string, unknown>>;

  constructor(code: ErrorCode, message: string, facts: ErrorFacts = {}) {
    super(masked(message), facts.cause === undefined ? undefined : { cause: facts.cause });
    this.code = code;
    if (facts.hint !== undefined) this.hint = masked(facts.hint);
    if (facts.retryAt !== undefined) this.retryAt = facts.retryAt;
    if (facts.details !== undefined) this.details = facts.details;
  }
}

const CODES: ReadonlySet<string> = new Set(ERROR_CODES);

/** True for an error of ours, also one from another copy of this package. */
export function isCoded(error: unknown): error is Coded {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' && CODES.has(error.code);
}

/** `error` itself if it carries a code, else an error with `code` around it. */
export function toCoded(error: unknown, code: ErrorCode = 'INTERNAL', facts: ErrorFacts = {}): Coded {
  if (isCoded(error)) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new RepriseError(code, message || code, { ...facts, cause: error });
}
