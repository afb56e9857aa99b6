import { RepriseError } from '@reprise/core';
import type { Config } from './config-schema.ts';
import type { Io } from '@reprise/tui';

export type { Config } from './config-schema.ts';

/** Where sessions and the configuration are: `REPRISE_HOME`, else `~/.opencode`. */
export function homeOf({ env }: Pick<Io, 'env'>): string {
  const path = process.getBuiltinModule('node:path');
  const given = env['REPRISE_HOME'];
  if (given) return path.resolve(given);
  const home = env['HOME'] || process.getBuiltinModule('node:os').homedir();
  return path.join(home, '.opencode');
}

/** The user's `config.json`; `{}` where there is none. A fault in it is told with the file's name and its place. */
export async function loadConfig(home: string): Promise<Config> {
  const file = process.getBuiltinModule('node:path').join(home, 'config.json');
  let text: string;
  try {
    text = process.getBuiltinModule('node:fs').readFileSync(file, 'utf8');
  } catch (error) {
    if (isMissing(error)) return {};
    throw configError(file, error);
  }
  // zod is loaded only for those who have a configuration.
  const { parseConfig } = await import('./config-schema.ts');
  try {
    return parseConfig(text);
  } catch (error) {
    throw configError(file, error);
  }
}

/** Its code is INVALID_INPUT like that of a wrong option; `details.configuration`, the file's name, gives it an exit code of its own. */
function configError(file: string, cause: unknown): RepriseError {
  const problem = cause instanceof Error ? cause.message : String(cause);
  return new RepriseError('INVALID_INPUT', `The configuration ${file} can't be used: ${problem}`, {
    hint: 'Mend or remove the file. It may set model, permission, contextWindow, aliases and providers.',
    cause,
    details: { configuration: file },
  });
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR');
}
