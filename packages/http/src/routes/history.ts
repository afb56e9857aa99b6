import { z } from 'zod';
import type { Expected, Session, Undone } from '@reprise/core';
import type { ServerContext } from '../context.ts';
import { etagOf, withCondition } from '../etag.ts';
import { once } from '../idempotency.ts';
import type { Input, Route } from '../route.ts';
import { json, route } from '../route.ts';
import { params } from '../schemas/common.ts';
import { conversationChange, message } from '../schemas/message.ts';
import { session, tree, treeQuery } from '../schemas/session.ts';

const headers = ['Idempotency-Key', 'If-Match'] as const;
const ETAG = { ETag: 'Of the session after it.' };

const rewound = z.object({ message: message.describe('The message, to be said in other words.'), session });
const undone = z
  .object({
    what: conversationChange.nullable().describe('`null`: there was nothing left, and nothing was done.'),
    message: message.optional().describe('The message that it is about, as it is now.'),
    session,
  })
  .meta({ id: 'Undone' });

const answers = { 200: { description: 'What it was about, and the session after it.', schema: undone, headers: ETAG } };
const errors = ['SESSION_NOT_FOUND', 'SESSION_BUSY'] as const;

/** What was done to a conversation, taken back and done again. Nothing is lost by any of these, and no file of a tool is touched. */
export const historyRoutes: readonly Route[] = [
  route(
    {
      id: 'rewindSession',
      method: 'POST',
      path: '/v1/sessions/{id}/rewind',
      tag: 'history',
      summary: 'Go on from before a message of the user.',
      description:
        'What was said from it on is taken back; `all` still shows it. Edits and deletions of earlier messages stay, and so do files that tools wrote.',
      scope: 'write',
      params,
      body: z.strictObject({ message: z.string().min(1).max(200).describe('The id of the message.') }),
      headers,
      answers: { 200: { description: 'The message that was taken back.', schema: rewound, headers: ETAG } },
      errors,
    },
    (input, context) =>
      changed(input, context, async (open, options) => {
        const taken = await open.rewind(input.body.message, options);
        return { message: taken, session: open.head };
      }),
  ),
  route(
    {
      id: 'undoChange',
      method: 'POST',
      path: '/v1/sessions/{id}/undo',
      tag: 'history',
      summary: 'Take back what was last done to the conversation.',
      description: 'An exchange, an edit, a deletion, a prune, a clear or a rewind.',
      scope: 'write',
      params,
      headers,
      answers,
      errors,
    },
    (input, context) => changed(input, context, async (open, options) => told(await open.undo(options), open)),
  ),
  route(
    {
      id: 'redoChange',
      method: 'POST',
      path: '/v1/sessions/{id}/redo',
      tag: 'history',
      summary: 'Take the last undo back, until something new is done.',
      scope: 'write',
      params,
      headers,
      answers,
      errors,
    },
    (input, context) => changed(input, context, async (open, options) => told(await open.redo(options), open)),
  ),
  route(
    {
      id: 'getTree',
      method: 'GET',
      path: '/v1/sessions/{id}/tree',
      tag: 'history',
      summary: 'The family of a session by copies and sub-sessions.',
      scope: 'read',
      params,
      query: treeQuery,
      answers: { 200: { description: 'From the session at the top.', schema: tree } },
      errors: ['SESSION_NOT_FOUND'],
    },
    async ({ params: { id }, query: { limit, below } }, { sessions }) =>
      json(await sessions.tree(id, { limit, below: below === 'true' })),
  ),
];

/** A change that is made once for each key, and only on the session that the client knows. */
function changed(
  { params: { id }, body, request, principal }: Input<{ id: string }, unknown, unknown>,
  context: ServerContext,
  change: (session: Session, options: Expected) => Promise<object>,
): Promise<Response> {
  return once(context, request, principal, body, () =>
    withCondition(context, request, id, async (open, options) =>
      json(await change(open, options), 200, { ETag: etagOf(open.head) }),
    ),
  );
}

function told(undo: Undone | undefined, { head }: Session): object {
  return { what: null, ...undo, session: head };
}
