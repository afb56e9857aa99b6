import type { LiveSession } from '../session/live.ts';
import type { TurnContext } from '../turn/context.ts';
import { isoNow } from '../session/clock.ts';
import type { Letter, MessageLetter } from './entries.ts';
import { readLetter } from './entries.ts';
import { knows } from './kept-keys.ts';

/** A holder looks for aborts so often while its turn runs: well within the two seconds in which tools must be gone. */
const LOOK_MS = 500;

/**
 * The messages that wait, oldest first. Under the lease. Messages that were taken back go, and so do those that a crash kept from being
 * dropped after they were stored.
 */
export async function waitingMessages(live: LiveSession): Promise<MessageLetter[]> {
  const letters = (await live.inbox.entries()).flatMap((entry) => readLetter(entry) ?? []);
  if (letters.length === 0) return [];
  const cancelled = new Set(letters.flatMap((letter) => (letter.kind === 'cancel' ? [letter.message] : [])));
  const taken = new Set<string>();
  for (const { kind, key } of letters) if (kind === 'message' && (await knows(live, key))) taken.add(key);
  const over = letters.filter(({ kind, key }) => kind === 'cancel' || cancelled.has(key) || taken.has(key));
  if (over.length > 0) await live.inbox.drop(over.map(({ key }) => key));
  return letters.filter((letter) => letter.kind === 'message' && !over.includes(letter)) as MessageLetter[];
}

/** Looks for aborts and answers from other processes until it is told to stop. */
export function watchInbox({
  live,
  handle,
  runtime,
  desk,
}: Pick<TurnContext, 'live' | 'handle' | 'runtime' | 'desk'>): () => void {
  let cancel: () => void = () => undefined;
  let stopped = false;
  const look = async (): Promise<void> => {
    const letters = await lettersOf(live);
    const aborts = letters.flatMap((letter) => (letter.kind === 'abort' ? [letter] : []));
    if (aborts.length > 0) await live.inbox.drop(aborts.map(({ key }) => key));
    if (aborts[0] !== undefined && !stopped) void handle.abort(aborts[0].reason);
    if (!stopped) await hearAnswers({ live, runtime, desk }, letters);
  };
  const again = (): void => {
    if (!stopped)
      cancel = runtime.clock.timer(LOOK_MS, () => void look().catch(runtime.report).then(again), { unref: true });
  };
  if (live.inbox.isThere && runtime.storage.supports.processes === 'many') again();
  return () => {
    stopped = true;
    cancel();
  };
}

type Hearing = Pick<TurnContext, 'live' | 'runtime' | 'desk'>;

/**
 * Before a turn begins. Aborts that came when no turn ran any more mean nothing to it; answers are for questions that it takes up, or too late.
 */
export async function dropStale(hearing: Hearing): Promise<void> {
  const { live } = hearing;
  const letters = await lettersOf(live);
  const old = letters.filter(({ kind }) => kind === 'abort').map(({ key }) => key);
  if (old.length > 0) await live.inbox.drop(old);
  await hearAnswers(hearing, letters);
}

/** Takes answers, each once. What answers nothing that is open is passed over, and the log says so. */
export async function hearAnswers({ live, runtime, desk }: Hearing, letters?: readonly Letter[]): Promise<void> {
  for (const letter of letters ?? (await lettersOf(live))) {
    if (letter.kind !== 'answer') continue;
    const { kind: _kind, ask, fingerprint, ...given } = letter;
    const taken = await desk.take(ask, given, fingerprint);
    if (taken !== 'taken') {
      const message = `An answer to ${ask} was passed over: ${WHY[taken]}.`;
      await live.append({ type: 'warning', at: isoNow(runtime.clock), message });
      live.events.emit('warning', { message });
    }
    await live.inbox.drop([letter.key]);
  }
}

async function lettersOf(live: LiveSession): Promise<readonly Letter[]> {
  return (await live.inbox.entries()).flatMap((entry) => readLetter(entry) ?? []);
}

const WHY = {
  answered: 'it has an answer already',
  unknown: 'nobody asks that now',
  other: 'it was for something else',
} as const;
