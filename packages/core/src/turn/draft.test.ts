import { expect, test } from 'vitest';
import type { Piece } from '../contracts/storage.ts';
import { readDraft } from './draft.ts';

const piece = (offset: number, body: unknown, more: Partial<Piece> = {}): Piece => ({
  step: 't:1',
  attempt: 1,
  offset,
  json: typeof body === 'string' ? body : JSON.stringify(body),
  ...more,
});

test('pieces are joined; reasoning comes before the text', () => {
  const pieces = [piece(0, { reasoning: 'hm' }), piece(0, { text: 'one ' }), piece(4, { text: 'two', reasoning: '!' })];
  expect(readDraft(pieces, 't:1')).toEqual({
    content: 'one two',
    parts: [
      { type: 'reasoning', text: 'hm!' },
      { type: 'text', length: 7 },
    ],
  });
  expect(readDraft([piece(0, { text: 'one' })], 't:1')).toEqual({ content: 'one' });
});

test('only the newest attempt of the step counts', () => {
  const pieces = [
    piece(0, { text: 'void' }),
    piece(0, { text: 'again' }, { attempt: 2 }),
    piece(0, { text: 'other' }, { step: 't:2', attempt: 3 }),
  ];
  expect(readDraft(pieces, 't:1')).toEqual({ content: 'again' });
  expect(readDraft(pieces, 't:9')).toBeUndefined();
});

test('what follows a gap is left out, and what can’t be read is empty', () => {
  expect(readDraft([piece(0, { text: 'one' }), piece(9, { text: 'far' })], 't:1')).toEqual({ content: 'one' });
  expect(readDraft([piece(0, '{"te'), piece(0, { text: 7 }), piece(0, { text: 'one' })], 't:1')).toEqual({
    content: 'one',
  });
  expect(readDraft([], 't:1')).toBeUndefined();
});
