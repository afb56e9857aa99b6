import { z } from 'zod';
import { RepriseError } from '@reprise/core';
import type { Query } from '@reprise/core';
import { once } from '../idempotency.ts';
import { idIn, importedOnce, keyedBy } from '../making.ts';
import type { Route } from '../route.ts';
import { json, route } from '../route.ts';
import { count, params, sessionId } from '../schemas/common.ts';
import { importBody, session } from '../schemas/session.ts';
import { created } from '../told.ts';

const exported = z
  .looseObject({ format: z.literal(1), id: sessionId, messages: z.array(z.unknown()) })
  .meta({ id: 'ExportedSession', description: 'A whole session, for people, other programs and an exact import.' });

const found = z.object({
  items: z.array(z.object({ id: sessionId, seq: count, excerpt: z.string() })),
  cursor: z.string().optional(),
});

/** How many times the usual limit an import may have. */
const LARGE = 64;

export const transferRoutes: readonly Route[] = [
  route(
    {
      id: 'exportSession',
      method: 'GET',
      path: '/v1/sessions/{id}/export',
      tag: 'transfer',
      summary: 'Give a whole session.',
      scope: 'read',
      params,
      query: z.strictObject({
        redact: z
          .enum(['true', 'false'])
          .default('true')
          .describe('Stars in place of what looks like a key. `false` leaves everything as it was said.'),
      }),
      answers: { 200: { description: 'The session.', schema: exported } },
      errors: ['SESSION_NOT_FOUND', 'STORAGE_DAMAGED'],
    },
    async ({ params: { id }, query: { redact } }, { sessions }) =>
      json(await (await sessions.load(id)).export({ redact: redact === 'true' })),
  ),
  route(
    {
      id: 'importSession',
      method: 'POST',
      path: '/v1/import',
      tag: 'transfer',
      summary: 'Take in an exported session, or an array of messages.',
      scope: 'write',
      body: importBody,
      largeBody: LARGE,
      headers: ['Idempotency-Key'],
      answers: {
        201: {
          description: 'The session.',
          schema: session,
          headers: { ETag: 'Of the session.', Location: 'Where it is.' },
        },
      },
      errors: ['SESSION_EXISTS', 'FORMAT_TOO_NEW'],
    },
    ({ body, request, principal }, context) =>
      once(context, request, principal, body, async () => {
        const { session: data, ...options } = body;
        const keyed = await keyedBy(request, principal, body);
        // What is an owner's gets an id of its own.
        const id = principal?.owner === undefined ? idIn(data) : undefined;
        const { head } = await importedOnce(context.sessions, keyed, data, options, id);
        return created(head, 'sessions/');
      }),
  ),
  route(
    {
      id: 'searchSessions',
      method: 'GET',
      path: '/v1/search',
      tag: 'transfer',
      summary: 'Find words in the messages of all sessions.',
      scope: 'read',
      query: z.strictObject({
        q: z.string().min(1).max(1000),
        cursor: z.string().optional(),
        limit: z.coerce.number().int().min(1).max(1000).default(20),
      }),
      answers: { 200: { description: 'Where they are, newest sessions first.', schema: found } },
      errors: ['UNSUPPORTED'],
    },
    async ({ query: { q, cursor, limit } }, { options: { search } }) => {
      if (search === undefined)
        throw new RepriseError('UNSUPPORTED', 'The store behind this server keeps no text index.');
      return json(await search(q, { limit, ...(cursor !== undefined && { cursor }) } as Query));
    },
  ),
];
