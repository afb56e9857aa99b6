import { RepriseError } from '@reprise/core';
import { expect, it } from 'vitest';
import { hintedBy } from './hints.ts';

it.each([
  ['run', 'SESSION_BUSY', '--queue'],
  ['run', 'SESSION_BUSY', '--steer'],
  ['session import', 'SESSION_EXISTS', '--new-id'],
] as const)('%s tells for %s of %s', (command, code, option) => {
  const error = new RepriseError(code, 'So it is.', { hint: 'Ask the library.', details: { a: 1 } });
  const hinted = hintedBy(command, error);
  expect(hinted.hint).toContain(option);
  expect(hinted).toMatchObject({ code, message: 'So it is.', details: { a: 1 }, stack: error.stack });
  expect(error.hint).toBe('Ask the library.');
});

it('leaves all others as they are', () => {
  const error = new RepriseError('SESSION_EXISTS', 'So it is.');
  expect(hintedBy('session fork', error)).toBe(error);
  expect(hintedBy('run', error)).toBe(error);
});
