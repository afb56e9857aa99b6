import type { FeedEvent, Sessions } from '@reprise/core';
import type { SseEvent } from '../events/stream.ts';
import { feedEvent } from '../events/streams.ts';
import { problemOf } from '../problem.ts';
import type { Sent } from './send.ts';

/** The session's events from a message on, to the end of the turn that answers it. */
export async function* turnEvents(
  sessions: Sessions,
  id: string,
  sent: Sent,
  signal: AbortSignal,
): AsyncGenerator<SseEvent> {
  if (sent.queued === undefined) yield { event: 'started', data: { type: 'started', session: id, turn: sent.turn } };
  else yield { event: 'queued', data: { type: 'queued', key: sent.queued } };
  const stop = new AbortController();
  let seen = sent.after;
  let over: { readonly seq: number; readonly error: unknown } | undefined;
  let told = false;
  const ended = sent.outcome.then(async ({ error }) => {
    // Nearly always the turn's end is told before: it is stored before.
    if (told) return;
    const { seq } = await sessions.info(id).catch(() => ({ seq: 0 }));
    over = { seq, error };
    if (seen >= seq) stop.abort();
  });
  for await (const event of sessions.follow(id, {
    after: sent.after,
    signal: AbortSignal.any([signal, stop.signal]),
  })) {
    told = isEnd(event, sent);
    yield feedEvent(event);
    if (told) return;
    seen = event.at.seq;
    if (over !== undefined && seen >= over.seq) break;
  }
  if (signal.aborted) return;
  await ended;
  if (over?.error !== undefined) yield { event: 'error', data: problemOf(over.error) };
}

function isEnd(event: FeedEvent, sent: Sent): boolean {
  // A message that waited or steers is part of the turn that took it up.
  if (event.type === 'message' && event.turn !== undefined && event.key !== undefined && event.key === sent.queued)
    sent.turn = event.turn;
  return event.type === 'turn_end' && event.turn === sent.turn;
}
