import type { Damage } from '@reprise/core';
import { verifySession } from '@reprise/storage-fs';
import { EXIT } from '../../exit-codes.ts';
import type { JSON_ONLY } from '../options.ts';
import type { Handler } from '../table.ts';

export const verify: Handler<typeof JSON_ONLY> = async ({ options, operands: [id = ''] }, io) => {
  const damage = verifySession(id, { env: io.env });
  if (options.json) io.out.json({ id, whole: damage.length === 0, damage });
  else if (damage.length === 0) io.out.write(`${id} is whole\n`);
  else for (const one of damage) io.out.write(`${id}: ${place(one)}: ${one.kind}: ${one.note}\n`);
  return damage.length === 0 ? EXIT.ok : EXIT.failure;
};

function place({ line, byte, seq }: Damage): string {
  const known = Object.entries({ line, byte, record: seq }).filter(([, value]) => value !== undefined);
  return known.map(([name, value]) => `${name} ${value}`).join(', ') || 'somewhere';
}
