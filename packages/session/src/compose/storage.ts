import type { SessionStorage } from '@reprise/core';
import { fsStorage } from '@reprise/storage-fs';
import { configurationError } from './config.ts';
import type { Environment, Settings } from './config.ts';

/** Built in: needs no module of that name where the program runs. */
const FILES = '@reprise/storage-fs';

/** Where a program runs. */
export interface Site {
  readonly env: Environment;
  readonly cwd: string;
}

/** Where sessions are kept: in files, or by a storage module of that name. */
export type Kept =
  | { readonly files: { readonly env: Environment; readonly root?: string } }
  | { readonly module: string; readonly from: string; readonly options: Readonly<Record<string, unknown>> };

/**
 * What says where sessions are kept: `flag`, which a person typed (a path from `cwd`, or a package installed there; without options), else
 * the user's configuration (from its own folder, with `storageOptions`), else files in `home`. A repository never says it: a storage
 * module is code.
 */
export function keptIn({ env, cwd }: Site, { home, config }: Settings, flag?: string): Kept {
  const name = flag ?? config.storage ?? FILES;
  const options = flag === undefined ? (config.storageOptions ?? {}) : {};
  if (name !== FILES) return { module: name, from: flag === undefined ? home : cwd, options };
  const { root, ...others } = options;
  if (Object.keys(others).length > 0 || (root !== undefined && typeof root !== 'string')) {
    throw configurationError(
      process.getBuiltinModule('node:path').join(home, 'config.json'),
      'storageOptions do not fit storage in files.',
      'They take `root`, the folder of the sessions; another storage is named by `storage`.',
    );
  }
  if (root === undefined) return { files: { env } };
  return { files: { env, root: process.getBuiltinModule('node:path').resolve(home, root) } };
}

/** The store that `keptIn` names. A configuration error where a module is none. Its code is loaded only where it is named. */
export async function openStorage(site: Site, settings: Settings, flag?: string): Promise<SessionStorage> {
  const kept = keptIn(site, settings, flag);
  if ('files' in kept) return fsStorage(kept.files);
  const { loadStorage } = await import('./storage-module.ts');
  return loadStorage(kept);
}
