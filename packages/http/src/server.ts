import { Hono } from 'hono';
import { RepriseError } from '@reprise/core';
import type { Sessions } from '@reprise/core';
import { contextOf } from './context.ts';
import { dispatch, failed } from './dispatch.ts';
import { originGuard } from './guard/origin.ts';
import { tokenGuard, unauthorized } from './guard/token.ts';
import type { ServerOptions } from './options.ts';
import { recoverOpenTurns } from './pool/recover.ts';
import type { Recovered } from './pool/recover.ts';
import { problemResponse } from './problem.ts';
import { ROUTES } from './routes/all.ts';

/** Sessions over HTTP, as a function from request to response that any program can mount. */
export interface Server {
  /** Never rejects. */
  fetch(request: Request): Promise<Response>;
  /** Ends or goes on with the turns that a crash left open. Sessions that are in use elsewhere are left alone. */
  recover(how?: 'interrupt' | 'continue'): Promise<Recovered>;
  /** Takes no new work, ends running turns with what they have, and every stream. The sessions stay the caller's to close. */
  close(reason?: string): Promise<void>;
}

/** INVALID_INPUT without an access token: a server without one would let anybody in. */
export function createServer(sessions: Sessions, options: ServerOptions): Server {
  const context = contextOf(sessions, options, ROUTES);
  const origins = originGuard(options);
  const whoIs = tokenGuard(options.tokens);
  const app = new Hono();
  for (const route of ROUTES) {
    app.on(route.method, route.path.replaceAll(/\{(\w+)\}/g, ':$1'), async (c) => {
      const principal = await whoIs(c.req.raw);
      if (principal === undefined && route.scope !== 'none') return unauthorized();
      return dispatch(route, c.req.raw, c.req.param() as Record<string, string>, principal, context);
    });
  }
  // Who has no token learns of no route.
  app.all('*', async (c) =>
    (await whoIs(c.req.raw)) === undefined ? unauthorized() : unknown(c.req.method, c.req.path),
  );
  app.onError((error) => failed(error, context));

  return {
    async fetch(request) {
      const refused = origins.refuse(request);
      if (refused !== undefined) return secured(refused);
      const answer = secured(await app.fetch(request));
      origins.admit(request, answer.headers);
      return answer;
    },
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

function unknown(method: string, path: string): Response {
  const error = new RepriseError('UNSUPPORTED', `There is no ${method} ${path.slice(0, 200)}.`, {
    hint: 'GET /v1/openapi.json lists what there is.',
  });
  return problemResponse(error, { status: 404 });
}
