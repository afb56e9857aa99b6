import { mkdtemp, open, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { replaceFile } from './replace.ts';

test('a file that somebody else changed since it was read is left alone', async () => {
  const real = await mkdtemp(join(tmpdir(), 'reprise-replace-'));
  const handle = await open(real);
  const folder = { handle, real, at: (name: string) => join(real, name) };
  try {
    const path = join(real, 'file');
    await writeFile(path, 'old');
    const before = await stat(path);
    await writeFile(path, 'by somebody else');
    await expect(replaceFile(folder, 'file', Buffer.from('new'), before)).rejects.toMatchObject({ code: 'CONFLICT' });
    expect(await readFile(path, 'utf8')).toBe('by somebody else');
    await replaceFile(folder, 'file', Buffer.from('new'), await stat(path));
    expect(await readFile(path, 'utf8')).toBe('new');
    expect(await readdir(real)).toEqual(['file']);
  } finally {
    await handle.close();
    await rm(real, { recursive: true });
  }
});
