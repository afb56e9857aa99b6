import { expect, test } from 'vitest';
import * as surface from './index.ts';

test('what can be imported is what the README lists', () => {
  expect(Object.keys(surface)).toEqual(['traceTurns']);
});
