import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import * as store from '../src/index.ts';

/** What a campaign is; they are plain JavaScript, so that they run without this test too. */
interface Campaign {
  readonly name: string;
  readonly amounts: { readonly short: number };
  readonly mutants: readonly { readonly name: string; readonly patches: readonly (readonly string[])[] }[];
  missing(): string | undefined;
  run(on: { sources: string; store: unknown; amount: number }): Promise<{ readonly problems: readonly string[] }>;
}

const place = new URL('../campaigns/index.mjs', import.meta.url).href;
const { CAMPAIGNS } = (await import(place)) as { readonly CAMPAIGNS: readonly Campaign[] };
const sources = join(import.meta.dirname, '..', 'src');

describe('fault campaigns, in their short form (the long one: pnpm campaign)', () => {
  for (const { name, amounts, missing, run } of CAMPAIGNS) {
    const reason = missing();
    test.skipIf(reason !== undefined)(
      `${name}${reason === undefined ? '' : ` (${reason})`}`,
      async () => {
        expect((await run({ sources, store, amount: amounts.short })).problems).toEqual([]);
      },
      120_000,
    );
  }
});

describe('each campaign has a mutant to show that it sees (they are played by: pnpm campaign --mutants)', () => {
  for (const { name, mutants } of CAMPAIGNS) {
    test(name, () => {
      expect(mutants.length).toBeGreaterThan(0);
      for (const { patches } of mutants) {
        for (const [file = '', from = '', to] of patches) {
          expect(readFileSync(join(sources, file), 'utf8'), file).toContain(from);
          expect(to).not.toBe(from);
        }
      }
    });
  }
});
