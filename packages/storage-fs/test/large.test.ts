import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import type { SessionStorage } from '@reprise/core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { append, make, OWNER, salvage, text } from './moves.ts';
import { temporaryStorage } from './temporary.ts';

const COUNT = 3000;
/** Record lengths that make halving hard: mostly short, some longer than the read buffer, a few huge. */
const pad = (n: number): number => (n % 997 === 0 ? 900_000 : n % 101 === 0 ? 70_000 : (n * 37) % 600);

let made: ReturnType<typeof temporaryStorage>;
let storage: SessionStorage;
beforeAll(async () => {
  made = temporaryStorage();
  storage = made.storage;
  await make(
    storage,
    'one',
    Array.from({ length: COUNT }, (_, at) => text(at + 1, pad(at + 1))),
  );
});
afterAll(async () => {
  await storage.close();
  made.cleanup();
});

test('any range of a large log gives exactly its records', async () => {
  const bound = fc.option(fc.integer({ min: 0, max: COUNT + 10 }), { nil: undefined });
  await fc.assert(
    fc.asyncProperty(
      bound,
      bound,
      fc.boolean(),
      fc.integer({ min: 1, max: 40 }),
      async (after, before, reverse, limit) => {
        const first = (after ?? 0) + 1;
        const last = Math.min(COUNT, (before ?? Infinity) - 1);
        const count = Math.max(0, Math.min(limit, last - first + 1));
        const wanted = Array.from({ length: count }, (_, at) => (reverse ? last - at : first + at));
        const range = {
          ...(after === undefined ? {} : { after }),
          ...(before === undefined ? {} : { before }),
          reverse,
          limit,
        };
        expect(await salvage(storage, 'one', range)).toEqual({ seqs: wanted, damage: [] });
      },
    ),
    { numRuns: 150 },
  );
});

test('the end of a large log is found without reading it', async () => {
  const path = join(made.root, 'one', 'messages.json');
  const whole = readFileSync(path);
  const spoiled = Buffer.from(whole);
  spoiled.fill(0x23, 1000, whole.length - 500_000);
  writeFileSync(path, spoiled);
  expect((await salvage(storage, 'one', { after: COUNT - 5 })).seqs).toEqual([2996, 2997, 2998, 2999, 3000]);
  const lease = await storage.acquire('one', { owner: OWNER, expect: 'existing' });
  expect(lease.head?.seq).toBe(COUNT);
  await append(storage, lease, COUNT, [text(COUNT + 1)]);
  await lease.release();
  expect((await salvage(storage, 'one', { reverse: true, limit: 2 })).seqs).toEqual([3001, 3000]);
  writeFileSync(path, whole);
});

test('no record is hidden by damage anywhere', async () => {
  const path = join(made.root, 'one', 'messages.json');
  const whole = readFileSync(path);
  const lines = whole.toString().split('\n').slice(0, -2);
  const place = fc.integer({ min: 0, max: COUNT - 1 });
  const kind = fc.constantFrom('spoil', 'double', 'foreign', 'remove');
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(place, kind, place), { minLength: 1, maxLength: 4 }),
      place,
      async (spots, from) => {
        const all: (string | readonly string[])[] = [...lines];
        const lost = new Set<number>();
        for (const [at, how, other] of spots) {
          if (how === 'spoil') all[at] = `,${(lines[at] as string).slice(1).replace('note', 'nope')}`;
          if (how === 'double') all[at] = [lines[at] as string, `,${(lines[other] as string).slice(1)}`];
          if (how === 'foreign') all[at] = [lines[at] as string, ',{"by":"hand"}'];
          if (how === 'remove') all[at] = [];
          if (how === 'spoil' || how === 'remove') lost.add(at + 1);
          else lost.delete(at + 1);
        }
        writeFileSync(path, `${all.flat().join('\n')}\n]\n`);
        // The last record may be gone without a trace: nothing says that there was one.
        const readable = Array.from({ length: COUNT }, (_, at) => at + 1).filter((seq) => !lost.has(seq));
        expect((await salvage(storage, 'one', { after: from })).seqs).toEqual(readable.filter((seq) => seq > from));
        const before = { before: from + 1, reverse: true, limit: 50 };
        expect((await salvage(storage, 'one', before)).seqs).toEqual(
          readable
            .filter((seq) => seq <= from)
            .reverse()
            .slice(0, 50),
        );
      },
    ),
    { numRuns: 60 },
  );
  writeFileSync(path, whole);
});
