import { isCoded } from '@reprise/core';
import type { Making, Session, Sessions } from '@reprise/core';
import { Refusal } from './guard/body.ts';
import { digestOf, keyOf } from './idempotency.ts';
import type { Principal } from './options.ts';

/** As ids are that the engine makes, where the key tells a time also in this: in front of 12 letters the milliseconds since 1970. */
const ID_LETTERS = 21;
const TIME_LETTERS = 9;
const MARK_LETTERS = 32;

/** A session that a keyed request makes, under an id and with a mark that follow from the request: the same again, also after a restart, finds it. */
export type Keyed = Required<Making>;

/** Of a request without an Idempotency-Key nothing. */
export async function keyedBy(
  request: Request,
  principal: Principal | undefined,
  body: unknown,
): Promise<Keyed | undefined> {
  const key = keyOf(request);
  if (key === undefined) return undefined;
  const which = [principal?.name, request.method, new URL(request.url).pathname, key];
  return {
    newSessionId: `${timeIn(key)}${await digestOf(which)}`.slice(0, ID_LETTERS),
    madeBy: (await digestOf([...which, body])).slice(0, MARK_LETTERS),
  };
}

/**
 * The session that `make` makes under `id`, or has made when the same request came before. 422 where its key was used for another one, SESSION_EXISTS
 * where the id is not of the key.
 */
export async function madeOnce(
  sessions: Pick<Sessions, 'load'>,
  keyed: Keyed | undefined,
  make: (making: Making) => Promise<Session>,
  id = keyed?.newSessionId,
): Promise<Session> {
  if (keyed === undefined || id === undefined) return make({});
  try {
    return await make({ newSessionId: id, madeBy: keyed.madeBy });
  } catch (error) {
    // One that is in use is there too.
    if (!isCoded(error) || !TAKEN.has(error.code)) throw error;
    const there = await sessions.load(id).catch(() => undefined);
    if (there?.madeBy === keyed.madeBy) return there;
    if (id !== keyed.newSessionId) throw error;
    throw new Refusal(
      422,
      'This Idempotency-Key was used for another request.',
      'Take a new key for each new request.',
    );
  }
}

/** An import, under the id in its data where that may be and `newId` leaves it, else under one of the key. */
export async function importedOnce(
  sessions: Pick<Sessions, 'load' | 'import'>,
  keyed: Keyed | undefined,
  data: unknown,
  { newId = false, model }: { readonly newId?: boolean | undefined; readonly model?: string | undefined },
  id: string | undefined,
): Promise<Session> {
  const options = model === undefined ? {} : { model };
  if (keyed === undefined) return sessions.import(data, { newId, ...options });
  const under = (wanted?: string): Promise<Session> =>
    madeOnce(sessions, keyed, (making) => sessions.import(data, { ...options, ...making }), wanted);
  if (id === undefined) return under();
  try {
    return await under(id);
  } catch (error) {
    if (!newId || !isCoded(error) || error.code !== 'SESSION_EXISTS') throw error;
    return under();
  }
}

/**
 * The time in a key that is a UUID of version 7 (RFC 9562), as the ids of the engine begin; nothing for any other. It is the client's time, for the same
 * key must give the same id whenever it comes, to whichever server.
 */
function timeIn(key: string): string {
  const [, high = '', low = ''] =
    /^([0-9a-f]{8})-([0-9a-f]{4})-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/i.exec(key) ?? [];
  const time =
    high === ''
      ? ''
      : Number.parseInt(high + low, 16)
          .toString(36)
          .padStart(TIME_LETTERS, '0');
  return time.length === TIME_LETTERS ? time : '';
}

/** The id in what an export gave. */
export function idIn(data: unknown): string | undefined {
  const { id } = Object(data) as { readonly id?: unknown };
  return typeof id === 'string' ? id : undefined;
}

const TAKEN: ReadonlySet<string> = new Set(['SESSION_EXISTS', 'SESSION_BUSY']);
