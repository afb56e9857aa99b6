import { RepriseError } from '@reprise/core';
import type { MessageInput, SessionOptions, TurnOptions } from '@reprise/core';
import { usageError } from '@reprise/tui';
import type { Io } from '@reprise/tui';
import type { TurnSession, TurnSessions, TurnSettings } from '../sessions.ts';
import { sessionBudgetOf, withSession } from './budget.ts';
import type { RunFlags } from './options.ts';

export interface Defaults {
  /** Of a new session, where no option names one; `undefined` leaves it to the server. */
  model(): string | undefined;
  /** What else a new session has. */
  readonly settings?: Pick<SessionOptions, 'budget' | 'contextWindow' | 'pruneStrategy'>;
  /** Of the tools. Absent where that is the server's. */
  readonly cwd?: string;
  /** Refuses a message that a model can't be sent. Absent where only the server knows. */
  check?(model: string, ...first: First): Promise<void>;
}

/** What a session is made for. */
export type First = readonly [message: MessageInput, options: TurnOptions];

/** The session that the options mean: a new one, one that goes on, or a copy of it. */
export async function openSession(
  sessions: TurnSessions,
  flags: RunFlags,
  defaults: Defaults,
  { err }: Io,
  first: First,
): Promise<TurnSession> {
  if (flags.session !== undefined && flags.continue)
    throw usageError('--session and --continue exclude each other', 'reprise run');
  if (flags.recover && (flags.fork || (flags.session === undefined && !flags.continue)))
    throw usageError('--recover goes with --session or --continue, and not with --fork', 'reprise run');
  if (flags.fork && flags.session === undefined && !flags.continue) {
    throw usageError('--fork goes with --session or --continue', 'reprise run');
  }
  const given = overrides(flags, defaults.cwd);
  const limits = sessionBudgetOf(flags);
  /** On a session that is there, with the limits that it has. */
  const over = async (of: string): Promise<TurnSettings> =>
    limits === undefined ? given : { ...given, budget: withSession((await sessions.usage(of)).budget, limits) };
  const id = flags.continue ? await newestIn(sessions, defaults.cwd) : flags.session;
  if (id === undefined) {
    const model = flags.model ?? defaults.model();
    const { cwd, settings } = defaults;
    if (model !== undefined) await defaults.check?.(model, ...first);
    const budget = limits === undefined ? {} : { budget: withSession(settings?.budget, limits) };
    const options = { ...settings, ...budget, ...(model && { model }), ...(cwd !== undefined && { cwd }), ...given };
    return sessions.create(options);
  }
  if (!flags.fork) {
    const recover = flags.recover ? { recover: 'continue' as const } : {};
    return sessions.resume(id, { ...(await over(id)), ...recover });
  }
  const original = await sessions.load(id);
  await defaults.check?.(flags.model ?? original.state.model, ...first);
  const copy = await original.fork();
  err.write(`reprise: going on in ${copy.id}, a copy of ${id}\n`, 'dim');
  try {
    const changes = await over(copy.id);
    return Object.keys(changes).length === 0 ? copy : await sessions.resume(copy.id, changes);
  } catch (error) {
    // Nobody asked for a copy without the changes.
    await sessions.delete(copy.id).catch(() => undefined);
    throw error;
  }
}

async function newestIn(sessions: TurnSessions, cwd: string | undefined): Promise<string> {
  const { items } = await sessions.page({ ...(cwd !== undefined && { where: { cwd } }), limit: 1 });
  const [newest] = items;
  if (newest) return newest.id;
  const where = cwd === undefined ? 'on the server' : `of the working directory ${cwd}`;
  throw new RepriseError('SESSION_NOT_FOUND', `There is no session ${where} yet.`, {
    hint: 'Leave --continue out to begin one, or name one with --session; "reprise session list" shows all.',
  });
}

/** Only what was said on the command line: everything else stays as the session has it. */
function overrides(flags: RunFlags, cwd: string | undefined): TurnSettings {
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
    ...(flags.cwd !== undefined && cwd !== undefined && { cwd }),
    ...(flags.title !== undefined && { title: flags.title }),
  };
}
