import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Redactor, knownSecrets } from './secrets.ts';

const names = (environment: Record<string, string>): string[] => knownSecrets([environment]).map(({ value }) => value);

test('values of variables named like a key, token, secret or password count, from eight characters on', () => {
  expect(
    names({
      API_KEY: 'abcdefgh',
      github_token: 'ijklmnop',
      MY_SECRET_X: 'qrstuvwx',
      PASSWORD: 'yz012345',
      HOME: '/home/abcd',
      B_KEY: 'short',
    }).sort(),
  ).toEqual(['abcdefgh', 'ijklmnop', 'qrstuvwx', 'yz012345']);
});

test('a value of several lines counts line by line', () => {
  expect(names({ KEY: '-----BEGIN-----\naaaaaaaaaa\r\nbbbbbbbbbbb\nc\n-----END-----' })).toEqual([
    'bbbbbbbbbbb',
    'aaaaaaaaaa',
  ]);
});

test('a secret that begins with another one is replaced whole', () => {
  const secrets = knownSecrets([{ A_KEY: 'abcdefgh', B_KEY: 'abcdefghijkl' }]);
  expect(new Redactor(secrets).whole('abcdefghijk abcdefghijkl')).toBe('[secret A_KEY]ijk [secret B_KEY]');
});

test('pieces give what the whole gives', () => {
  const letters = fc.string({ unit: fc.constantFrom('a', 'b'), minLength: 8, maxLength: 12 });
  fc.assert(
    fc.property(
      fc.array(letters, { maxLength: 4 }),
      fc.string({ unit: fc.constantFrom('a', 'b', 'c'), maxLength: 80 }),
      fc.array(fc.nat(80)),
      (values, text, cuts) => {
        const secrets = knownSecrets([], values);
        const whole = new Redactor(secrets).whole(text);
        const places = [0, ...cuts.map((cut) => Math.min(cut, text.length)).sort((a, b) => a - b), text.length];
        const redactor = new Redactor(secrets);
        const pieces = places.slice(1).map((end, at) => redactor.push(text.slice(places[at], end)));
        expect(pieces.join('') + redactor.end()).toBe(whole);
        for (const value of values) expect(whole).not.toContain(value);
      },
    ),
    { numRuns: 2_000 },
  );
});
