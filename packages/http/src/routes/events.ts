import { z } from 'zod';
import { RepriseError } from '@reprise/core';
import type { At, FeedEvent, Sessions } from '@reprise/core';
import type { SseEvent } from '../events/stream.ts';
import { readPosition } from '../events/position.ts';
import { feedEvent as wire } from '../events/streams.ts';
import type { Route } from '../route.ts';
import { route } from '../route.ts';
import { params } from '../schemas/common.ts';
import { feedEvent } from '../schemas/events.ts';

export const eventRoutes: readonly Route[] = [
  route(
    {
      id: 'followSession',
      method: 'GET',
      path: '/v1/sessions/{id}/events',
      tag: 'events',
      summary: 'Follow a session: its records as events, then what happens, as server-sent events.',
      description:
        'The `id` of an event is its position; `Last-Event-ID` (or `after`) goes on right behind it, on any connection and after a restart of ' +
        'the server, without missing or repeating anything. The stream ends when the client leaves; that stops nothing.',
      scope: 'read',
      params,
      query: z.strictObject({
        after: z
          .string()
          .max(80)
          .optional()
          .describe(
            'A position, or the number of a record, or `now`; the beginning if absent. `Last-Event-ID` comes before it.',
          ),
      }),
      headers: ['Last-Event-ID'],
      answers: { 200: { description: 'The events.', stream: { type: 'text/event-stream', schema: feedEvent } } },
      errors: ['SESSION_NOT_FOUND', 'CONFLICT'],
    },
    async ({ params: { id }, query, request }, { sessions, streams }) => {
      const given = request.headers.get('last-event-id') ?? query.after ?? '0';
      // A session that is not there, or a position that it has not reached, is an answer and no stream.
      const { seq } = await sessions.info(id);
      const after = given === 'now' ? { seq, attempt: 1, offset: 0 } : readPosition(given);
      if (after.seq > seq) {
        throw new RepriseError('CONFLICT', `Session ${id} has no record ${after.seq} yet.`, {
          hint: 'The position is another session’s: follow from the beginning.',
        });
      }
      return streams.answer((signal) => followed(sessions, id, after, signal));
    },
  ),
];

async function* followed(sessions: Sessions, id: string, after: At, signal: AbortSignal): AsyncGenerator<SseEvent> {
  for await (const event of sessions.follow(id, { after, signal })) yield wire(event satisfies FeedEvent);
}
