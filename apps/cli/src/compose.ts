import { checkMessage } from '@reprise/core';
import type { Sessions } from '@reprise/core';
import {
  defaultModel,
  directoryOf,
  openServed as openForOthers,
  openSessions as open,
  sessionSettings,
} from '@reprise/session/compose';
import { terminalAsker } from '@reprise/tui';
import type { Io } from '@reprise/tui';
import type { Defaults } from './commands/open-session.ts';
import type { RunFlags, ServeFlags, StoreFlags } from './commands/options.ts';
import type { Composition } from './sessions.ts';

/** Sessions of this machine that run turns. */
export async function openSessions(io: Io, flags: RunFlags): Promise<Composition> {
  const cwd = directoryOf(flags.cwd, io.cwd, '--cwd');
  const recorder = flags.record === undefined ? undefined : (await import('./recording.ts')).recordTo(flags.record, io);
  const { sessions, models, config } = await open(io, {
    ...(recorder && { recorder }),
    storage: flags.storage,
    turns: { permission: flags.permission, ask: terminalAsker(io), onAsk: flags['on-ask'] },
    cwd,
    // One session, one message, one end: the lease of the creation is still there for the turn.
    linger: 1000,
    report: reportTo(io),
  });
  const model = (): string => {
    const { name, notice } = defaultModel(config.model, models.list(), { terminal: io.out.isTTY });
    if (notice) {
      io.err.write(`reprise: ${notice.message}\n`, 'yellow');
      io.err.write(`  ${notice.hint}\n`, 'dim');
    }
    return name;
  };
  const settings = { pruneStrategy: 'summarize', ...sessionSettings(config) } as const;
  const check: Defaults['check'] = async (name, message, options) => {
    // A plain message is refused by no model, and some models have to be asked for their limits.
    if (typeof message === 'string' && options.output === undefined && options.budget?.maxCost === undefined) return;
    await checkMessage(message, options, await models.resolve(name));
  };
  return { sessions, defaults: { cwd, settings, model, check } };
}

/** Sessions for others to work on, and what their server is made with. */
export function openServed(
  io: Io,
  flags: ServeFlags,
  report: (error: unknown) => void = reportTo(io),
): ReturnType<typeof openForOthers> {
  const { storage, permission, model } = flags;
  const cwd = directoryOf(flags.cwd, io.cwd, '--cwd');
  const files = { tokenFile: flags['token-file'], tokensFile: flags.tokens };
  return openForOthers(io, { storage, permission, model, cwd, ...files, report });
}

function reportTo(io: Io): (error: unknown) => void {
  return (error) => io.err.write(`reprise: ${error instanceof Error ? error.message : String(error)}\n`, 'dim');
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
