import { execFileSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { changesets, isShipped, namedIn } from '../checks/changesets.mjs';
import { root } from '../lib/setup.mjs';
import { commit, git, scratchFolder, write } from './scratch.mjs';

const manifest = (name, more = {}) => ({ name, version: '1.0.0', files: ['dist'], ...more });

describe('a package that changed since its version', () => {
  let folder;

  beforeEach(({ onTestFinished }) => {
    folder = scratchFolder(onTestFinished);
    git(folder, 'init', '-q');
    write(folder, {
      'packages/one/package.json': manifest('@x/one'),
      'packages/one/src/index.ts': 'export const a = 1;\n',
      'packages/two/package.json': manifest('@x/two', { private: true }),
      'packages/two/src/index.ts': 'export const b = 1;\n',
    });
    commit(folder);
  });

  const red = { status: 'failed', detail: expect.stringContaining('@x/one changed since 1.0.0') };
  const green = { status: 'passed' };
  const change = () => write(folder, { 'packages/one/src/index.ts': 'export const a = 2;\n' });
  const describeIt = (name = '@x/one') =>
    write(folder, { '.changeset/new-a.md': `---\n'${name}': minor\n---\n\nA is 2.\n` });

  test('is good while nothing changed', () => {
    expect(changesets(folder)).toMatchObject(green);
  });

  test('needs a changeset when the change is committed, uncommitted or a new file', () => {
    write(folder, { 'packages/one/src/more.ts': 'export {};\n' });
    expect(changesets(folder)).toMatchObject(red);
    rmSync(join(folder, 'packages/one/src/more.ts'));
    change();
    expect(changesets(folder)).toMatchObject(red);
    commit(folder);
    expect(changesets(folder)).toMatchObject(red);
    describeIt();
    expect(changesets(folder)).toMatchObject(green);
    commit(folder);
    expect(changesets(folder)).toMatchObject(green);
  });

  test('stays red when another field of its package.json changes later', () => {
    change();
    commit(folder);
    write(folder, { 'packages/one/package.json': manifest('@x/one', { scripts: { build: 'tsup' } }) });
    commit(folder);
    expect(changesets(folder)).toMatchObject(red);
  });

  test('needs none for what no user gets', () => {
    write(folder, {
      'packages/one/src/index.test.ts': 'x',
      'packages/one/test/whole.test.ts': 'x',
      'packages/one/bench/a.bench.mjs': 'x',
      'packages/one/vitest.config.ts': 'x',
      'packages/one/package.json': manifest('@x/one', { scripts: { build: 'tsup' }, devDependencies: { y: '1' } }),
      'packages/two/src/index.ts': 'private packages are free to change',
    });
    expect(changesets(folder)).toMatchObject(green);
  });

  test('needs one for its dependencies and its manual', () => {
    write(folder, { 'packages/one/package.json': manifest('@x/one', { dependencies: { y: '1' } }) });
    expect(changesets(folder)).toMatchObject(red);
    write(folder, { 'packages/one/package.json': manifest('@x/one'), 'packages/one/README.md': 'New.' });
    expect(changesets(folder)).toMatchObject(red);
  });

  test('starts anew with each version', () => {
    change();
    commit(folder);
    write(folder, { 'packages/one/package.json': manifest('@x/one', { version: '1.1.0' }) });
    expect(changesets(folder)).toMatchObject(green);
    commit(folder);
    expect(changesets(folder)).toMatchObject(green);
    write(folder, { 'packages/one/src/index.ts': 'export const a = 3;\n' });
    expect(changesets(folder)).toMatchObject({ status: 'failed', detail: expect.stringContaining('since 1.1.0') });
  });

  test('is not covered by a changeset that names another package, and a wrong name is an error', () => {
    change();
    describeIt('@x/two');
    const { status, detail } = changesets(folder);
    expect([status, detail]).toEqual(['failed', expect.stringContaining('new-a.md names @x/two')]);
    expect(detail).toContain('@x/one changed');
  });

  test('in a shallow clone, what came after its oldest commit is compared, and the rest is said to be unknown', ({
    onTestFinished,
  }) => {
    change();
    commit(folder);
    const shallow = join(scratchFolder(onTestFinished), 'clone');
    git(folder, 'clone', '-q', '--depth=1', `file://${folder}`, shallow);
    expect(changesets(shallow)).toMatchObject({ status: 'passed', note: expect.stringContaining('shallow') });
    write(shallow, { 'packages/one/src/index.ts': 'export const a = 3;\n' });
    expect(changesets(shallow)).toMatchObject(red);
  });

  test('as a script it exits with 1, says which files, and what to do', () => {
    const script = () =>
      execFileSync(process.execPath, [join(root, 'scripts/changeset-check.mjs'), folder], {
        encoding: 'utf8',
        stdio: 'pipe',
      });
    expect(script()).toMatch(/^changesets: passed/);
    change();
    expect(script).toThrow(
      expect.objectContaining({ status: 1, stdout: expect.stringMatching(/src\/index\.ts[^]*pnpm changeset/) }),
    );
  });
});

test('outside of git, and before the first commit, there is nothing to compare with, which is named', ({
  onTestFinished,
}) => {
  const folder = scratchFolder(onTestFinished);
  write(folder, { 'packages/one/package.json': manifest('@x/one') });
  expect(changesets(folder)).toMatchObject({ status: 'skipped', skipped: [expect.stringContaining('git')] });
  git(folder, 'init', '-q');
  expect(changesets(folder)).toMatchObject({ status: 'skipped', skipped: [expect.stringContaining('commit')] });
});

test('the front matter of a changeset names packages', () => {
  expect(namedIn(`---\n"@x/one": minor\n'two': patch\nthree: major\n---\n\n"@x/four": minor\n`)).toEqual([
    '@x/one',
    'two',
    'three',
  ]);
  expect(namedIn('---\r\n"@x/one": patch\r\n---\r\n')).toEqual(['@x/one']);
  expect(namedIn('---\n---\n\nNothing for users.\n')).toEqual([]);
  expect(namedIn('"@x/one": minor\n')).toEqual([]);
});

test.each([
  ['src/index.ts', true],
  ['src/testing/suite.ts', true],
  ['bin/reprise.mjs', true],
  ['README.md', true],
  ['src/index.test.ts', false],
  ['src/__fixtures__/a.ts', false],
  ['CHANGELOG.md', false],
  ['docs/README.md', false],
])('%s is shipped: %s', (file, shipped) => {
  expect(isShipped(file)).toBe(shipped);
});
