import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { publicPackages, workspacePackages } from '../lib/packages.mjs';
import { run } from '../lib/run.mjs';
import { root, toolEnv } from '../lib/setup.mjs';
import { commit, copyOf, git, scratchFolder, write } from './scratch.mjs';

test('`changeset version` bumps the named package and those that depend on it, and no other', async ({
  onTestFinished,
}) => {
  const folder = scratchFolder(onTestFinished);
  copyOf(folder, [
    'package.json',
    'pnpm-workspace.yaml',
    '.changeset/config.json',
    '{packages,apps,examples}/*/package.json',
  ]);
  const before = versions(folder);
  write(folder, { '.changeset/faster-grep.md': "---\n'@reprise/tools': minor\n---\n\ngrep is faster.\n" });
  git(folder, 'init', '-q');
  commit(folder);

  const { code, output } = await run(join(root, 'node_modules/.bin/changeset'), ['version'], {
    cwd: folder,
    env: toolEnv(),
  });
  expect(code, output).toBe(0);

  const after = versions(folder);
  const bumped = [...after].filter(([name, version]) => before.get(name) !== version).map(([name]) => name);
  const dependents = publicPackages(root)
    .map(({ name }) => name)
    .filter((name) => name !== '@reprise/tools' && dependsOn(name, '@reprise/tools'));
  expect(bumped.toSorted()).toEqual(['@reprise/tools', ...dependents].toSorted());
  expect(dependents).toContain('@reprise/session');
  expect(bumped).not.toContain('@reprise/providers');
  expect(readFileSync(join(folder, 'packages/tools/CHANGELOG.md'), 'utf8')).toContain('grep is faster.');
});

test('no two packages are tied to one version', () => {
  const { fixed, linked } = JSON.parse(readFileSync(join(root, '.changeset/config.json'), 'utf8'));
  expect([fixed, linked]).toEqual([[], []]);
});

/** Whether one published package needs another one, itself or through those that it needs. */
function dependsOn(name, wanted) {
  const { manifest } = publicPackages(root).find((one) => one.name === name) ?? {};
  const own = Object.keys(manifest?.dependencies ?? {});
  return own.includes(wanted) || own.some((other) => dependsOn(other, wanted));
}

function versions(folder) {
  rmSync(join(folder, 'node_modules'), { recursive: true, force: true });
  return new Map(workspacePackages(folder).map(({ name, manifest }) => [name, manifest.version]));
}
