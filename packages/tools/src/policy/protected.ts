import { isAbsolute, relative, resolve, sep } from 'node:path';

/** Folders that the list of protected files depends on. */
export interface Places {
  readonly home: string;
  /** Reprise's own folder. */
  readonly repriseHome: string;
}

const SHELL_FILES: ReadonlySet<string> = new Set([
  '.bashrc',
  '.bash_profile',
  '.bash_login',
  '.bash_logout',
  '.bash_aliases',
  '.profile',
  '.zshrc',
  '.zshenv',
  '.zprofile',
  '.zlogin',
  '.zlogout',
  '.kshrc',
  '.cshrc',
  '.tcshrc',
  '.login',
  '.logout',
  '.gitconfig',
]);

/** Below a `.git` folder: what git or a shell would run, or what says where git looks for it. */
const GIT_PARTS: ReadonlySet<string> = new Set([
  'hooks',
  'config',
  'config.worktree',
  'modules',
  'worktrees',
  'info',
  'commondir',
]);

/**
 * True for files whose change makes other programs run code, and for Reprise's own configuration: git's hooks and
 * configuration, shell start-up files, `.ssh`, `.opencode`. Judged by name, so that it holds before the file exists;
 * letter case is ignored, because some file systems ignore it.
 */
export function isProtected(path: string, places: Places): boolean {
  if (isInside(path, places.repriseHome)) return true;
  const parts = path.toLowerCase().split(/[\\/]+/);
  const last = parts[parts.length - 1] ?? '';
  if (SHELL_FILES.has(last)) return true;
  return parts.some((part, at) => {
    const next = parts[at + 1];
    if (part === '.opencode' || part === '.ssh') return true;
    if (part === '.config') return next === 'fish' || next === 'git';
    // A `.git` file names another git folder, so the name itself counts; `x.git` is a bare repository.
    if (part.endsWith('.git')) return next === undefined ? part === '.git' : GIT_PARTS.has(next);
    return false;
  });
}

/** Names in a command's text that look like protected files. Convenience only: a shell can hide any name. */
export function mentionsProtected(command: string, cwd: string, places: Places): string | undefined {
  const home = command.replaceAll(/~(?=\/)|\$HOME\b|\$\{HOME\}/g, places.home);
  for (const word of home.split(/[\s'"`;&|<>(){}$=,:]+/))
    if (word !== '' && isProtected(resolve(cwd, word), places)) return word;
  return undefined;
}

/** True for `folder` itself and everything below it, by name. */
export function isInside(path: string, folder: string): boolean {
  const way = relative(folder, path);
  return way === '' || (way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way));
}
