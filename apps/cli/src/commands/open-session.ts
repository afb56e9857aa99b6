import { RepriseError } from '@reprise/core';
import type { Session, SessionOptions, Sessions } from '@reprise/core';
import { usageError } from '@reprise/tui';
import type { Io } from '@reprise/tui';
import type { RunFlags } from './options.ts';

export interface Defaults {
  /** Of a new session, where no option names one. */
  model(): string;
  readonly contextWindow?: number;
  readonly cwd: string;
}

/** The session that the options mean: a new one, one that goes on, or a copy of it. */
export async function openSession(
  sessions: Sessions,
  flags: RunFlags,
  defaults: Defaults,
  { err }: Io,
): Promise<Session> {
  if (flags.session !== undefined && flags.continue)
    throw usageError('--session and --continue exclude each other', 'reprise run');
  if (flags.recover && (flags.fork || (flags.session === undefined && !flags.continue)))
    throw usageError('--recover goes with --session or --continue, and not with --fork', 'reprise run');
  if (flags.fork && flags.session === undefined && !flags.continue) {
    throw usageError('--fork goes with --session or --continue', 'reprise run');
  }
  const given = overrides(flags, defaults.cwd);
  const id = flags.continue ? await newestIn(sessions, defaults.cwd) : flags.session;
  if (id === undefined) {
    return sessions.create({
      model: flags.model ?? defaults.model(),
      cwd: defaults.cwd,
      pruneStrategy: 'summarize',
      ...(defaults.contextWindow !== undefined && { contextWindow: defaults.contextWindow }),
      ...given,
    });
  }
  if (!flags.fork) return sessions.resume(id, { ...given, ...(flags.recover && { recover: 'continue' as const }) });
  const copy = await (await sessions.load(id)).fork();
  err.write(`reprise: going on in ${copy.id}, a copy of ${id}\n`, 'dim');
  return Object.keys(given).length === 0 ? copy : sessions.resume(copy.id, given);
}

async function newestIn(sessions: Sessions, cwd: string): Promise<string> {
  const { items } = await sessions.page({ where: { cwd }, limit: 1 });
  const [newest] = items;
  if (newest) return newest.id;
  throw new RepriseError('SESSION_NOT_FOUND', `There is no session of the working directory ${cwd} yet.`, {
    hint: 'Leave --continue out to begin one, or name one with --session; "reprise session list" shows all.',
  });
}

type Overrides = Partial<Omit<SessionOptions, 'sessionId'>>;

/** Only what was said on the command line: everything else stays as the session has it. */
function overrides(flags: RunFlags, cwd: string): Overrides {
  const tools = flags.tools
    ?.split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
  return {
    ...(flags.model !== undefined && { model: flags.model }),
    ...(flags.effort !== undefined && { effort: flags.effort }),
    ...(tools !== undefined && { tools }),
    ...(flags.system !== undefined && { systemPrompt: flags.system }),
    ...(flags['max-steps'] !== undefined && { maxSteps: flags['max-steps'] }),
    ...(flags['context-window'] !== undefined && { contextWindow: flags['context-window'] }),
    ...(flags.cwd !== undefined && { cwd }),
    ...(flags.title !== undefined && { title: flags.title }),
  };
}
