import type { At, FeedEvent, FollowOptions } from '@reprise/core';
import type { Connection } from './http.ts';
import { resuming } from './stream.ts';

/** `sessions.follow()` over a connection that may break: it misses and repeats nothing. */
export async function* follow(
  connection: Connection,
  id: string,
  { after = 0, signal }: FollowOptions = {},
): AsyncGenerator<FeedEvent, void, void> {
  const stop = new AbortController();
  const leave = (): void => stop.abort();
  signal?.addEventListener('abort', leave, { once: true });
  if (signal?.aborted) leave();
  const path = `/sessions/${id}/events`;
  try {
    const callFor = (position?: string) => ({ method: 'GET', path, stream: { after: position ?? '0' } }) as const;
    for await (const { data } of resuming(connection, callFor, stop.signal, positionText(after)))
      yield data as FeedEvent;
  } finally {
    signal?.removeEventListener('abort', leave);
    leave();
  }
}

/** As the `id` of an event. */
function positionText(after: At | number): string {
  if (typeof after === 'number') return String(after);
  const { seq, attempt, offset, reasoning = 0 } = after;
  return offset === 0 && reasoning === 0 ? String(seq) : `${seq}.${attempt}.${offset}.${reasoning}`;
}
