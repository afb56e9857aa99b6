import { realpathSync } from 'node:fs';
import { homedir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { RepriseError } from '@reprise/core';
import { errnoOf, guarded } from './errors.ts';
import { makeFolder, statOf, syncFolderSync } from './files.ts';

/** Where the store is. */
export interface FsStorageOptions {
  /** The folder that holds one folder a session. Made when the first session is. */
  readonly root?: string;
  /** Read for `REPRISE_HOME` and `HOME` when there is no `root`; the process's own if absent. */
  readonly env?: Readonly<Record<string, string | undefined>>;
}

/** The folder that `options` mean: `root`, else `$REPRISE_HOME/sessions`, else `~/.opencode/sessions`. */
export function rootOf(options: FsStorageOptions = {}): string {
  if (options.root !== undefined) return resolve(options.root);
  const env = options.env ?? process.env;
  return resolve(env.REPRISE_HOME || join(env.HOME || homedir(), '.opencode'), 'sessions');
}

/** The store's folder, resolved once at its first use: later changes of links on the way to it change nothing. */
export class Root {
  readonly #asked: string;
  #path: string | undefined;

  constructor(asked: string) {
    this.#asked = asked;
  }

  /** The real path, or `undefined` while the folder doesn't exist. STORAGE_FAILED when it isn't safely ours. */
  find(): string | undefined {
    if (this.#path !== undefined) return this.#path;
    return guarded(`open the session folder ${this.#asked}`, () => {
      const real = realPath(this.#asked);
      if (real === undefined) return undefined;
      assertOurs(real);
      this.#path = real;
      return real;
    });
  }

  /** The real path, made if need be; the name of every folder made is synced. */
  make(): string {
    const found = this.find();
    if (found !== undefined) return found;
    return guarded(`make the session folder ${this.#asked}`, () => {
      const missing: string[] = [];
      let at = this.#asked;
      for (let real = realPath(at); real === undefined; real = realPath(at)) {
        missing.push(basename(at));
        at = dirname(at);
      }
      let path = realPath(at) as string;
      for (const name of missing.reverse()) {
        const above = path;
        path = join(path, name);
        if (makeFolder(path)) syncFolderSync(above);
      }
      assertOurs(path);
      this.#path = path;
      return path;
    });
  }
}

function realPath(path: string): string | undefined {
  try {
    return realpathSync(path);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/** Whoever else can write here could plant sessions, which hold what a model is told to do. */
function assertOurs(path: string): void {
  const stat = statOf(path);
  if (stat === undefined) return;
  const refuse = (why: string, hint: string): never => {
    throw new RepriseError('STORAGE_FAILED', `the session folder ${path} ${why}`, { hint });
  };
  if (!stat.isDirectory()) refuse('is not a folder', 'Choose another root.');
  const user = process.getuid?.();
  if (user === undefined) return;
  if (stat.uid !== user) refuse('belongs to another user', 'Choose a root of your own, or change its owner.');
  if ((stat.mode & 0o022) !== 0) refuse('can be written by others', `Run: chmod go-w '${path}'`);
}
