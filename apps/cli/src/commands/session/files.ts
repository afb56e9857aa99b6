import type { Damage } from '@reprise/core';
import { collectGarbage, repairSession, verifySession } from '@reprise/storage-fs';
import { EXIT } from '@reprise/tui';
import type { Handler } from '@reprise/tui';
import { filesFor } from '../../store.ts';
import type { READ, TIDY } from '../options.ts';

export const verify: Handler<typeof READ> = async ({ options, operands: [id = ''] }, io) => {
  const damage = verifySession(id, await filesFor(io, options, 'verify'));
  if (options.json) io.out.json({ id, whole: damage.length === 0, damage });
  else if (damage.length === 0) io.out.write(`${id} is whole\n`);
  else for (const one of damage) io.out.write(`${id}: ${told(one)}\n`);
  return damage.length === 0 ? EXIT.ok : EXIT.failure;
};

export const repair: Handler<typeof TIDY> = async ({ options, operands: [id = ''] }, io) => {
  const dryRun = options['dry-run'] ?? false;
  const done = await repairSession(id, { ...(await filesFor(io, options, 'repair')), dryRun });
  if (options.json) io.out.json(done);
  else {
    for (const one of done.damage) io.out.write(`${id}: ${told(one)}\n`);
    for (const { kind, where, note } of done.steps)
      io.out.write(`${dryRun ? 'would do: ' : ''}${kind}: ${note} (${where})\n`);
    if (done.steps.length === 0) io.out.write(`${id} is whole\n`);
  }
  return EXIT.ok;
};

export const gc: Handler<typeof TIDY> = async ({ options }, io) => {
  const dryRun = options['dry-run'] ?? false;
  const { items, skipped } = await collectGarbage({ ...(await filesFor(io, options, 'gc')), dryRun });
  const bytes = items.reduce((sum, item) => sum + item.bytes, 0);
  if (options.json) io.out.json({ dryRun, items, skipped, bytes });
  else {
    for (const item of items) io.out.write(`${item.path}: ${item.kind}, ${item.bytes} bytes: ${item.note}\n`);
    for (const { id, why } of skipped) io.err.write(`reprise: passed over ${id}: ${why}\n`, 'yellow');
    io.err.write(`reprise: ${dryRun ? 'would remove' : 'removed'} ${items.length} things, ${bytes} bytes\n`, 'dim');
  }
  return EXIT.ok;
};

function told({ line, byte, seq, kind, note }: Damage): string {
  const known = Object.entries({ line, byte, record: seq }).filter(([, value]) => value !== undefined);
  return `${known.map(([name, value]) => `${name} ${value}`).join(', ') || 'somewhere'}: ${kind}: ${note}`;
}
