import type { Message, Outcome } from '../contracts/turn.ts';
import { RepriseError } from '../errors.ts';
import type { MessageRecord, StepRecord, TurnEndRecord } from '../records/types.ts';
import type { LiveSession } from '../session/live.ts';
import { readable } from '../session/load.ts';
import type { Parts } from '../session/parts.ts';
import { nothing } from '../session/perform.ts';
import { Transcript } from '../state/transcript.ts';
import type { TurnHandle } from '../turn/handle.ts';
import type { Said } from '../turn/said.ts';
import type { Again } from './again.ts';
import { digestLater, isSame } from './again.ts';
import { seqOf } from './kept-keys.ts';

/**
 * How the turn ended in which the message of this key, record `seq`, was answered, whoever sent it and however long ago. CONFLICT where it was
 * another message, or one that no turn answers.
 */
export async function answered(live: LiveSession, seq: number, again: Again, joins?: Joins): Promise<Outcome> {
  const { key } = again;
  const { said, message, end } = await exchangeAt(live, seq);
  const turn = await turnOf(said, again);
  if (turn !== undefined) joins?.joined(turn, seq);
  if (end === undefined) {
    const lost = new RepriseError('STORAGE_DAMAGED', `How the message ${key} was answered can not be read any more.`, {
      hint: '`reprise session verify` names the place. To have it answered again, send it under a new key.',
    });
    return nothing('failed', lost);
  }
  const { status, finishReason, usage, steps, error, output } = end;
  const value = output === undefined ? {} : { output };
  return {
    status: status === 'interrupted' ? 'aborted' : status,
    finishReason,
    ...(message !== undefined && { message: { ...message, ...value } }),
    ...value,
    ...(error !== undefined && { error: new RepriseError(error.code, error.message) }),
    tokens: usage.total,
    usage,
    steps,
  };
}

type Joins = Pick<TurnHandle, 'joined'>;

/** The turn of a message that was sent as this one is; `undefined` where it can't be read any more. */
export async function turnOf(said: MessageRecord | undefined, again: Again): Promise<string | undefined> {
  if (said === undefined) return undefined;
  const { key } = again;
  const same = await isSame(said, again);
  if (same && said.turn !== undefined) return said.turn;
  const what = same ? 'a message that no turn answers' : 'another message';
  throw new RepriseError('CONFLICT', `The key ${key} was used for ${what}.`, {
    hint: 'Take a new key for each new message.',
    details: { key },
  });
}

interface Exchange {
  /** What cannot be read any more is absent. */
  readonly said?: MessageRecord;
  /** The last that the model said after it in its turn. */
  readonly message?: Message;
  readonly end?: TurnEndRecord;
}

/** What came of the message in record `seq`, as it was then; nothing after its turn is read. */
async function exchangeAt(live: LiveSession, seq: number): Promise<Exchange> {
  const transcript = new Transcript();
  let said: MessageRecord | undefined;
  let last: StepRecord | undefined;
  let end: TurnEndRecord | undefined;
  for await (const stored of live.records(seq - 1, [])) {
    const record = readable(stored, []);
    if (stored.seq === seq && record?.type === 'message') said = record;
    // Another turn began: the end of this one is lost.
    if (record?.type === 'message' && record.turn !== said?.turn) break;
    transcript.add(stored.seq, record);
    if (record?.type === 'step') last = record;
    if (record?.type === 'turn-end') end = record;
    if (end !== undefined) break;
  }
  const message = last === undefined ? undefined : transcript.message(last.id);
  return {
    ...(said !== undefined && { said }),
    ...(message !== undefined && { message }),
    ...(end !== undefined && { end }),
  };
}

export type Sent = readonly [handle: TurnHandle, again: Again];

/** The same of a message that waited, and waits no more. */
export async function takenUp(
  { live }: Parts,
  handle: TurnHandle,
  { key, text, files = [] }: Waited,
): Promise<Outcome> {
  const seq = await seqOf(live, key);
  if (seq === undefined) return nothing('aborted', new RepriseError('ABORTED', 'The message was taken back.'));
  const again = { key, text, files: files.map((file) => digestLater(() => file)) };
  return answered(live, seq, again, handle);
}

type Waited = Said & { readonly key: string };
