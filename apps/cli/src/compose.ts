import { RepriseError } from '@reprise/core';
import type { Sessions } from '@reprise/core';
import { defaultModel, openServed as openForOthers, openSessions as open } from '@reprise/session/compose';
import { terminalAsker } from '@reprise/tui';
import type { Io } from '@reprise/tui';
import type { RunFlags, ServeFlags, StoreFlags } from './commands/options.ts';
import type { Composition } from './sessions.ts';

/** Sessions of this machine that run turns. */
export async function openSessions(io: Io, flags: RunFlags): Promise<Composition> {
  const cwd = directory(flags.cwd, io);
  const recorder = flags.record === undefined ? undefined : (await import('./recording.ts')).recordTo(flags.record, io);
  const { sessions, models, config } = await open(io, {
    ...(recorder && { recorder }),
    storage: flags.storage,
    turns: { permission: flags.permission, ask: terminalAsker(io), onAsk: flags['on-ask'] },
    cwd,
    // One session, one message, one end: the lease of the creation is still there for the turn.
    linger: 1000,
    report: (error) => io.err.write(`reprise: ${error instanceof Error ? error.message : String(error)}\n`, 'dim'),
  });
  const model = (): string => {
    const { name, notice } = defaultModel(config.model, models.list(), { terminal: io.out.isTTY });
    if (notice) {
      io.err.write(`reprise: ${notice.message}\n`, 'yellow');
      io.err.write(`  ${notice.hint}\n`, 'dim');
    }
    return name;
  };
  const { contextWindow } = config;
  const settings = { pruneStrategy: 'summarize', ...(contextWindow !== undefined && { contextWindow }) } as const;
  return { sessions, defaults: { cwd, settings, model } };
}

/** Sessions for others to work on, and what their server is made with. */
export function openServed(io: Io, flags: ServeFlags): ReturnType<typeof openForOthers> {
  const { storage, permission, model } = flags;
  const report = (error: unknown): void =>
    io.err.write(`reprise: ${error instanceof Error ? error.message : String(error)}\n`, 'dim');
  const cwd = directory(flags.cwd, io);
  const files = { tokenFile: flags['token-file'], tokensFile: flags.tokens };
  return openForOthers(io, { storage, permission, model, cwd, ...files, report });
}

/** Opens the store for a change, and closes it whatever happens. */
export async function withSessions<T>(
  io: Io,
  { storage }: StoreFlags,
  work: (sessions: Sessions) => Promise<T>,
): Promise<T> {
  const { sessions } = await open(io, { storage });
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
    // An empty name is a variable that is not set, and not the directory where we are.
    if (given !== '' && fs.statSync(real).isDirectory()) return real;
  } catch {
    // Told below.
  }
  throw new RepriseError('INVALID_INPUT', `--cwd names no directory: ${given}`);
}
