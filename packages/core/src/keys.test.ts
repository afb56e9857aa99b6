import { expect, test } from 'vitest';
import { RepriseError } from './errors.ts';
import { masked, maskedIn } from './keys.ts';
import { classify } from './model/classify.ts';

const a = (n: number) => 'aB3'.repeat(n).slice(0, n);

test.each<[string, string]>([
  [`sk-ant-api03-${a(80)}`, 'sk-ant-'],
  [`sk-proj-${a(60)}`, 'sk-proj-'],
  [`sk-${a(48)}`, 'sk-'],
  [`gsk_${a(52)}`, 'gsk_'],
  [`xai-${a(80)}`, 'xai-'],
  [`AIza${a(35)}`, 'AIza'],
  [`hf_${a(34)}`, 'hf_'],
  [`ghp_${a(36)}`, 'ghp_'],
  [`github_pat_${a(22)}_${a(59)}`, 'github_pat_'],
  [`glpat-${a(20)}`, 'glpat-'],
  [`npm_${a(36)}`, 'npm_'],
  [`pypi-${a(100)}`, 'pypi-'],
  [`xoxb-123456789012-${a(24)}`, 'xoxb-'],
  [`sk_live_${a(24)}`, 'sk_live_'],
  ['AKIAIOSFODNN7EXAMPLE', 'AKIA'],
  [`eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.${a(43)}`, 'eyJ'],
])('%s looks like a key', (key, known) => {
  for (const [before, after] of [
    ['', ''],
    ['key = "', '"'],
    ['(', ')'],
    ['x\n', '\n'],
    ['key:', ', b'],
  ] as const) {
    const clean = masked(before + key + after);
    expect(clean).toBe(`${before}${known}${'*'.repeat(key.length - known.length)}${after}`);
  }
});

test('bearer tokens, private keys and passwords in addresses too', () => {
  expect(masked(`Authorization: Bearer ${a(32)}==`)).toBe(`Authorization: Bearer ${'*'.repeat(34)}`);
  const pem = `-----BEGIN RSA PRIVATE KEY-----\n${a(64)}\n${a(10)}\n-----END RSA PRIVATE KEY-----`;
  expect(masked(pem)).toBe(pem.replace(a(64), '*'.repeat(64)).replace(a(10), '*'.repeat(10)));
  expect(masked('postgres://me:hunter2@db.example/x')).toBe('postgres://me:*******@db.example/x');
});

test('a path may end in one', () => {
  expect(masked(`/work/sk-ant-api03-${a(60)} does not exist.`)).toBe(`/work/sk-ant-${'*'.repeat(66)} does not exist.`);
});

test.each([
  'task-list-of-a-very-long-name-with-dashes',
  'https://example.org/a:b/c@d',
  `data:image/png;base64,${a(40)}/sk-${a(40)}+AIza${a(35)}=`,
  `${a(10)}AKIAIOSFODNN7EXAMPLE${a(10)}`,
  'sk-short',
  'the bearer of this letter is a friend',
  'npm_config_registry',
])('%s does not', (text) => expect(masked(text)).toBe(text));

test('a value keeps its shape, and what is excepted', () => {
  const key = `sk-${a(48)}`;
  const value = { a: [key, 1, null], meta: { seal: key }, b: { c: `x ${key}` } };
  const clean = maskedIn(value, new Set(['meta']));
  expect(clean).toEqual({ a: [masked(key), 1, null], meta: { seal: key }, b: { c: `x ${masked(key)}` } });
});

test('a long text takes no long time', () => {
  const text = `${'sk-'.repeat(100_000)}${'eyJ'.repeat(100_000)}${'a:'.repeat(100_000)}http://${'x'.repeat(200_000)}`;
  const at = performance.now();
  masked(text);
  expect(performance.now() - at).toBeLessThan(2_000);
});

test('no error shows a key, whoever said it', () => {
  const key = `sk-${a(48)}`;
  const error = new RepriseError('AUTH', `Incorrect API key provided: ${key}.`, { hint: `Not ${key}?` });
  expect(`${error.message} ${error.hint} ${error.stack}`).not.toContain(key);
  expect(classify(new Error(`Incorrect API key provided: ${key}.`), 0).message).not.toContain(key);
});
