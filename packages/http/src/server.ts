import { Hono } from 'hono';
import type { Sessions } from '@reprise/core';
import type { Call, Peer } from './call.ts';
import { contextOf } from './context.ts';
import { failed } from './dispatch.ts';
import { originGuard } from './guard/origin.ts';
import { doorOf } from './guard/door.ts';
import { tell } from './tell.ts';
import type { AccessToken, ServerOptions } from './options.ts';
import { recoverOpenTurns } from './pool/recover.ts';
import type { Recovered } from './pool/recover.ts';
import { ROUTES } from './routes/all.ts';

/** Sessions over HTTP, as a function from request to response that any program can mount. */
export interface Server {
  /** Never rejects. Of what a program hands over in place of a peer, as servers and routers do, only an `address` is looked at. */
  fetch(request: Request, peer?: Peer | object): Promise<Response>;
  /**
   * From now on these are the tokens, and no others. Streams of those that are gone or may do something else now end; turns that were asked for go on.
   * INVALID_INPUT, and nothing changes, for what can't be a token; without any nobody gets in any more.
   */
  setTokens(tokens: readonly AccessToken[]): void;
  /** Ends or goes on with the turns that a crash left open. Sessions that are in use elsewhere are left alone. */
  recover(how?: 'interrupt' | 'continue'): Promise<Recovered>;
  /** Takes no new work, ends running turns with what they have, and every stream. The sessions stay the caller's to close. */
  close(reason?: string): Promise<void>;
}

/** INVALID_INPUT without an access token: a server without one would let anybody in. */
export function createServer(sessions: Sessions, options: ServerOptions): Server {
  const context = contextOf(sessions, options, ROUTES);
  const origins = originGuard(options);
  const door = doorOf(context);
  const app = new Hono<{ Bindings: Call }>();
  const places = new Map<string, string[]>();
  for (const route of ROUTES) {
    const place = route.path.replaceAll(/\{(\w+)\}/g, ':$1');
    places.set(place, [...(places.get(place) ?? []), route.method]);
    app.on(route.method, place, (c) => door.enter(c.env, c.req.raw, route, c.req.param() as Record<string, string>));
  }
  for (const [place, methods] of places) app.all(place, (c) => door.enter(c.env, c.req.raw, undefined, {}, methods));
  app.all('*', (c) => door.enter(c.env, c.req.raw, undefined, {}));
  app.onError((error) => failed(error, context));

  return {
    async fetch(request, peer) {
      const { address } = Object(peer) as Peer;
      const call: Call = typeof address === 'string' ? { address } : {};
      const since = context.clock.now();
      const refused = origins.refuse(request);
      const answer = secured(refused ?? (await app.fetch(request, call)));
      if (refused === undefined) origins.admit(request, answer.headers);
      tell(context, call, request, answer, since);
      return answer;
    },
    setTokens: door.setTokens,
    recover: (how = 'interrupt') => recoverOpenTurns(context, how),
    async close(reason = 'The server is stopping.') {
      await context.pool.close(reason);
      context.streams.close();
    },
  };
}

/** For browsers that are pointed at an answer. */
function secured(answer: Response): Response {
  const { headers } = answer;
  headers.set('X-Content-Type-Options', 'nosniff');
  headers.set('Content-Security-Policy', "default-src 'none'; frame-ancestors 'none'");
  headers.set('Referrer-Policy', 'no-referrer');
  headers.set('Cross-Origin-Resource-Policy', 'same-origin');
  return answer;
}
