import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Output } from './output.ts';

/** A spill in memory. */
function memory(): { parts: Buffer[]; spill: () => Promise<any> } {
  const parts: Buffer[] = [];
  const spill = async (): Promise<any> => ({
    path: '/spill',
    write: async (bytes: Uint8Array) => void parts.push(Buffer.from(bytes)),
    close: async () => ({ dropped: 0 }),
  });
  return { parts, spill };
}

test('whatever comes in whatever pieces: all of it, or its beginning and end and everything in the spill', async () => {
  const piece = fc.oneof(
    fc.string({ unit: 'grapheme', maxLength: 20 }),
    fc.constantFrom('\n', 'x'.repeat(9_000), '\n'.repeat(700), 'ä€\n'.repeat(3_000), 'y'.repeat(70_000)),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(piece, { maxLength: 12 }), fc.constantFrom('both', 'head'), async (pieces, keep) => {
      const { parts, spill } = memory();
      const output = new Output({ spill, keep: keep as 'both' | 'head' });
      for (const one of pieces) await output.push(one);
      const { text, truncated, lines, bytes } = await output.end();
      const all = pieces.join('').toWellFormed();
      expect(bytes).toBe(Buffer.byteLength(all));
      expect(lines).toBe(all === '' ? 0 : all.split('\n').length - (all.endsWith('\n') ? 1 : 0));
      expect(truncated === true).toBe(bytes > 50_000 || lines > 2_000);
      if (truncated !== true) {
        expect(text).toBe(all);
        return;
      }
      expect(Buffer.concat(parts).toString()).toBe(all);
      expect(Buffer.byteLength(text)).toBeLessThanOrEqual(50_000);
      expect(text.split('\n').length - 1).toBeLessThanOrEqual(2_000);
      const at = text.search(/\[… [\d,]+ of [\d,]+ bytes/);
      expect(all.startsWith(text.slice(0, at).replace(/\n$/, ''))).toBe(true);
      const tail = text.slice(text.indexOf(']\n', at) + 2);
      expect(all.endsWith(tail)).toBe(true);
      if (keep === 'both') expect(tail.length).toBeGreaterThan(0);
    }),
    { numRuns: 150 },
  );
});

test('a spill that fails costs the copy only', async () => {
  const output = new Output({ keep: 'both', spill: () => Promise.reject(new Error('disk full')) });
  await output.push('x'.repeat(60_000));
  expect(await output.end()).toMatchObject({
    truncated: true,
    text: expect.stringContaining('could not be kept (disk full)'),
  });
});
