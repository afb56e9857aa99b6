import { RepriseError } from '@reprise/core';
import type { Sessions, SessionsConfig } from '@reprise/core';
import type { Models } from '@reprise/providers';
import type { Defaults } from './commands/open-session.ts';
import { homeOf, loadConfig } from './config.ts';
import type { Config } from './config.ts';
import { chooseModel } from './model-choice.ts';
import { terminalAsker } from './terminal/ask.ts';
import type { Io } from './terminal/io.ts';

export interface Needs {
  /** Tools, prompt and permissions too: for turns. Managing sessions does without. */
  readonly turns?: boolean;
  readonly cwd?: string | undefined;
  readonly permission?: 'ask' | 'accept-edits' | 'auto' | 'deny' | undefined;
}

export interface Composition {
  readonly sessions: Sessions;
  readonly defaults: Defaults;
}

/** Puts the packages together: the only place that knows all of them. */
export async function openSessions(io: Io, needs: Needs = {}): Promise<Composition> {
  const home = homeOf(io);
  const config = await loadConfig(home);
  const cwd = directory(needs.cwd, io);
  const [{ createSessions }, { fsStorage }, models, work] = await Promise.all([
    import('@reprise/core'),
    import('@reprise/storage-fs'),
    openModels(io, config),
    needs.turns ? workOf(io, needs.permission ?? config.permission ?? 'ask', home) : {},
  ]);
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

/** The names of models; each provider's SDK is loaded when one of its models is called. */
export async function openModels({ env }: Pick<Io, 'env'>, { aliases, providers }: Config): Promise<Models> {
  const [{ createModels }, { nodeFetch }] = await Promise.all([
    import('@reprise/providers'),
    import('@reprise/providers/node-fetch'),
  ]);
  return createModels({ env, fetch: nodeFetch, ...(aliases && { aliases }), ...(providers && { providers }) });
}

async function workOf(
  io: Io,
  mode: NonNullable<Needs['permission']>,
  repriseHome: string,
): Promise<Pick<SessionsConfig, 'tools' | 'prompt' | 'permissions' | 'ask'>> {
  const [{ createTools, permissionPolicy }, { createPromptSource }] = await Promise.all([
    import('@reprise/tools'),
    import('@reprise/prompts'),
  ]);
  const ask = terminalAsker(io);
  return {
    tools: createTools({ environment: io.env, repriseHome }),
    permissions: permissionPolicy({ mode, environment: io.env, repriseHome }),
    prompt: createPromptSource({ instructions: true }),
    ...(ask && { ask }),
  };
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
