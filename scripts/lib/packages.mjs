import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

/**
 * @typedef {object} Package
 * @property {string} name
 * @property {string} folder relative to the repository, for example `packages/core`
 * @property {Record<string, any>} manifest
 */

/**
 * The workspace's packages, apps and examples, ordered by folder.
 *
 * @param {string} root
 * @returns {Package[]}
 */
export function workspacePackages(root) {
  return ['apps', 'examples', 'packages'].flatMap((place) => {
    const names = existsSync(join(root, place)) ? readdirSync(join(root, place)).sort() : [];
    return names.flatMap((name) => {
      const folder = `${place}/${name}`;
      const text = readIn(root, `${folder}/package.json`);
      if (text === undefined) return [];
      const manifest = JSON.parse(text);
      return [{ name: manifest.name, folder, manifest }];
    });
  });
}

/** What is published: everything that is not private. */
export function publicPackages(root) {
  return workspacePackages(root).filter(({ manifest }) => manifest.private !== true);
}

/**
 * The named package and every workspace package that installing it brings along.
 *
 * @param {readonly Package[]} all
 * @param {string} name
 * @returns {Package[]}
 */
export function withDependencies(all, name) {
  const found = new Map();
  const visit = (wanted) => {
    const one = all.find((candidate) => candidate.name === wanted);
    if (!one || found.has(wanted)) return;
    found.set(wanted, one);
    for (const below of Object.keys(one.manifest.dependencies ?? {})) visit(below);
  };
  visit(name);
  return [...found.values()];
}

/** Text of a file, or `undefined` where there is none. */
export function readIn(root, file) {
  const path = join(root, file);
  return existsSync(path) ? readFileSync(path, 'utf8') : undefined;
}
