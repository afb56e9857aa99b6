import type { LiveSession } from '../session/live.ts';
import { droppedSettings } from '../model/effort.ts';
import type { MessageRecord, Rec } from '../records/types.ts';
import { isoNow } from '../session/clock.ts';
import { userMessage } from '../state/transcript.ts';
import type { TurnContext } from '../turn/context.ts';
import type { Said } from '../turn/said.ts';
import type { Letter, MessageLetter } from './entries.ts';
import { readLetter } from './entries.ts';

/** A holder looks for aborts so often while its turn runs: well within the two seconds in which tools must be gone. */
const LOOK_MS = 500;

/**
 * The messages that wait, oldest first. Under the lease. Messages that were taken back go, and so do those that a crash kept from being
 * dropped after they were stored.
 */
export async function waitingMessages(live: LiveSession): Promise<MessageLetter[]> {
  const letters = (await live.inbox()).flatMap((entry) => readLetter(entry) ?? []);
  if (letters.length === 0) return [];
  const cancelled = new Set(letters.flatMap((letter) => (letter.kind === 'cancel' ? [letter.message] : [])));
  const taken = new Set<string>();
  for (const { record } of live.state.entries)
    if (record.type === 'message' && record.key !== undefined) taken.add(record.key);
  const over = letters.filter(({ kind, key }) => kind === 'cancel' || cancelled.has(key) || taken.has(key));
  if (over.length > 0) await live.dropInbox(over.map(({ key }) => key));
  return letters.filter((letter) => letter.kind === 'message' && !over.includes(letter)) as MessageLetter[];
}

/** Before a model call, and before a turn ends: the messages that steer it become part of it. True if there were any. */
export async function takeSteering(context: TurnContext): Promise<boolean> {
  const steering = (await waitingMessages(context.live)).filter(({ mode }) => mode === 'steer');
  // A turn that runs keeps its limits.
  if (steering.length > 0)
    await hear(
      context,
      steering.map(({ budget: _budget, ...said }) => said),
    );
  return steering.length > 0;
}

/** Stores what the user says in this turn, first or later; what waited in the inbox leaves it. */
export async function hear({ live, handle, runtime, model }: TurnContext, said: readonly Said[]): Promise<void> {
  const at = isoNow(runtime.clock);
  const records = said.map(({ key, text, effort, budget }): MessageRecord => ({
    type: 'message',
    id: runtime.ids('message'),
    role: 'user',
    content: text,
    timestamp: at,
    turn: handle.id,
    ...(key !== undefined && { key }),
    ...(effort !== undefined && { effort }),
    ...(budget !== undefined && { budget }),
  }));
  const warnings = said.flatMap(({ effort }) =>
    effort === undefined ? [] : droppedSettings(model.name, model.info, { effort }),
  );
  await live.append([...records, ...warnings.map((message): Rec => ({ type: 'warning', at, message }))]);
  const keys = said.flatMap(({ key }) => key ?? []);
  if (keys.length > 0) await live.dropInbox(keys);
  for (const record of records) live.events.emit('message', userMessage(record));
  for (const message of warnings) live.events.emit('warning', { message });
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
    if (aborts.length > 0) await live.dropInbox(aborts.map(({ key }) => key));
    if (aborts[0] !== undefined && !stopped) void handle.abort(aborts[0].reason);
    if (!stopped) await hearAnswers({ live, runtime, desk }, letters);
  };
  const again = (): void => {
    if (!stopped)
      cancel = runtime.clock.timer(LOOK_MS, () => void look().catch(runtime.report).then(again), { unref: true });
  };
  if (live.hasInbox && runtime.storage.supports.processes === 'many') again();
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
  if (old.length > 0) await live.dropInbox(old);
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
    await live.dropInbox([letter.key]);
  }
}

async function lettersOf(live: LiveSession): Promise<readonly Letter[]> {
  return (await live.inbox()).flatMap((entry) => readLetter(entry) ?? []);
}

const WHY = {
  answered: 'it has an answer already',
  unknown: 'nobody asks that now',
  other: 'it was for something else',
} as const;
