import fc from 'fast-check';
import { expect, test } from 'vitest';
import { CleanBytes } from './clean.ts';
import { Redactor, knownSecrets } from './secrets.ts';

test('bytes in any pieces give the text in one piece, without secrets and broken characters', () => {
  const secrets = knownSecrets([{ A_KEY: 'abababab', B_KEY: 'geheimnisvoll-ä€😀', C_KEY: 'ababababab' }]);
  const part = fc.oneof(
    fc
      .constantFrom('a', 'b', 'ab', 'abababab', 'geheimnisvoll-ä€😀', 'geheimnis', 'ä', '€', '😀', '\ufeff', '\n')
      .map((text) => Buffer.from(text)),
    fc.uint8Array({ maxLength: 4 }).map((bytes) => Buffer.from(bytes)),
  );
  fc.assert(
    fc.property(fc.array(part, { maxLength: 20 }), fc.array(fc.nat(100)), (parts, cuts) => {
      const all = Buffer.concat(parts);
      const clean = new CleanBytes(secrets);
      const places = [...cuts.map((cut) => Math.min(cut, all.length)).sort((a, b) => a - b), all.length];
      const pieces = places.map((end, at) => clean.push(all.subarray(places[at - 1] ?? 0, end)));
      expect(Buffer.concat([...pieces, clean.end()]).toString()).toBe(new Redactor(secrets).whole(all.toString()));
    }),
    { numRuns: 2_000 },
  );
});
