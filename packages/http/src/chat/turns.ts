import { RepriseError, isCoded } from '@reprise/core';
import type { MessagePage, Session, Sessions } from '@reprise/core';
import type { SseEvent } from '../events/stream.ts';
import { problemOf } from '../problem.ts';
import type { UiChunk } from './ui-chunks.ts';
import { UiChunks } from './ui-chunks.ts';
import type { answersIn } from './ui-messages.ts';

type Items = MessagePage['items'];

/** Messages of a chat that are looked at: who shows more than these shows no chat. */
const MOST = 1000;

export async function chatMessages(sessions: Sessions, id: string): Promise<Items> {
  return (await sessions.messages(id, { limit: MOST })).items;
}

/** A turn's chunks from a record on, to its end or to the next question. */
export async function* turnChunks(
  sessions: Sessions,
  id: string,
  chunks: UiChunks,
  after: number,
  signal: AbortSignal,
): AsyncGenerator<SseEvent> {
  try {
    yield* told(chunks.start());
    for await (const event of sessions.follow(id, { after, signal })) {
      yield* told(chunks.take(event));
      if (chunks.over) return;
    }
  } catch (error) {
    yield { data: { type: 'error', errorText: problemOf(error).detail } };
  }
}

function* told(chunks: Iterable<UiChunk>): Generator<SseEvent> {
  for (const data of chunks) yield { data };
}

/** Gives the answers that a chat sent, and goes on with the turn that waited for them. */
export async function goOn(
  sessions: Sessions,
  session: Session,
  answers: ReturnType<typeof answersIn>,
  by: string | undefined,
): Promise<(signal: AbortSignal) => AsyncIterable<SseEvent>> {
  const { id, open } = session;
  const items = await chatMessages(sessions, id);
  const pending = await session.approvals();
  const after = session.head.seq;
  for (const { id: ask, approved, reason } of answers) {
    if (!pending.some((asked) => asked.id === ask)) continue;
    const verdict = approved ? 'once' : 'deny';
    try {
      await session.answer(ask, { verdict, ...(reason !== undefined && { message: reason }), ...(by && { by }) });
    } catch (error) {
      // Somebody else was faster, and the first answer counts.
      if (!isCoded(error) || error.code !== 'CONFLICT') throw error;
    }
  }
  const turn = open?.turn ?? items.at(-1)?.turn ?? '';
  const last = items.findLast((item) => item.role === 'assistant' && item.turn === turn);
  const chunks = new UiChunks(id, turn, { message: last, pending });
  return (signal) => resumed(sessions, id, chunks, open === undefined ? undefined : after, signal);
}

async function* resumed(
  sessions: Sessions,
  id: string,
  chunks: UiChunks,
  after: number | undefined,
  signal: AbortSignal,
): AsyncGenerator<SseEvent> {
  if (after !== undefined) return yield* turnChunks(sessions, id, chunks, after, signal);
  // The questions were over before their answers came, and so was the turn.
  yield* told(chunks.start());
  yield { data: { type: 'finish' } };
}

/** Takes back the turn that is to be answered anew, and all that followed, at once: `from` counts the turns that stay. Nothing is destroyed. */
export async function takeBack(sessions: Sessions, session: Session, from: number): Promise<void> {
  const items = await chatMessages(sessions, session.id);
  const opening = items[openings(items)[from] ?? -1];
  if (opening !== undefined) await session.rewind(opening.id);
}

/** The turn that a chat wants answered anew: the last one that says this. CONFLICT where there is none. */
export async function turnSaying(sessions: Sessions, id: string, text: string): Promise<number> {
  const items = await chatMessages(sessions, id);
  const found = openings(items).findLastIndex((place) => items[place]?.content === text);
  if (found >= 0) return found;
  throw new RepriseError('CONFLICT', 'The session has no turn that says this.', {
    hint: 'Load the chat again; somebody has changed it.',
  });
}

/** Where turns begin: the user's messages that steer nothing. */
function openings(items: Items): number[] {
  const seen = new Set<string>();
  return items.flatMap(({ role, turn }, place) => {
    if (role !== 'user' || (turn !== undefined && seen.has(turn))) return [];
    if (turn !== undefined) seen.add(turn);
    return [place];
  });
}
