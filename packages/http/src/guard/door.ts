import { RepriseError } from '@reprise/core';
import type { Call } from '../call.ts';
import type { ServerContext, WholeContext } from '../context.ts';
import { dispatch, failed } from '../dispatch.ts';
import { problemResponse } from '../problem.ts';
import type { AccessToken, Principal } from '../options.ts';
import type { Route } from '../route.ts';
import { ownContext } from './own-doors.ts';
import { assertOwn } from './owner.ts';
import { Rates } from './rates.ts';
import { tokenGuard, unauthorized } from './token.ts';

/** Lets requests in to their routes: those that have a token, and not too often. Who has none learns of no route, and an owner of no session of others. */
export function doorOf(context: WholeContext) {
  const { options, clock, streams } = context;
  let { tokens } = options;
  let whoIs = tokenGuard(tokens);
  const rates = new Rates(options, clock);

  /** By owner, of which there are as many as tokens. */
  const owned = new Map<string, ServerContext>();
  const ownedBy = (owner: string): ServerContext => {
    const there = owned.get(owner) ?? ownContext(context, owner);
    owned.set(owner, there);
    return there;
  };
  const contexts = new WeakMap<Principal, ServerContext>();
  const contextFor = (principal: Principal): ServerContext => {
    const there = contexts.get(principal) ?? {
      ...(principal.owner === undefined ? context : ownedBy(principal.owner)),
      streams: streams.of(principal.name),
    };
    contexts.set(principal, there);
    return there;
  };

  const enter = async (
    call: Call,
    request: Request,
    route: Route | undefined,
    params: Readonly<Record<string, string>>,
    methods: readonly string[] = [],
  ): Promise<Response> => {
    const principal = await whoIs(request);
    if (principal !== undefined) call.principal = principal;
    if (route !== undefined) call.operation = route.id;
    const open = route?.scope === 'none';
    try {
      if (!open) rates.check(call.address, principal);
      if (principal === undefined && !open) return unauthorized();
      if (route === undefined) return unknown(request, methods);
      const session = route.path.startsWith('/v1/sessions/{id}') ? params['id'] : undefined;
      if (session !== undefined) call.session = session;
      if (principal === undefined) return bodied(request, await dispatch(route, request, params, principal, context));
      if (session !== undefined && principal.owner !== undefined)
        await assertOwn(context.sessions, session, principal.owner);
      return bodied(request, await dispatch(route, request, params, principal, contextFor(principal)));
    } catch (error) {
      return failed(error, context);
    }
  };

  return {
    enter,
    setTokens(now: readonly AccessToken[]): void {
      // Who takes all of them back lets nobody in.
      const guard = now.length === 0 ? nobody : tokenGuard(now);
      rates.setTokens(now);
      whoIs = guard;
      const same = new Set(now.map((token) => JSON.stringify(token)));
      streams.end(new Set(tokens.filter((token) => !same.has(JSON.stringify(token))).map(({ name }) => name)));
      tokens = now;
    },
  };
}

const nobody: ReturnType<typeof tokenGuard> = () => Promise.resolve(undefined);

/** HEAD is answered as GET is, without the body: a stream that nobody is given must not stay open. */
function bodied({ method }: Request, answer: Response): Response {
  if (method === 'HEAD') void answer.body?.cancel();
  return answer;
}

/** `methods`: those that the path has. */
function unknown({ method, url }: Request, methods: readonly string[]): Response {
  const error = new RepriseError('UNSUPPORTED', `There is no ${method} ${new URL(url).pathname.slice(0, 200)}.`, {
    hint: 'GET /v1/openapi.json lists what there is.',
  });
  if (methods.length === 0) return problemResponse(error, { status: 404 });
  const allowed = methods.flatMap((one) => (one === 'GET' ? ['GET', 'HEAD'] : [one]));
  return problemResponse(error, { status: 405, headers: { Allow: allowed.join(', ') } });
}
