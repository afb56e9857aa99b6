import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { untouched } from '../checks/checkout.mjs';
import { commit, git, scratchFolder, write } from './scratch.mjs';

test('what the checks change, add or remove in the checkout is a failure, and what was there before is not', async ({
  onTestFinished,
}) => {
  const folder = scratchFolder(onTestFinished);
  git(folder, 'init', '-q');
  write(folder, { 'a.txt': 'a', 'b.txt': 'b', 'c.txt': 'c', '.gitignore': 'dist\n' });
  commit(folder);
  write(folder, { 'a.txt': 'mine', 'new.txt': 'mine' });

  const { run } = untouched(folder);
  write(folder, { dist: 'ignored' });
  expect(await run()).toEqual({ status: 'passed' });
  write(folder, { 'a.txt': 'theirs', 'b.txt': 'theirs', 'more/left.txt': 'theirs' });
  rmSync(join(folder, 'c.txt'));
  const { status, detail } = await run();
  expect(status).toBe('failed');
  for (const file of ['M a.txt', 'M b.txt', 'D c.txt', '?? more/left.txt']) expect(detail).toContain(file);
  expect(detail).not.toContain('new.txt');
});

test('outside of git it says that it can’t tell', async ({ onTestFinished }) => {
  expect(await untouched(scratchFolder(onTestFinished)).run()).toMatchObject({ status: 'skipped' });
});
