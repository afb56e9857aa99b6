import fc from 'fast-check';
import { expect, test } from 'vitest';
import { canonicalJson, fingerprintOfCall, fingerprintOfQuestion } from './fingerprint.ts';

const subject = {
  tool: 'write',
  input: { path: 'a', content: 'x' },
  params: {},
  cwd: '/w',
  access: { effect: 'write', paths: ['/w/a'] },
} as const;

test('it is a SHA-256, and a stored one stays what it was', async () => {
  expect(await fingerprintOfCall(subject)).toMatchInlineSnapshot(
    `"4f2db841cb5b3e1e52cf06eb07b5bf31d72e1267c856d4b3dc387e680a14e294"`,
  );
  expect(await fingerprintOfQuestion('c', 'which?', ['a'])).toMatchInlineSnapshot(
    `"404952f2c055d43df9d4c81bb071f3f1c6721483109d12b75955ce26684d6840"`,
  );
});

test('the order of keys does not count; tool, arguments, directory and what is touched do', async () => {
  const same = await fingerprintOfCall(subject);
  expect(await fingerprintOfCall({ ...subject, input: { content: 'x', path: 'a' }, params: { n: 1 } })).toBe(same);
  const others = [
    { ...subject, tool: 'edit' },
    { ...subject, cwd: '/w2' },
    { ...subject, input: { path: 'a', content: 'x ' } },
    { ...subject, input: { path: 'a', content: 'x', mode: null } },
    { ...subject, input: [] },
    { ...subject, access: { effect: 'write' as const, paths: ['/w/b'] } },
  ];
  const all = await Promise.all(others.map(fingerprintOfCall));
  expect(new Set([same, ...all]).size).toBe(others.length + 1);
});

test('what JSON can not tell apart is told apart by the arguments', async () => {
  const of = (map: Map<string, string>, n: number) => fingerprintOfCall({ ...subject, input: { map }, params: { n } });
  expect(await of(new Map([['a', 'b']]), 1)).not.toBe(await of(new Map(), 2));
  expect(await of(new Map(), 1)).toBe(await of(new Map(), 1));
});

test('canonical JSON: the same text for the same value, another one for any other', () => {
  const value = fc.jsonValue({ maxDepth: 3 });
  fc.assert(
    fc.property(value, value, (a, b) => {
      const same = JSON.stringify(sorted(a)) === JSON.stringify(sorted(b));
      expect(canonicalJson(a) === canonicalJson(b)).toBe(same);
      expect(JSON.stringify(sorted(JSON.parse(canonicalJson(a))))).toBe(JSON.stringify(sorted(a)));
    }),
    { numRuns: 300, seed: 1 },
  );
  expect(canonicalJson('\ud800')).not.toBe(canonicalJson('\ufffd'));
  expect(canonicalJson(JSON.parse('{"__proto__":1}'))).toBe('{"__proto__":1}');
});

test.each([[() => 1], [new Map()], [NaN], [1n], [Symbol('x')], [new Date(0)], [[undefined]]])(
  '%s is no JSON',
  (value) => {
    expect(() => canonicalJson(value)).toThrow(TypeError);
  },
);

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return entries.map(([key, field]) => [key, sorted(field)]);
}
