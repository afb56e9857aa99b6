import { appendFileSync, chmodSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { plannedBuild } from '../checks/turbo.mjs';
import { workspacePackages } from '../lib/packages.mjs';
import { run } from '../lib/run.mjs';
import { root, toolEnv, withPnpm } from '../lib/setup.mjs';
import { commit, copyOf, git, scratchFolder, write } from './scratch.mjs';

/** The workspace as turbo sees it, with one source file a package. */
function scratchWorkspace(onTestFinished) {
  const folder = scratchFolder(onTestFinished);
  const top = [
    'package.json',
    'pnpm-workspace.yaml',
    'pnpm-lock.yaml',
    'turbo.json',
    'tsconfig.base.json',
    'tsup.base.ts',
    '.gitignore',
  ];
  copyOf(folder, [
    ...top,
    '{packages,apps,examples}/*/{package.json,tsconfig.json,tsup.config.ts}',
    '{packages,apps}/*/src/index.ts',
  ]);
  git(folder, 'init', '-q');
  commit(folder);
  return folder;
}

test('a change in tools rebuilds tools and what depends on it, and nothing else', async ({ onTestFinished }) => {
  const folder = scratchWorkspace(onTestFinished);
  const env = await withPnpm(toolEnv());
  const before = await plannedBuild(folder, env);

  appendFileSync(join(folder, 'packages/tools/src/index.ts'), '\n// changed\n');
  const changed = (after) => [...after].filter(([id, { hash }]) => before.get(id).hash !== hash).map(([id]) => id);
  const after = changed(await plannedBuild(folder, env));
  expect(after.toSorted()).toEqual(
    dependents('@reprise/tools')
      .map((name) => `${name}#build`)
      .toSorted(),
  );
  expect(after).not.toContain('@reprise/core#build');
  expect(after).not.toContain('@reprise/providers#build');

  git(folder, 'checkout', '-q', '.');
  write(folder, { 'packages/tools/src/new.test.ts': 'export {};\n', 'packages/tools/README.md': 'New.\n' });
  expect(changed(await plannedBuild(folder, env)), 'tests and manuals are not built').toEqual([]);
});

test('a pnpm that fetches itself (npx, corepack) finds its proxy, certificates and registry; no build sees a key', async ({
  onTestFinished,
}) => {
  const folder = scratchWorkspace(onTestFinished);
  const network = {
    NODE_EXTRA_CA_CERTS: '/ca.pem',
    HTTPS_PROXY: 'http://proxy',
    https_proxy: 'http://proxy',
    npm_config_registry: 'http://registry',
    COREPACK_NPM_REGISTRY: 'http://registry',
  };
  write(folder, { 'bin/pnpm': '#!/bin/sh\nenv > "$0.env"\n' });
  chmodSync(join(folder, 'bin/pnpm'), 0o755);
  const env = { ...toolEnv(), ...network, ANTHROPIC_API_KEY: 'k' };
  const args = ['run', 'build', '--filter=@reprise/core', '--cache=local:,remote:'];
  const { output } = await run('turbo', args, { cwd: folder, env: { ...env, PATH: `${folder}/bin:${env.PATH}` } });
  const seen = readFileSync(join(folder, 'bin/pnpm.env'), 'utf8').split('\n');
  expect(seen, output).toEqual(
    expect.arrayContaining(Object.entries(network).map(([name, value]) => `${name}=${value}`)),
  );
  expect(seen.filter((line) => line.startsWith('ANTHROPIC_'))).toEqual([]);
});

/** The named package and every one that depends on it, also through another. */
function dependents(name) {
  const all = workspacePackages(root).filter(({ manifest }) => manifest.scripts?.build);
  const found = new Set([name]);
  for (let size = 0; size !== found.size;) {
    size = found.size;
    for (const { name: one, manifest } of all) {
      const needs = Object.keys({ ...manifest.dependencies, ...manifest.devDependencies });
      if (needs.some((need) => found.has(need))) found.add(one);
    }
  }
  return [...found];
}
