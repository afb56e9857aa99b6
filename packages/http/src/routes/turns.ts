import { z } from 'zod';
import { RepriseError } from '@reprise/core';
import type { MessageInput, Outcome, TurnOptions } from '@reprise/core';
import { KEY, keyOf } from '../idempotency.ts';
import type { Route } from '../route.ts';
import { json, noContent, route } from '../route.ts';
import { params, sessionId } from '../schemas/common.ts';
import { turnEvent } from '../schemas/events.ts';
import { newMessage, outcome } from '../schemas/message.ts';
import { sendMessage } from '../turns/send.ts';
import { turnEvents } from '../turns/events.ts';

/** Times the usual limit: a message may bring files. */
const LARGE = 48;

export const turnRoutes: readonly Route[] = [
  route(
    {
      id: 'sendMessage',
      method: 'POST',
      path: '/v1/sessions/{id}/messages',
      tag: 'turns',
      summary: 'Send a message and get its answer, as a stream or, with `Accept: application/json`, once it is there.',
      description:
        'The stream holds the session’s events from the message on, as `GET …/events` tells them, and ends with the turn. A client that goes stops ' +
        'nothing. The same Idempotency-Key again, also after a restart, is the same turn: its events are told once more. With anything else in its body it ' +
        'is a CONFLICT; once the turn has ended, or in another process, text and attachments alone are compared (`model`, `output` and the other options are not).',
      scope: 'write',
      params,
      body: newMessage,
      largeBody: LARGE,
      headers: ['Idempotency-Key'],
      answers: {
        200: {
          description: 'The answer.',
          schema: outcome,
          stream: { type: 'text/event-stream', schema: turnEvent },
        },
      },
      errors: [
        'SESSION_NOT_FOUND',
        'SESSION_BUSY',
        'CONFLICT',
        'RATE_LIMIT',
        'OVERLOADED',
        'MODEL_NOT_FOUND',
        'AUTH',
        'NETWORK',
        'TIMEOUT',
        'PROVIDER',
        'CONTEXT_LENGTH_EXCEEDED',
      ],
    },
    async ({ params: { id }, body, size, request }, context) => {
      const { content, attachments, ...options } = body;
      const input = attachments === undefined ? content : ({ text: content, attachments } as MessageInput);
      const key = keyOf(request);
      const wanted = { ...options, ...(key !== undefined && { key }) } as TurnOptions;
      const sent = await sendMessage(context, id, { input, options: wanted, body, size }, request.signal);
      if (!wantsJson(request))
        return context.streams.answer((signal) => turnEvents(context.sessions, id, sent, signal));
      const ended = told(await sent.outcome);
      return json({ session: id, turn: sent.turn, ...ended });
    },
  ),
  route(
    {
      id: 'abortTurns',
      method: 'POST',
      path: '/v1/sessions/{id}/abort',
      tag: 'turns',
      summary: 'End the turns that run on a session, in whichever process. What was answered so far is kept.',
      scope: 'write',
      params,
      body: z.strictObject({ reason: z.string().max(500).optional() }),
      optionalBody: true,
      answers: { 204: { description: 'Nothing runs on it any more.' } },
      errors: ['SESSION_NOT_FOUND', 'TIMEOUT'],
    },
    async ({ params: { id }, body }, { pool }) => {
      const session = await pool.open(id);
      await session.abort(body?.reason);
      return noContent();
    },
  ),
  route(
    {
      id: 'withdrawMessage',
      method: 'DELETE',
      path: '/v1/sessions/{id}/waiting/{key}',
      tag: 'turns',
      summary: 'Take back a message that waits, by its Idempotency-Key.',
      scope: 'write',
      params: z.object({ id: sessionId, key: z.string().regex(KEY) }),
      answers: { 204: { description: 'Nobody answers it.' } },
      errors: ['SESSION_NOT_FOUND', 'CONFLICT'],
    },
    async ({ params: { id, key } }, { pool }) => {
      const session = await pool.open(id);
      await session.withdraw(key);
      return noContent();
    },
  ),
];

/** A stream is what one gets who doesn't say. */
function wantsJson(request: Request): boolean {
  const accept = request.headers.get('accept') ?? '';
  return accept.includes('application/json') && !accept.includes('text/event-stream');
}

/** A turn that failed is a problem, with its code. */
function told({ status, finishReason, message, output, usage, steps, error }: Outcome) {
  if (status === 'failed') throw error ?? new RepriseError('INTERNAL', 'The turn failed without a reason.');
  return { status, finishReason, ...(message && { message }), ...(output !== undefined && { output }), usage, steps };
}
