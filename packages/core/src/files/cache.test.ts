import { expect, test } from 'vitest';
import { FileCache } from './cache.ts';

test('the least recently used go first, as many as must', () => {
  const cache = new FileCache(10);
  cache.set('a', 'xxxx');
  cache.set('b', 'xxxx');
  cache.get('a');
  cache.set('c', 'xxxx');
  expect(['a', 'b', 'c'].map((key) => cache.get(key))).toEqual(['xxxx', undefined, 'xxxx']);
  cache.set('a', 'xxxxxxx');
  expect(['a', 'c'].map((key) => cache.get(key)?.length)).toEqual([7, undefined]);
});

test('one that is larger than the whole is not kept', () => {
  const cache = new FileCache(3);
  cache.set('a', 'xxxx');
  expect(cache.get('a')).toBeUndefined();
  cache.set('b', 'xxx');
  expect(cache.get('b')).toBe('xxx');
});
