import { z } from 'zod';
import { etagOf, withCondition } from '../etag.ts';
import type { Route } from '../route.ts';
import { json, route } from '../route.ts';
import { params } from '../schemas/common.ts';
import { session } from '../schemas/session.ts';

const keepLast = z.int().nonnegative().optional().describe('So many messages stay.');
const answers = {
  200: { description: 'The session after it.', schema: session, headers: { ETag: 'Of the session.' } },
};

/** What is in the context window. Nothing of the history is destroyed by any of these. */
export const contextRoutes: readonly Route[] = [
  route(
    {
      id: 'pruneContext',
      method: 'POST',
      path: '/v1/sessions/{id}/prune',
      tag: 'context',
      summary: 'Take old messages out of what is sent to the model.',
      scope: 'write',
      params,
      body: z.strictObject({
        keepLast,
        keepSystem: z.boolean().optional(),
        keepImportant: z.boolean().optional(),
      }),
      optionalBody: true,
      headers: ['If-Match'],
      answers,
      errors: ['SESSION_NOT_FOUND', 'SESSION_BUSY'],
    },
    ({ params: { id }, body, request }, context) =>
      withCondition(context, request, id, async (open, options) => {
        await open.pruneContext({ ...(body as { keepLast?: number }), ...options });
        return json(open.head, 200, { ETag: etagOf(open.head) });
      }),
  ),
  route(
    {
      id: 'clearHistory',
      method: 'POST',
      path: '/v1/sessions/{id}/clear',
      tag: 'context',
      summary: 'Begin the conversation anew; the log keeps what was said.',
      scope: 'write',
      params,
      body: z.strictObject({ keepLast }),
      optionalBody: true,
      headers: ['If-Match'],
      answers,
      errors: ['SESSION_NOT_FOUND', 'SESSION_BUSY'],
    },
    ({ params: { id }, body, request }, context) =>
      withCondition(context, request, id, async (open, options) => {
        await open.clearHistory({ ...(body as { keepLast?: number }), ...options });
        return json(open.head, 200, { ETag: etagOf(open.head) });
      }),
  ),
];
