import type { Outcome } from '../contracts/turn.ts';
import { RepriseError } from '../errors.ts';
import type { TurnEndRecord } from '../records/types.ts';
import type { LiveSession } from '../session/live.ts';
import { readable } from '../session/load.ts';
import type { Parts } from '../session/parts.ts';
import { nothing } from '../session/perform.ts';
import { ready } from '../session/ready.ts';
import type { TurnHandle } from '../turn/handle.ts';
import { lastMessage } from '../turn/outcome.ts';

/**
 * How the turn ended in which the message of this key was answered, whoever sent it; `undefined` where there is none. CONFLICT where it was
 * another message.
 */
async function answered({ live }: Parts, handle: TurnHandle, key: string, text: string): Promise<Outcome | undefined> {
  const entries = live.state.entries.toArray();
  const at = entries.findIndex(({ record }) => record.type === 'message' && record.key === key);
  const entry = entries[at];
  if (entry?.record.type !== 'message') return undefined;
  const { record, seq } = entry;
  if (record.content !== text) {
    throw new RepriseError('CONFLICT', `The key ${key} was used for another message.`, {
      hint: 'Take a new key for each new message.',
      details: { key },
    });
  }
  const { turn } = record;
  if (turn !== undefined) handle.joined(turn, seq);
  const last = entries
    .slice(at + 1)
    .findLast(({ record: later }) => later.type === 'step' && later.turn === turn)?.record;
  const end = turn === undefined ? undefined : await endOf(live, turn, seq);
  if (end === undefined) return nothing('failed', new RepriseError('INTERNAL', `The turn ${turn} has no end.`));
  const { status, finishReason, usage, steps, error, output } = end;
  const value = output === undefined ? {} : { output };
  return {
    status: status === 'interrupted' ? 'aborted' : status,
    finishReason,
    ...(last?.type === 'step' && { message: { ...lastMessage(live.state, last), ...value } }),
    ...value,
    ...(error !== undefined && { error: new RepriseError(error.code, error.message) }),
    tokens: usage.total,
    usage,
    steps,
  };
}

/** The end of a turn whose message is record `after`. */
async function endOf(live: LiveSession, turn: string, after: number): Promise<TurnEndRecord | undefined> {
  for await (const stored of live.records(after, [])) {
    const record = readable(stored, []);
    if (record?.type === 'turn-end' && record.turn === turn) return record;
  }
  return undefined;
}

/** The same of a message that waited, and waits no more. */
export async function takenUp(parts: Parts, handle: TurnHandle, key: string, text: string): Promise<Outcome> {
  const outcome = await answered(parts, handle, key, text);
  return outcome ?? nothing('aborted', new RepriseError('ABORTED', 'The message was taken back.'));
}

/** The same of one that may have been sent before; a turn that a crash left open is ended first. */
export async function answeredBefore(
  parts: Parts,
  ...message: [handle: TurnHandle, key: string, text: string]
): Promise<Outcome | undefined> {
  if (!knows(parts.live, message[1])) return undefined;
  await ready(parts);
  return answered(parts, ...message);
}

/** Whether a message of this key is in the window. */
export function knows({ state }: LiveSession, key: string): boolean {
  for (const { record } of state.entries) if (record.type === 'message' && record.key === key) return true;
  return false;
}
