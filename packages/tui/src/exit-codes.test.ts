import { ERROR_CODES, RepriseError } from '@reprise/core';
import type { ErrorCode, Outcome } from '@reprise/core';
import { describe, expect, it } from 'vitest';
import { exitCodeOf, exitCodeOfOutcome } from './exit-codes.ts';

const EXPECTED: Record<ErrorCode, number> = {
  RATE_LIMIT: 5,
  CONTEXT_LENGTH_EXCEEDED: 5,
  TOOL_ERROR: 1,
  INVALID_INPUT: 2,
  SESSION_NOT_FOUND: 4,
  SESSION_EXISTS: 2,
  SESSION_BUSY: 8,
  CONFLICT: 1,
  FENCED: 1,
  STORAGE_FULL: 1,
  STORAGE_FAILED: 1,
  STORAGE_DAMAGED: 1,
  FORMAT_TOO_NEW: 1,
  AUTH: 3,
  MODEL_NOT_FOUND: 3,
  OVERLOADED: 5,
  NETWORK: 5,
  TIMEOUT: 5,
  PROVIDER: 5,
  CONTENT_FILTER: 5,
  PERMISSION_DENIED: 6,
  BUDGET_EXCEEDED: 7,
  ABORTED: 130,
  UNSUPPORTED: 2,
  INTERNAL: 1,
};

const NO_USAGE = { input: 0, output: 0, cached: 0, reasoning: 0, total: 0 };

describe('exit codes', () => {
  it.each(ERROR_CODES)('%s has the documented one', (code) => {
    expect(exitCodeOf(new RepriseError(code, 'x'))).toBe(EXPECTED[code]);
  });

  it('a fault in the configuration file is 3 although its code is INVALID_INPUT', () => {
    expect(exitCodeOf(new RepriseError('INVALID_INPUT', 'x', { details: { configuration: '/c' } }))).toBe(3);
  });

  it('anything without a code is a failure', () => {
    expect(exitCodeOf(new Error('x'))).toBe(1);
    expect(exitCodeOf(undefined)).toBe(1);
  });

  it.each([
    ['done', undefined, 0],
    ['aborted', 'ABORTED', 130],
    ['step-limit', undefined, 7],
    ['failed', 'PERMISSION_DENIED', 6],
    ['failed', 'OVERLOADED', 5],
  ] as const)('a turn that ended %s (%s) gives %i', (status, code, exit) => {
    const outcome: Outcome = {
      status,
      finishReason: 'stop',
      tokens: 0,
      usage: NO_USAGE,
      steps: 1,
      ...(code && { error: new RepriseError(code, 'x') }),
    };
    expect(exitCodeOfOutcome(outcome)).toBe(exit);
  });
});
