import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { publicPackages } from '../lib/packages.mjs';

/** Files below a package's folder that no user ever gets. */
const NOT_SHIPPED = /(\.test\.ts|\.bench\.ts|\.bench\.mjs)$|(^|\/)(__fixtures__|test|bench)\//;
/** What decides what a user gets: the sources (they become `dist`), the programs, the manual, the build. */
const SHIPPED = /^(src\/|bin\/|README\.md$|tsup\.config\.ts$)/;
/** Fields of package.json that reach no user, or that a release changes by itself. */
const PRIVATE_FIELDS = ['version', 'scripts', 'devDependencies'];

/** Does the file, named from its package's folder, reach the package's users? (package.json is compared by its fields.) */
export function isShipped(file) {
  return SHIPPED.test(file) && !NOT_SHIPPED.test(file);
}

/**
 * The packages that a changeset names with the size of their change. The format is Changesets' own: YAML front matter,
 * a line `"name": patch` for each package.
 *
 * @param {string} text
 */
export function namedIn(text) {
  const head = /^---\r?\n([\s\S]*?)^---/m.exec(text)?.[1] ?? '';
  return [...head.matchAll(/^\s*["']?([^"'\s:]+)["']?\s*:\s*(major|minor|patch|none)\s*$/gm)].map(([, name]) => name);
}

/**
 * Fails where the published files of a public package changed since the commit that gave it its version, and no
 * changeset names it. Committed and uncommitted changes count alike.
 *
 * @param {string} root
 * @returns {import('../lib/report.mjs').Outcome}
 */
export function changesets(root) {
  if (git(root, 'rev-parse', '--show-prefix')?.trim() !== '')
    return skipped('not the top of a git checkout, or git is missing');
  if (git(root, 'rev-parse', 'HEAD') === undefined) return skipped('no commit yet');
  const packages = publicPackages(root);
  const names = changesetNames(root);
  const problems = [];
  for (const [file, named] of names) {
    for (const name of named) {
      if (!packages.some((one) => one.name === name))
        problems.push(`${file} names ${name}, which is no public package.`);
    }
  }
  const covered = new Set([...names.values()].flat());
  let cut = false;
  for (const { name, folder, manifest } of packages) {
    const since = versionCommit(root, folder);
    if (
      since === undefined ||
      JSON.parse(git(root, 'show', `HEAD:${folder}/package.json`) ?? '{}').version !== manifest.version
    )
      continue;
    cut ||= since.cut;
    const changed = changedFiles(root, folder, since.commit, manifest);
    if (changed.length === 0 || covered.has(name)) continue;
    const shown = changed.slice(0, 5).join(', ') + (changed.length > 5 ? `, and ${changed.length - 5} more` : '');
    problems.push(
      `${name} changed since ${manifest.version} (${since.commit.slice(0, 10)}) without a changeset: ${shown}`,
    );
  }
  if (problems.length > 0) {
    const how = 'Run `pnpm changeset` and say what changes for the users of each package.';
    return { status: 'failed', detail: [...problems, how].join('\n') };
  }
  const shallow = 'shallow clone: only what came after its oldest commit could be compared';
  return { status: 'passed', note: cut ? shallow : `${names.size} pending` };
}

/** The changesets that wait for a release: file name → names of packages. */
function changesetNames(root) {
  const folder = join(root, '.changeset');
  const files = existsSync(folder)
    ? readdirSync(folder).filter((file) => file.endsWith('.md') && file !== 'README.md')
    : [];
  return new Map(files.map((file) => [file, namedIn(readFileSync(join(folder, file), 'utf8'))]));
}

/**
 * The newest commit that changed the version of the package; `undefined` for a package that was never committed. `cut`:
 * the history ends there (a shallow clone), and the version may be older.
 */
function versionCommit(root, folder) {
  const commit = git(root, 'log', '-1', '--format=%H', '-G"version":', '--', `${folder}/package.json`)?.trim();
  if (!commit) return undefined;
  // In a shallow clone the oldest commit seems to bring every file, so also every version.
  const shallow = git(root, 'rev-parse', '--git-path', 'shallow')?.trim();
  const ends = shallow && existsSync(join(root, shallow)) ? readFileSync(join(root, shallow), 'utf8').split('\n') : [];
  return { commit, cut: ends.includes(commit) };
}

function changedFiles(root, folder, commit, manifest) {
  const tracked = git(root, 'diff', '--name-only', '-z', commit, '--', folder) ?? '';
  const untracked = git(root, 'ls-files', '--others', '--exclude-standard', '-z', '--', folder) ?? '';
  const files = [...tracked.split('\0'), ...untracked.split('\0')]
    .filter(Boolean)
    .map((file) => file.slice(folder.length + 1));
  return files.filter(
    (file) => isShipped(file) || (file === 'package.json' && isManifestChanged(root, folder, commit, manifest)),
  );
}

function isManifestChanged(root, folder, commit, manifest) {
  const before = JSON.parse(git(root, 'show', `${commit}:${folder}/package.json`) ?? '{}');
  const shipped = (all) => JSON.stringify(Object.entries(all).filter(([field]) => !PRIVATE_FIELDS.includes(field)));
  return shipped(before) !== shipped(manifest);
}

/** What git answers, or `undefined` where it is missing or fails. */
function git(root, ...args) {
  const { status, stdout } = spawnSync('git', args, { cwd: root, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 });
  return status === 0 ? stdout : undefined;
}

const skipped = (why) => ({ status: 'skipped', note: why, skipped: [`changesets: ${why}`] });
