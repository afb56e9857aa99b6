import { RepriseError } from '@reprise/core';
import type { SessionOptions } from '@reprise/core';
import type { Config } from './config-schema.ts';

export type { Config } from './config-schema.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/** Where sessions and the configuration are: `REPRISE_HOME`, else `~/.opencode`. */
export function homeOf(env: Environment): string {
  const path = process.getBuiltinModule('node:path');
  const given = env['REPRISE_HOME'];
  if (given) return path.resolve(given);
  const home = env['HOME'] || process.getBuiltinModule('node:os').homedir();
  return path.join(home, '.opencode');
}

/** What the user configured, and where. */
export interface Settings {
  readonly home: string;
  readonly config: Config;
}

export async function loadSettings(env: Environment): Promise<Settings> {
  const home = homeOf(env);
  return { home, config: await loadConfig(home) };
}

/**
 * The user's `config.json` in `home`; `{}` where there is none. It is the only configuration there is: a repository's files are never
 * read as one. A fault in it is a configuration error with the file's name and the place.
 */
export async function loadConfig(home: string): Promise<Config> {
  const file = process.getBuiltinModule('node:path').join(home, 'config.json');
  let text: string;
  try {
    text = process.getBuiltinModule('node:fs').readFileSync(file, 'utf8');
  } catch (error) {
    if (isMissing(error)) return {};
    throw faulty(file, error);
  }
  // zod is loaded only for those who have a configuration.
  const { parseConfig } = await import('./config-schema.ts');
  try {
    return parseConfig(text);
  } catch (error) {
    throw faulty(file, error);
  }
}

/** What the configuration says of new sessions, where nobody says otherwise. */
export function sessionSettings({ contextWindow, budget }: Config): Pick<SessionOptions, 'contextWindow' | 'budget'> {
  return { ...(contextWindow !== undefined && { contextWindow }), ...(budget !== undefined && { budget }) };
}

/**
 * Its code is INVALID_INPUT like that of a wrong option; `details.configuration`, the name of what is configured wrongly, tells it from
 * one (the command line gives it an exit code of its own).
 */
export function configurationError(
  configuration: string,
  message: string,
  hint: string,
  cause?: unknown,
): RepriseError {
  return new RepriseError('INVALID_INPUT', message, { hint, cause, details: { configuration } });
}

function faulty(file: string, cause: unknown): RepriseError {
  const problem = cause instanceof Error ? cause.message : String(cause);
  return configurationError(
    file,
    `The configuration ${file} can't be used: ${problem}`,
    'Mend or remove the file. It may set model, permission, contextWindow, budget, aliases, providers, catalogue, strictModels, storage and storageOptions.',
    cause,
  );
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR');
}
