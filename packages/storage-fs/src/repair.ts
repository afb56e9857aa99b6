import type { Damage } from '@reprise/core';
import { guarded, storageError } from './errors.ts';
import { readMetadata } from './head-file.ts';
import { Leases } from './leases.ts';
import { makeOpenable, prepareRepair } from './prepare-repair.ts';
import { recoverHead } from './recover-head.ts';
import { rewriteDamaged } from './repair-log.ts';
import { changes, planFor, stepsFor, withLog, type RepairStep } from './repair-plan.ts';
import { Root, rootOf, type FsStorageOptions } from './root.ts';
import { verifySession } from './verify.ts';

export interface Repair {
  readonly id: string;
  readonly dryRun: boolean;
  /** What was wrong before. */
  readonly damage: readonly Damage[];
  readonly steps: readonly RepairStep[];
}

export interface RepairOptions extends FsStorageOptions {
  /** Only say what would be done; nothing is written. */
  readonly dryRun?: boolean;
}

/**
 * Makes a damaged session whole. Sound records keep their text and number; what can't be read goes to `damaged/`; in the place of a
 * record that is lost stands one that says so (`{"type":"lost"}`), so that numbers stay without gaps. The log as it was stays in
 * `damaged/` too, and the small files are derived from the new one. Nothing is done to a sound session. SESSION_NOT_FOUND,
 * SESSION_BUSY while somebody writes, FORMAT_TOO_NEW.
 */
export async function repairSession(id: string, options: RepairOptions = {}): Promise<Repair> {
  const { dryRun = false } = options;
  const damage = verifySession(id, options);
  const folder = `${new Root(rootOf(options)).find() ?? ''}/${id}`;
  const steps = [...stepsFor(folder, id, damage)];
  if (!dryRun && steps.length > 0) await repair(id, options, damage);
  return { id, dryRun, damage, steps };
}

async function repair(id: string, options: RepairOptions, damage: readonly Damage[]): Promise<void> {
  const root = new Root(rootOf(options));
  const leases = new Leases(root, Date.now);
  const found = `${root.find() ?? ''}/${id}`;
  makeOpenable(found, id);
  // Taking the lease alone cuts a torn tail, and giving it back writes the small files.
  const lease = leases.acquire(id, { name: 'repair' }, 'existing', damage.length > 0 ? prepareRepair : undefined);
  try {
    const writer = leases.writer(lease);
    const { folder } = writer.place;
    const plan = guarded(`look at session ${id}`, () => planFor(folder));
    if (changes(plan)) await rewriteDamaged(writer, plan);
    else if (damage.length > 0)
      await writer.append(
        [],
        withLog(folder, (fd) => recoverHead(id, readMetadata(folder, id), fd)),
      );
  } catch (error) {
    throw storageError(error, `repair session ${id}`);
  } finally {
    await leases.close();
  }
}
