import { RepriseError, isCoded } from '@reprise/core';
import type { MessageInput, Outcome, Session, Turn, TurnOptions } from '@reprise/core';
import type { ServerContext } from '../context.ts';
import { digestOf } from '../idempotency.ts';

/** A message that was taken: where its events begin, and how its turn ends. */
export interface Sent {
  /** The turn that answers it; known once it has begun. */
  turn: string;
  /** The events of the message follow this record. */
  after: number;
  /** It waits for its turn, under this key. */
  queued: string | undefined;
  readonly outcome: Promise<Outcome>;
}

/** What is to be sent. */
export interface Sending {
  readonly input: MessageInput;
  readonly options: TurnOptions;
  /** All that was asked for, as JSON. Under a key that is in use it must be the same. */
  readonly body: unknown;
  /** Bytes that it takes while it waits. */
  readonly size: number;
  /** Done once the message has a place, before its turn begins. Such a message waits for the turn that runs, in line. */
  readonly first?: () => Promise<void>;
}

/** Messages of this server whose turns have not ended, by session and key, with the digests of what was asked for: a body may be 48 MiB. */
export type InFlight = Map<string, Entry>;

interface Entry {
  readonly body: Promise<string>;
  readonly sent: Promise<Sent>;
}

/**
 * Sends a message, and resolves once it is known what becomes of it: its turn began, it waits, or it is part of another turn. Rejects where nothing
 * of it was taken. The same key while the first is at work is the same message. Who asked may leave: only a message that still waits for a place
 * leaves with them.
 */
export function sendMessage(context: ServerContext, id: string, sending: Sending, signal: AbortSignal): Promise<Sent> {
  const { key } = sending.options;
  if (key === undefined) return send(context, id, sending, signal);
  const name = `${id} ${key}`;
  const body = digestOf(sending.body);
  const known = context.inFlight.get(name);
  if (known !== undefined) return sentAlready(known, body, key);
  // Others may wait for it too, so it doesn't leave with the first.
  const sent = send(context, id, sending, new AbortController().signal);
  context.inFlight.set(name, { body, sent });
  const over = (): void => void context.inFlight.delete(name);
  sent.then(({ outcome }) => outcome.then(over), over);
  return sent;
}

async function sentAlready({ body, sent }: Entry, other: Promise<string>, key: string): Promise<Sent> {
  if ((await body) === (await other)) return sent;
  throw new RepriseError('CONFLICT', `The key ${key} was used for another message.`, {
    hint: 'Take a new key for each new message.',
  });
}

async function send({ pool }: ServerContext, id: string, sending: Sending, signal: AbortSignal): Promise<Sent> {
  pool.refuseIfClosing();
  // A turn whose end was told a moment ago still gives its lease back: opening waits for that.
  const { busy = 'fail' } = sending.options;
  if (busy !== 'fail' || pool.isBusy(id)) return sendTo(await pool.open(id), pool, sending, signal);
  const session = await pool.toWork(id);
  try {
    return await sendTo(session, pool, sending, signal);
  } catch (error) {
    if (!isCoded(error) || error.code !== 'SESSION_NOT_FOUND' || sending.first !== undefined) throw error;
    // The one that was held is gone, and nothing of the message was stored; another may be there under its id.
    pool.forget(id);
    return sendTo(await pool.open(id), pool, sending, signal);
  }
}

async function sendTo(
  session: Session,
  pool: ServerContext['pool'],
  { input, options, size, first }: Sending,
  signal: AbortSignal,
): Promise<Sent> {
  const { id } = session;
  const { busy = 'fail', key } = options;
  const waits = pool.isBusy(id);
  if (waits && busy === 'fail' && first === undefined && (key === undefined || !(await session.knows(key)))) {
    throw new RepriseError('SESSION_BUSY', 'A turn runs on this session.', {
      hint: 'Send the message with `busy` "queue" or "steer", or wait.',
    });
  }
  let after = session.head.seq;
  const start = (): Turn => {
    after = session.head.seq;
    return session.turn(input, options);
  };
  // What is queued or steers is stored at once, and runs in the place of the turn that runs.
  const begin = waits && busy !== 'fail' ? pool.beside(id, start) : pool.turn(id, start, signal, { first, size });
  return begun(await begin, session, () => after);
}

/** Resolves with the first thing that is known of a turn. */
function begun(turn: Turn, session: Session, before: () => number): Promise<Sent> {
  return new Promise((resolve, reject) => {
    const sent: Sent = { turn: turn.id, after: before(), queued: undefined, outcome: turn.outcome() };
    turn.once('joined', ({ turn: other, seq }) => {
      sent.turn = other;
      // Others may have stored more since the session was used here. What waits is told of from where it began to wait.
      sent.after = sent.queued === undefined ? seq - 1 : Math.min(sent.after, seq - 1);
      resolve(sent);
    });
    turn.once('queued', ({ key }) => {
      sent.queued = key;
      resolve(sent);
    });
    turn.once('start', () => {
      // Under the lease it knows what others have stored meanwhile; of its own turn nothing is yet.
      sent.after = session.head.seq;
      resolve(sent);
    });
    void sent.outcome.then(({ error }) => (error === undefined ? resolve(sent) : reject(error)));
  });
}
