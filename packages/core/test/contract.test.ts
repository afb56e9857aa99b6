import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { storageSuite } from '../src/testing/index.ts';
import { memoryStorage } from '../src/storage/memory.ts';

const source = readFileSync(new URL('../src/contracts/storage.ts', import.meta.url), 'utf8');
const body = source.slice(source.indexOf('export interface SessionStorage {'));
const rules: string[] = [];
storageSuite({ test: (name) => rules.push(name), create: memoryStorage });

/** Every method of the contract, those of capabilities too, with the comment right before it. */
const methods = [...body.matchAll(/\/\*\*((?:(?!\*\/)[^])*)\*\/\n\s+(\w+)\??\(/g)].map(([, comment, name]) => ({
  name: name as string,
  comment: comment as string,
}));

test('each method and capability says what it promises', () => {
  expect(methods.map(({ name }) => name)).toEqual([
    ...['acquire', 'append', 'read', 'head', 'list', 'remove', 'close'],
    ...['add', 'clear', 'read', 'put', 'get', 'put', 'peek', 'drop'],
    ...['watch', 'copy', 'rewrite', 'search'],
  ]);
  for (const { name, comment } of methods) expect(comment, name).toContain('Contract:');
  // No method without a comment of its own.
  expect(body.match(/^ {2,4}\w+\??\(/gm)?.length).toBe(methods.length);
});

test.each([
  ...['acquire', 'append', 'read', 'head', 'list', 'remove', 'close'],
  ...['draft', 'blobs', 'inbox', 'watch', 'copy', 'rewrite', 'search'],
  ...['lifecycle', 'concurrency', 'durability', 'faults', 'damage', 'takeover', 'laws'],
])('the suite has rules for %s', (name) => {
  expect(rules.filter((rule) => rule.startsWith(`${name}: `)).length).toBeGreaterThan(0);
});
