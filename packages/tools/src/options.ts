import { homedir, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Places } from './policy/protected.ts';
import { Turnstile } from './io/turnstile.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/** Everything is optional. */
export interface ToolsOptions {
  /** Where output goes that is too long for the model: a folder of ours (0700). Default: `reprise-<uid>` in the system's temporary folder. */
  readonly spillDir?: string;
  /** Bytes of one spill file; what comes after is dropped and counted. Default 1 GiB. */
  readonly maxSpillBytes?: number;
  /** Where known secrets and the shell's few variables come from. Default: `process.env` as it is at each call. */
  readonly environment?: Environment;
  /** Variables that `bash` gets besides PATH, HOME, LANG and the like. */
  readonly env?: Readonly<Record<string, string>>;
  /** Values to hide in every output, besides those of variables named like a key, token, secret or password. */
  readonly secrets?: readonly string[];
  /** The shell that `bash` starts with `-c`. Default `/bin/bash`, else `/bin/sh`. */
  readonly shell?: string;
  /** What happens to processes that a finished command left in its process group. Default `end`. */
  readonly background?: 'end' | 'keep';
  /** The ripgrep program. Default: the one in `@vscode/ripgrep`. */
  readonly ripgrep?: string;
  /** Home directory, for the list of protected files. */
  readonly home?: string;
  /** Reprise's own folder, protected. Default: REPRISE_HOME, else `.opencode` in the home directory. */
  readonly repriseHome?: string;
}

/** The options with their defaults, shared by the tools that were made together. */
export interface Settings {
  readonly options: ToolsOptions;
  readonly spillDir: string;
  readonly maxSpillBytes: number;
  readonly places: Places;
  readonly turns: Turnstile;
  environment(): Environment;
}

export function settle(options: ToolsOptions): Settings {
  return {
    options,
    spillDir: options.spillDir === undefined ? defaultSpillDir() : resolve(options.spillDir),
    maxSpillBytes: options.maxSpillBytes ?? 2 ** 30,
    places: defaultPlaces(options),
    turns: new Turnstile(),
    environment: () => options.environment ?? process.env,
  };
}

export function defaultSpillDir(): string {
  return join(tmpdir(), `reprise-${process.getuid?.() ?? 'user'}`);
}

export function defaultPlaces(options: Pick<ToolsOptions, 'environment' | 'home' | 'repriseHome'>): Places {
  const home = options.home ?? homedir();
  const own = options.repriseHome ?? (options.environment ?? process.env)['REPRISE_HOME'];
  return { home, repriseHome: own === undefined || own === '' ? join(home, '.opencode') : resolve(own) };
}
