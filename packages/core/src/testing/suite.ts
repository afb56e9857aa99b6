import type { SessionStorage } from '../contracts/storage.ts';
import type { Faults } from './faults.ts';
import { acquireRules } from './rules/acquire.ts';
import { appendRules } from './rules/append.ts';
import { blobRules } from './rules/blobs.ts';
import { closeRules } from './rules/close.ts';
import { concurrencyRules } from './rules/concurrency.ts';
import { copyRules } from './rules/copy.ts';
import { damageRules } from './rules/damage.ts';
import { draftRules } from './rules/draft.ts';
import { durabilityRules } from './rules/durability.ts';
import { faultRules } from './rules/faults.ts';
import { headRules } from './rules/head.ts';
import { inboxRules } from './rules/inbox.ts';
import { lawRules } from './rules/laws.ts';
import { lifecycleRules } from './rules/lifecycle.ts';
import { listRules } from './rules/list.ts';
import { readRules } from './rules/read.ts';
import { removeRules } from './rules/remove.ts';
import { rewriteRules } from './rules/rewrite.ts';
import { searchRules } from './rules/search.ts';
import { takeoverRules } from './rules/takeover.ts';
import { watchRules } from './rules/watch.ts';
import { Stage, type Rule } from './stage.ts';

/** A fresh, empty store, and what to do when its rule is done (it is closed in any case). */
export interface MadeStorage {
  readonly storage: SessionStorage;
  readonly cleanup?: () => unknown;
}

export interface StorageSuite {
  /** Registers one test: vitest's and `node:test`'s `test` fit as they are. */
  readonly test: (name: string, run: () => Promise<void>) => unknown;
  /** Makes an empty store of its own for each test. */
  readonly create: () => SessionStorage | MadeStorage | Promise<SessionStorage | MadeStorage>;
  /**
   * A second instance on the same medium, as a second process would open it. Without it the rules that need one (what survives,
   * who is kept out) are passed over: give it wherever the medium outlives the object.
   */
  readonly reopen?: (storage: SessionStorage) => SessionStorage | Promise<SessionStorage>;
  /**
   * Ways to hurt the medium. Leave it out at first: a store passes without it, and each member that you add makes the suite ask
   * what the store does then.
   */
  readonly faults?: Faults;
}

const RULES: readonly Rule[] = [
  ...acquireRules,
  ...appendRules,
  ...readRules,
  ...headRules,
  ...listRules,
  ...removeRules,
  ...closeRules,
  ...draftRules,
  ...blobRules,
  ...inboxRules,
  ...watchRules,
  ...copyRules,
  ...rewriteRules,
  ...searchRules,
  ...lifecycleRules,
  ...concurrencyRules,
  ...durabilityRules,
  ...faultRules,
  ...damageRules,
  ...takeoverRules,
  ...lawRules,
];

/**
 * The conformance suite of the storage contract, version 1: one test a rule, each on a store of its own. Optional members are
 * tested where they are present. Knows no test runner and uses `node:assert` alone; each failure begins with the broken rule.
 *
 * @example
 * storageSuite({ test, create: () => memoryStorage() });
 */
export function storageSuite({ test, ...suite }: StorageSuite): void {
  for (const rule of RULES) test(rule.name, () => play(rule, suite));
}

async function play(rule: Rule, { create, reopen, faults }: Omit<StorageSuite, 'test'>): Promise<void> {
  const made = await create();
  const { storage, cleanup } = 'storage' in made ? made : { storage: made };
  const opened: SessionStorage[] = [];
  const again = async (): Promise<SessionStorage> => {
    const other = await (reopen as NonNullable<typeof reopen>)(storage);
    opened.push(other);
    return other;
  };
  try {
    await rule.run(new Stage(storage, reopen === undefined ? undefined : again, faults));
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new Error(`broken rule "${rule.name}": ${why}`, { cause: error });
  } finally {
    for (const each of [...opened, storage]) await each.close().catch(() => undefined);
    await cleanup?.();
  }
}
