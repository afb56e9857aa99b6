import { toCoded } from '@reprise/core';
import type { Coded, ErrorCode } from '@reprise/core';

/** The HTTP status of each code. AUTH is the provider's refusal here: a bad token of ours is answered by the guard, with 401. */
export const STATUS: Readonly<Record<ErrorCode, number>> = {
  RATE_LIMIT: 429,
  CONTEXT_LENGTH_EXCEEDED: 422,
  TOOL_ERROR: 422,
  INVALID_INPUT: 400,
  SESSION_NOT_FOUND: 404,
  SESSION_EXISTS: 409,
  SESSION_BUSY: 409,
  CONFLICT: 409,
  FENCED: 409,
  STORAGE_FULL: 507,
  STORAGE_FAILED: 503,
  STORAGE_DAMAGED: 500,
  FORMAT_TOO_NEW: 501,
  AUTH: 502,
  MODEL_NOT_FOUND: 422,
  OVERLOADED: 503,
  NETWORK: 502,
  TIMEOUT: 504,
  PROVIDER: 502,
  CONTENT_FILTER: 422,
  PERMISSION_DENIED: 403,
  BUDGET_EXCEEDED: 422,
  ABORTED: 409,
  UNSUPPORTED: 501,
  INTERNAL: 500,
};

/** Problem details (RFC 9457), with the library's code and hint. */
export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly code: ErrorCode;
  readonly hint?: string;
  readonly retryAt?: string;
  readonly details?: unknown;
}

export function problemOf(error: unknown, status?: number): Problem {
  const coded = toCoded(error);
  const { code, hint, retryAt } = coded;
  const { details } = coded as Coded & { readonly details?: unknown };
  return {
    type: `urn:reprise:error:${code}`,
    title: code.toLowerCase().replaceAll('_', ' '),
    status: status ?? STATUS[code],
    // What nobody foresaw may name anything: it is reported here and told in no detail.
    detail: code === 'INTERNAL' ? 'Something went wrong in the server.' : coded.message,
    code,
    ...(hint !== undefined && { hint }),
    ...(retryAt !== undefined && { retryAt }),
    ...(details !== undefined && { details }),
  };
}

export interface ProblemFacts {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Milliseconds since the epoch, for Retry-After. */
  readonly now?: number;
}

export function problemResponse(error: unknown, { status, headers, now }: ProblemFacts = {}): Response {
  const problem = problemOf(error, status);
  const wait = problem.retryAt === undefined || now === undefined ? undefined : Date.parse(problem.retryAt) - now;
  return new Response(JSON.stringify(problem), {
    status: problem.status,
    headers: {
      'Content-Type': 'application/problem+json',
      'Cache-Control': 'no-store',
      ...(wait !== undefined && { 'Retry-After': String(Math.max(1, Math.ceil(wait / 1000))) }),
      ...headers,
    },
  });
}
