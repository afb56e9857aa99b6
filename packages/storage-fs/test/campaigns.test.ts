import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import * as store from '../src/index.ts';

/** What a campaign is; they are plain JavaScript, so that they run without this test too. */
interface Campaign {
  readonly name: string;
  readonly amounts: { readonly short: number };
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
