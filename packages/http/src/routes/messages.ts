import { z } from 'zod';
import type { MessageQuery } from '@reprise/core';
import { etagOf, withCondition } from '../etag.ts';
import { problemOf } from '../problem.ts';
import type { Route } from '../route.ts';
import { json, noContent, route } from '../route.ts';
import { count, messageParams, params, problem, sessionId } from '../schemas/common.ts';
import { message, messageChange } from '../schemas/message.ts';

const TAG = 'The ETag of the session after it.';

const query = z.strictObject({
  before: z.coerce
    .number()
    .int()
    .nonnegative()
    .optional()
    .describe('Only messages before this record, the newest of them.'),
  after: z.coerce
    .number()
    .int()
    .nonnegative()
    .optional()
    .describe('Only messages after this record, the oldest of them.'),
  limit: z.coerce.number().int().min(1).max(1000).default(50),
  all: z.enum(['true', 'false']).default('false').describe('Also what lies before the last clear.'),
});

const page = z.object({
  items: z.array(
    z.object({
      ...message.shape,
      seq: count.describe('The number of its record.'),
      turn: z.string().optional().describe('The turn that it belongs to.'),
    }),
  ),
  before: count.optional().describe('For the page before this one; absent on the first.'),
  after: count.optional().describe('For the page after this one; absent on the last.'),
  damage: problem
    .optional()
    .describe('What could not be read of the records that were looked at; what can be is here.'),
});

export const messageRoutes: readonly Route[] = [
  route(
    {
      id: 'listMessages',
      method: 'GET',
      path: '/v1/sessions/{id}/messages',
      tag: 'messages',
      summary: 'Read messages: the newest ones, or a page before or after a record.',
      scope: 'read',
      params,
      query,
      answers: { 200: { description: 'A page, in the order of the conversation.', schema: page } },
      errors: ['SESSION_NOT_FOUND'],
    },
    async ({ params: { id }, query: { all, ...rest } }, { sessions }) => {
      const { error, ...found } = await sessions.messages(id, { ...rest, all: all === 'true' } as MessageQuery);
      return json({ ...found, ...(error && { damage: problemOf(error) }) });
    },
  ),
  route(
    {
      id: 'editMessage',
      method: 'PATCH',
      path: '/v1/sessions/{id}/messages/{message}',
      tag: 'messages',
      summary: 'Change the text of a message, or pin it with `important`.',
      scope: 'write',
      params: messageParams,
      body: messageChange,
      headers: ['If-Match'],
      answers: { 200: { description: 'The message.', schema: message, headers: { ETag: TAG } } },
      errors: ['SESSION_NOT_FOUND', 'SESSION_BUSY'],
    },
    ({ params: { id, message: target }, body, request }, context) =>
      withCondition(context, request, id, async (session, options) => {
        const changed = await session.editMessage(target, body as { content?: string; important?: boolean }, options);
        return json(changed, 200, { ETag: etagOf(session.head) });
      }),
  ),
  route(
    {
      id: 'deleteMessage',
      method: 'DELETE',
      path: '/v1/sessions/{id}/messages/{message}',
      tag: 'messages',
      summary: 'Take a message out of what is shown and sent.',
      scope: 'write',
      params: messageParams,
      headers: ['If-Match'],
      answers: { 204: { description: 'It is gone.', headers: { ETag: TAG } } },
      errors: ['SESSION_NOT_FOUND', 'SESSION_BUSY'],
    },
    ({ params: { id, message: target }, request }, context) =>
      withCondition(context, request, id, async (session, options) => {
        await session.deleteMessage(target, options);
        return noContent({ ETag: etagOf(session.head) });
      }),
  ),
  route(
    {
      id: 'getAttachment',
      method: 'GET',
      path: '/v1/sessions/{id}/attachments/{sha256}',
      tag: 'messages',
      summary: 'The bytes of a file that a message or a result of a tool has.',
      scope: 'read',
      params: z.object({ id: sessionId, sha256: z.string().regex(/^[0-9a-f]{64}$/) }),
      answers: {
        200: { description: 'The bytes.', stream: { type: 'application/octet-stream', schema: z.string() } },
      },
      errors: ['SESSION_NOT_FOUND', 'INVALID_INPUT', 'STORAGE_FAILED', 'STORAGE_DAMAGED'],
    },
    async ({ params: { id, sha256 } }, { pool }) => {
      const session = await pool.open(id);
      // Whatever it is, a browser only saves it: it is not the server's own.
      return new Response((await session.attachment(sha256)) as Uint8Array<ArrayBuffer>, {
        headers: {
          'Content-Type': 'application/octet-stream',
          'Content-Disposition': `attachment; filename="${sha256}"`,
          'Cache-Control': 'private, max-age=31536000, immutable',
          ETag: `"${sha256}"`,
        },
      });
    },
  ),
];
