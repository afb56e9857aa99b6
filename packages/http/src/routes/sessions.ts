import { RepriseError } from '@reprise/core';
import type { ForkOptions, Making, Query, Session, SessionOptions } from '@reprise/core';
import type { ServerContext } from '../context.ts';
import { etagOf, notModified, onlyIf, withCondition } from '../etag.ts';
import { once } from '../idempotency.ts';
import { keyedBy, madeOnce } from '../making.ts';
import { idRefused, ownersKept } from '../guard/owner.ts';
import type { Route } from '../route.ts';
import { json, noContent, route } from '../route.ts';
import { params } from '../schemas/common.ts';
import { forkBody, listQuery, newSession, session, sessionChange, sessionPage } from '../schemas/session.ts';
import { usage } from '../schemas/usage.ts';
import { created, told, toldPage } from '../told.ts';

const one = { description: 'The session.', schema: session, headers: { ETag: 'Changes with each record.' } };

export const sessionRoutes: readonly Route[] = [
  route(
    {
      id: 'createSession',
      method: 'POST',
      path: '/v1/sessions',
      tag: 'sessions',
      summary: 'Make a session.',
      scope: 'write',
      body: newSession,
      headers: ['Idempotency-Key'],
      answers: { 201: { ...one, headers: { ...one.headers, Location: 'Where it is.' } } },
      errors: ['MODEL_NOT_FOUND'],
      optionalBody: true,
    },
    ({ body, request, principal }, context) =>
      once(context, request, principal, body, async () => {
        context.pool.refuseIfClosing();
        const keyed = await keyedBy(request, principal, body);
        const { model = defaultModel(context), ...rest } = body ?? {};
        const options = { ...context.options.defaults, ...rest, model } as SessionOptions;
        const { sessions } = context;
        const made = await madeOnce(sessions, keyed, (making) => sessions.create({ ...options, ...making }));
        context.pool.keep(made);
        return created(made.head, 'sessions/');
      }),
  ),
  route(
    {
      id: 'listSessions',
      method: 'GET',
      path: '/v1/sessions',
      tag: 'sessions',
      summary: 'List sessions, newest first.',
      description: 'With `parent`: the copies and sub-sessions of a session.',
      scope: 'read',
      query: listQuery,
      repeated: ['tag', 'parent'],
      answers: { 200: { description: 'A page.', schema: sessionPage } },
      errors: [],
    },
    async ({ query }, context) => {
      const { cursor, limit, order, spawned, ...rest } = query;
      const where = { ...rest, ...(spawned !== undefined && { spawned: spawned === 'true' }) };
      const asked = { limit, order, where, ...(cursor !== undefined && { cursor }) } as Query;
      return json(await toldPage(context, await context.sessions.page(asked), asked));
    },
  ),
  route(
    {
      id: 'getSession',
      method: 'GET',
      path: '/v1/sessions/{id}',
      tag: 'sessions',
      summary: 'Tell what a session is.',
      scope: 'read',
      params,
      headers: ['If-None-Match'],
      answers: { 200: one, 304: { description: 'It is as the client knows it.' } },
      errors: ['SESSION_NOT_FOUND'],
    },
    async ({ params: { id }, request }, context) => {
      const head = await context.sessions.info(id);
      return notModified(request, head) ?? json(told(context, head), 200, { ETag: etagOf(head) });
    },
  ),
  route(
    {
      id: 'updateSession',
      method: 'PATCH',
      path: '/v1/sessions/{id}',
      tag: 'sessions',
      summary: 'Change title, tags, model, tools or settings.',
      scope: 'write',
      params,
      body: sessionChange,
      headers: ['If-Match'],
      answers: { 200: one },
      errors: ['SESSION_NOT_FOUND', 'SESSION_BUSY', 'MODEL_NOT_FOUND'],
    },
    ({ params: { id }, body, request, principal }, context) =>
      withCondition(context, request, id, async (open, options) => {
        const { tags } = body;
        const kept = tags !== undefined && principal?.owner ? { tags: ownersKept(tags, open.head.tags) } : {};
        await open.update({ ...body, ...kept } as Partial<SessionOptions>, options);
        return json(open.head, 200, { ETag: etagOf(open.head) });
      }),
  ),
  route(
    {
      id: 'deleteSession',
      method: 'DELETE',
      path: '/v1/sessions/{id}',
      tag: 'sessions',
      summary: 'Delete a session for good.',
      scope: 'admin',
      params,
      headers: ['If-Match'],
      answers: { 204: { description: 'It is gone.' } },
      errors: ['SESSION_NOT_FOUND', 'SESSION_BUSY'],
    },
    ({ params: { id }, request }, { sessions, pool }) =>
      onlyIf(request, async (options) => {
        await sessions.delete(id, options);
        pool.forget(id);
        return noContent();
      }),
  ),
  route(
    {
      id: 'forkSession',
      method: 'POST',
      path: '/v1/sessions/{id}/fork',
      tag: 'sessions',
      summary: 'Copy a session, whole or up to a message.',
      scope: 'write',
      params,
      body: forkBody,
      optionalBody: true,
      headers: ['Idempotency-Key'],
      answers: { 201: { ...one, headers: { ...one.headers, Location: 'Where it is.' } } },
      errors: ['SESSION_NOT_FOUND', 'SESSION_EXISTS'],
    },
    ({ params: { id }, body, request, principal }, context) =>
      once(context, request, principal, body, async () => {
        const parent = await context.pool.open(id);
        if (principal?.owner !== undefined && body?.newSessionId !== undefined) throw idRefused();
        const keyed = await keyedBy(request, principal, body);
        const make = (making: Making): Promise<Session> => parent.fork({ ...(body as ForkOptions), ...making });
        const fork = await madeOnce(context.sessions, keyed, make, body?.newSessionId);
        context.pool.keep(fork);
        return created(fork.head, '../');
      }),
  ),
  route(
    {
      id: 'getUsage',
      method: 'GET',
      path: '/v1/sessions/{id}/usage',
      tag: 'sessions',
      summary: 'What model calls took, and how full the context window is.',
      scope: 'read',
      params,
      answers: {
        200: { description: 'What its model calls took.', schema: usage },
      },
      errors: ['SESSION_NOT_FOUND'],
    },
    async ({ params: { id } }, { pool, sessions }) => {
      const ledger = await sessions.usage(id);
      return json({ ...ledger, context: (await pool.open(id)).getContextUsage() });
    },
  ),
];

/** Of sessions whose request names none. */
export function defaultModel({ options: { defaultModel: given } }: ServerContext): string {
  const model = typeof given === 'function' ? given() : given;
  if (model !== undefined) return model;
  throw new RepriseError('INVALID_INPUT', 'No model is named, and the server has no default.', {
    hint: 'Give `model`, for example "anthropic/claude-sonnet-4-5".',
  });
}
