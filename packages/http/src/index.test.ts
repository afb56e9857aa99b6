import { expect, test } from 'vitest';
import * as surface from './index.ts';
import * as node from './node/index.ts';

test('what can be imported is what the README lists', () => {
  expect(Object.keys(surface).toSorted()).toEqual(['LIMITS', 'SCOPES', 'STATUS', 'createServer']);
  expect(Object.keys(node).toSorted()).toEqual([
    'RATE_WORDS',
    'addToken',
    'eventLoopLag',
    'keptToken',
    'listen',
    'namedTokens',
    'rateOf',
    'removeToken',
    'serve',
    'servedAs',
    'tokenIn',
    'traced',
  ]);
});
