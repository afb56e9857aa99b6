import { spawn } from 'node:child_process';
import { RepriseError } from '@reprise/core';
import { stopIfAborted, toolError } from '../io/errors.ts';
import type { Settings } from '../options.ts';

/** A search that takes longer is ended, and what it found is given. */
const SEARCH_MS = 20_000;
const MAX_STDERR = 2_000;

export interface Search {
  readonly args: readonly string[];
  /** Working directory of the process. */
  readonly cwd: string;
  /** Descriptor of the file to search as `-`. */
  readonly stdin?: number;
  /** What ends an item of the output. */
  readonly separator: '\n' | '\0';
  readonly signal: AbortSignal;
  /** `false` ends the search. */
  item(text: string): Promise<boolean>;
}

/** What every search has: no user configuration, `.gitignore` also outside a git repository, hidden files, never `.git`. */
export const COMMON_ARGS: readonly string[] = [
  '--no-config',
  '--color=never',
  '--no-messages',
  '--no-require-git',
  '--hidden',
  '--glob=!**/.git',
  '--glob=!**/.opencode/**',
];

/** Runs ripgrep in its own process, so that no pattern can hold the event loop. */
export async function ripgrep(search: Search, settings: Settings): Promise<{ readonly timedOut: boolean }> {
  const program = settings.options.ripgrep ?? (await bundled());
  const child = spawn(program, search.args, {
    cwd: search.cwd,
    env: { HOME: settings.environment()['HOME'] ?? '' },
    stdio: [search.stdin ?? 'ignore', 'pipe', 'pipe'],
  });
  let timedOut = false;
  let stopped = false;
  let stderr = '';
  const stop = (): void => {
    stopped = true;
    child.kill('SIGKILL');
  };
  const timer = setTimeout(() => {
    timedOut = true;
    stop();
  }, SEARCH_MS);
  search.signal.addEventListener('abort', stop, { once: true });
  if (search.signal.aborted) stop();
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once('close', resolve);
    child.once('error', (error) => {
      reject(unavailable(program, error));
    });
  });
  ended.catch(() => undefined);
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    if (stderr.length < MAX_STDERR) stderr += text;
  });
  try {
    if (child.stdout !== null && (await items(child.stdout, search)) === 'enough') stop();
    const code = await ended;
    stopIfAborted(search.signal);
    if (code === 2 && !stopped && stderr.trim() !== '') throw toolError(stderr.trim().slice(0, MAX_STDERR));
    return { timedOut };
  } finally {
    clearTimeout(timer);
    search.signal.removeEventListener('abort', stop);
    stop();
  }
}

async function items(stdout: NodeJS.ReadableStream, search: Search): Promise<'all' | 'enough'> {
  let rest = '';
  stdout.setEncoding('utf8');
  for await (const chunk of stdout) {
    const parts = (rest + String(chunk)).split(search.separator);
    rest = parts.pop() ?? '';
    for (const part of parts) if (!(await search.item(part))) return 'enough';
  }
  return rest === '' || (await search.item(rest)) ? 'all' : 'enough';
}

async function bundled(): Promise<string> {
  try {
    return (await import('@vscode/ripgrep')).rgPath;
  } catch (error) {
    throw unavailable('@vscode/ripgrep', error);
  }
}

function unavailable(program: string, cause: unknown): RepriseError {
  return new RepriseError(
    'UNSUPPORTED',
    `ripgrep can't be started (${program}). Search with bash instead, for example grep -rn.`,
    {
      hint: 'Install @vscode/ripgrep with its optional dependencies, or name a ripgrep program with the option ripgrep.',
      cause,
    },
  );
}
