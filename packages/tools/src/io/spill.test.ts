import { mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openSpill } from './spill.ts';

test('old files and, the oldest first, too many bytes are removed when a new one is opened', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'reprise-spill-'));
  const day = 86_400;
  const now = 100 * day;
  try {
    for (const [name, age] of [
      ['week', 8],
      ['older', 3],
      ['newer', 2],
      ['newest', 1],
    ] as const) {
      await writeFile(join(folder, name), 'x'.repeat(15));
      await utimes(join(folder, name), now - age * day, now - age * day);
    }
    const spill = await openSpill(folder, 'bash', 10, now * 1_000);
    await spill.write(Buffer.from('0123456789abc'));
    expect(await spill.close()).toEqual({ dropped: 3 });
    expect((await readdir(folder)).filter((name) => !name.startsWith('bash-')).sort()).toEqual(['newer', 'newest']);
  } finally {
    await rm(folder, { recursive: true });
  }
});
