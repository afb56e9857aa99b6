import { delimiter, isAbsolute } from 'node:path';
import { isCoded } from '@reprise/core';
import type { ToolContext } from '@reprise/core';
import { place } from '../io/confine.ts';
import type { Environment, Settings } from '../options.ts';
import { harmless } from '../policy/harmless.ts';
import { isInside, isProtected } from '../policy/protected.ts';

/** What a command may need from our environment. Everything else stays out: keys of providers above all. */
const PASSED: ReadonlySet<string> = new Set([
  'PATH',
  'HOME',
  'USER',
  'LOGNAME',
  'SHELL',
  'LANG',
  'LANGUAGE',
  'TMPDIR',
  'TZ',
  'XDG_CACHE_HOME',
  'XDG_CONFIG_HOME',
  'XDG_DATA_HOME',
  'XDG_RUNTIME_DIR',
  'JAVA_HOME',
  'GOPATH',
  'GOROOT',
  'CARGO_HOME',
  'RUSTUP_HOME',
  'NVM_DIR',
  'PNPM_HOME',
  'VOLTA_HOME',
  'PYENV_ROOT',
  'VIRTUAL_ENV',
  'CONDA_PREFIX',
]);

/** Makes programs behave without a terminal: no colours, pagers, editors or questions. */
const FIXED: Readonly<Record<string, string>> = {
  TERM: 'dumb',
  PAGER: 'cat',
  GIT_PAGER: 'cat',
  GIT_EDITOR: 'true',
  EDITOR: 'true',
  VISUAL: 'true',
  // vi waits for keys even on a pipe; after its own commands (`vi -c … -c wq`) it leaves.
  VIMINIT: 'autocmd VimEnter * qall!',
  GIT_TERMINAL_PROMPT: '0',
  DEBIAN_FRONTEND: 'noninteractive',
};

/** The environment of a call, stricter for a command that the policy could take for reading. */
export async function callEnvironment(
  command: string,
  context: ToolContext,
  settings: Settings,
): Promise<Record<string, string>> {
  const env = commandEnvironment(settings.environment(), settings.options.env ?? {});
  return (await onlyReads(command, context, settings)) ? readingEnvironment(env, context.roots) : env;
}

function commandEnvironment(from: Environment, more: Readonly<Record<string, string>>): Record<string, string> {
  const env: Record<string, string> = {};
  for (const [name, value] of Object.entries(from))
    if (value !== undefined && (PASSED.has(name) || name.startsWith('LC_'))) env[name] = value;
  return { ...env, ...FIXED, ...more };
}

/**
 * For a command that ran unasked because it only reads: its program must not come from the workspace (package managers
 * put `node_modules/.bin` in front), and git must not start the program that a foreign `core.fsmonitor` names.
 */
function readingEnvironment(env: Readonly<Record<string, string>>, roots: readonly string[]): Record<string, string> {
  const folders = (env['PATH'] ?? '').split(delimiter);
  const trusted = folders.filter((folder) => isAbsolute(folder) && !roots.some((root) => isInside(folder, root)));
  return {
    ...env,
    PATH: trusted.join(delimiter),
    GIT_OPTIONAL_LOCKS: '0',
    GIT_CONFIG_COUNT: '1',
    GIT_CONFIG_KEY_0: 'core.fsmonitor',
    GIT_CONFIG_VALUE_0: 'false',
  };
}

/**
 * Whether the policy could let the command run unasked, as one that only reads inside the workspace. Its files are then held
 * to the workspace as those of `read` are: links that lead out are refused. Where the policy had to ask, that is settled.
 */
async function onlyReads(command: string, context: ToolContext, settings: Settings): Promise<boolean> {
  const reading = harmless(command, context.cwd);
  if (reading === undefined) return false;
  const roots = [...context.roots, settings.spillDir];
  for (const path of reading.paths) {
    if (!roots.some((root) => isInside(path, root)) || isProtected(path, settings.places)) return false;
    try {
      await place(path, context, settings, 'read');
    } catch (error) {
      // Names that are no files (a revision, a pattern) are the command's own matter.
      if (isCoded(error) && error.code === 'PERMISSION_DENIED') throw error;
    }
  }
  return true;
}
