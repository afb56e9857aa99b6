import type { Coded, ErrorCode } from '@reprise/core';

/** By command: what its own options do about an error. The library's hints speak of the library. */
const HINTS: Readonly<Record<string, Partial<Record<ErrorCode, string>>>> = {
  run: {
    SESSION_BUSY:
      'With --queue it is answered after the turn that runs, with --steer it becomes part of it. Or stop that program.',
  },
  'session import': { SESSION_EXISTS: 'With --new-id it gets an id of its own.' },
};

/** The same error with the hint of the command that failed. */
export function hintedBy(command: string, error: Coded): Coded {
  const hint = HINTS[command]?.[error.code];
  return hint === undefined ? error : (Object.create(error, { hint: { value: hint, enumerable: true } }) as Coded);
}
