import { RepriseError, createSessions } from '@reprise/core';
import type { Sessions } from '@reprise/core';
import { fsStorage } from '@reprise/storage-fs';
import type { PermissionMode } from '@reprise/tools';
import type { Defaults } from './commands/open-session.ts';
import { homeOf, loadConfig } from './config.ts';
import { chooseModel, openModels } from './models.ts';
import type { Io } from '@reprise/tui';

export interface Needs {
  /** Tools, prompt and permissions too: for turns. Managing sessions does without. */
  readonly turns?: boolean;
  readonly cwd?: string | undefined;
  readonly permission?: PermissionMode | undefined;
}

export interface Composition {
  readonly sessions: Sessions;
  readonly defaults: Defaults;
}

/** Puts the packages together. Imports of packages are static here and the commands are not: an `import()` of a package loads all of it. */
export async function openSessions(io: Io, needs: Needs = {}): Promise<Composition> {
  const home = homeOf(io);
  const config = await loadConfig(home);
  const cwd = directory(needs.cwd, io);
  const models = openModels(io, config);
  const mode = needs.permission ?? config.permission ?? 'ask';
  const work = needs.turns ? (await import('./work.ts')).workOf(io, mode, home) : {};
  const sessions = createSessions({
    storage: fsStorage({ env: io.env }),
    models,
    cwd,
    platform: io.platform,
    owner: { name: 'reprise', pid: io.pid },
    // One session, one message, one end: the lease of the creation is still there for the turn.
    linger: 1000,
    report: (error) => io.err.write(`reprise: ${error instanceof Error ? error.message : String(error)}\n`, 'dim'),
    ...work,
  });
  const { contextWindow } = config;
  return {
    sessions,
    defaults: {
      cwd,
      ...(contextWindow !== undefined && { contextWindow }),
      model: () => chooseModel(config.model, models.list(), io),
    },
  };
}

/** For commands that manage sessions: opens the store, and closes it whatever happens. */
export async function withSessions<T>(io: Io, work: (sessions: Sessions) => Promise<T>): Promise<T> {
  const { sessions } = await openSessions(io);
  try {
    return await work(sessions);
  } finally {
    await sessions.close();
  }
}

function directory(given: string | undefined, io: Io): string {
  if (given === undefined) return io.cwd;
  const fs = process.getBuiltinModule('node:fs');
  try {
    const real = fs.realpathSync(process.getBuiltinModule('node:path').resolve(io.cwd, given));
    if (fs.statSync(real).isDirectory()) return real;
  } catch {
    // Told below.
  }
  throw new RepriseError('INVALID_INPUT', `--cwd names no directory: ${given}`);
}
