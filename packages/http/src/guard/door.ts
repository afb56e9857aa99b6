import { RepriseError } from '@reprise/core';
import type { Call } from '../call.ts';
import type { ServerContext } from '../context.ts';
import { dispatch, failed } from '../dispatch.ts';
import { problemResponse } from '../problem.ts';
import type { Route } from '../route.ts';
import { ownContext } from './own-doors.ts';
import { assertOwn } from './owner.ts';
import { Rates } from './rates.ts';
import { tokenGuard, unauthorized } from './token.ts';

/** Lets requests in to their routes: those that have a token, and not too often. Who has none learns of no route, and an owner of no session of others. */
export function doorOf(context: ServerContext) {
  const { options, clock } = context;
  const whoIs = tokenGuard(options.tokens);
  const rates = new Rates(options, clock);

  /** By owner, of which there are as many as tokens. */
  const contexts = new Map<string, ServerContext>();
  const contextFor = (owner: string): ServerContext => {
    const there = contexts.get(owner) ?? ownContext(context, owner);
    contexts.set(owner, there);
    return there;
  };

  return async (
    call: Call,
    request: Request,
    route: Route | undefined,
    params: Readonly<Record<string, string>>,
  ): Promise<Response> => {
    const principal = await whoIs(request);
    if (principal !== undefined) call.principal = principal;
    if (route !== undefined) call.operation = route.id;
    const open = route?.scope === 'none';
    try {
      if (!open) rates.check(call.address, principal);
      if (principal === undefined && !open) return unauthorized();
      if (route === undefined) return unknown(request);
      const session = route.path.startsWith('/v1/sessions/{id}') ? params['id'] : undefined;
      if (session !== undefined) call.session = session;
      if (principal?.owner === undefined) return await dispatch(route, request, params, principal, context);
      if (session !== undefined) await assertOwn(context.sessions, session, principal.owner);
      return await dispatch(route, request, params, principal, contextFor(principal.owner));
    } catch (error) {
      return failed(error, context);
    }
  };
}

function unknown({ method, url }: Request): Response {
  const error = new RepriseError('UNSUPPORTED', `There is no ${method} ${new URL(url).pathname.slice(0, 200)}.`, {
    hint: 'GET /v1/openapi.json lists what there is.',
  });
  return problemResponse(error, { status: 404 });
}
