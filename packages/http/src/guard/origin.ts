import { RepriseError } from '@reprise/core';
import { problemResponse } from '../problem.ts';

/** Names under which this machine's own programs reach it; anything else in `Host` is a rebound domain name. */
const LOOPBACK = ['127.0.0.1', 'localhost', '[::1]'];

const METHODS = 'GET, POST, PATCH, DELETE';
const HEADERS = 'Authorization, Content-Type, Accept, Idempotency-Key, If-Match, If-None-Match, Last-Event-ID';
const EXPOSED = 'ETag, Retry-After, Location';

export interface OriginRules {
  readonly hosts?: readonly string[];
  readonly origins?: readonly string[];
}

/**
 * Before anything else: who may speak to the server at all. A web page may only if it is the server's own or in the list, and never under a
 * host name that is not. `refuse` gives the answer for those who may not, and the answer to a page's preflight.
 */
export function originGuard({ hosts = LOOPBACK, origins = [] }: OriginRules) {
  const names = new Set(hosts.map((host) => host.toLowerCase()));
  const pages = new Set(origins);
  const hostOf = (request: Request): string => request.headers.get('host') ?? new URL(request.url).host;
  const isOurs = (origin: string, host: string): boolean => origin === `http://${host}` || origin === `https://${host}`;

  return {
    refuse(request: Request): Response | undefined {
      const host = hostOf(request).toLowerCase();
      if (!names.has(host.replace(/:\d+$/, ''))) {
        return forbidden(
          'The Host header names no host of this server.',
          'Ask under one of its own names, or allow this one.',
        );
      }
      const origin = request.headers.get('origin');
      if (origin === null) return undefined;
      if (!pages.has(origin) && !isOurs(origin, host)) {
        return forbidden('Pages of this origin may not use the server.', 'Add the origin to the allowed ones.');
      }
      if (request.method !== 'OPTIONS' || !request.headers.has('access-control-request-method')) return undefined;
      return new Response(null, {
        status: 204,
        headers: {
          'Access-Control-Allow-Origin': origin,
          'Access-Control-Allow-Methods': METHODS,
          'Access-Control-Allow-Headers': HEADERS,
          'Access-Control-Max-Age': '600',
          Vary: 'Origin',
        },
      });
    },

    /** Lets an allowed page read the answer. Only after `refuse` let it pass. */
    admit(request: Request, headers: Headers): void {
      const origin = request.headers.get('origin');
      if (origin === null) return;
      headers.set('Access-Control-Allow-Origin', origin);
      headers.set('Access-Control-Expose-Headers', EXPOSED);
      headers.append('Vary', 'Origin');
    },
  };
}

function forbidden(message: string, hint: string): Response {
  return problemResponse(new RepriseError('PERMISSION_DENIED', message, { hint }));
}
