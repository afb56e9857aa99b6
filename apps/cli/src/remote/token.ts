import { RepriseError } from '@reprise/core';
import { keptToken } from '@reprise/http/node';
import { homeOf } from '@reprise/session/compose';
import type { Io } from '@reprise/tui';

/**
 * The token for a server: REPRISE_TOKEN, else the one that `reprise serve` of the same user keeps, which goes to this machine alone. Never from the
 * command line, where others can read it. AUTH where there is none.
 */
export function tokenFor(url: URL, { env }: Pick<Io, 'env'>): string {
  const given = env['REPRISE_TOKEN'];
  if (given) return given;
  const local = isLoopback(url);
  const file = process.getBuiltinModule('node:path').join(homeOf(env), 'server-token');
  const kept = local ? keptToken(file) : undefined;
  if (kept !== undefined) return kept;
  throw new RepriseError('AUTH', `No access token for ${url.origin} is known.`, {
    hint: local
      ? `Set REPRISE_TOKEN. There is no ${file}, where "reprise serve" keeps the token that it makes.`
      : 'Set REPRISE_TOKEN to a token of that server.',
  });
}

/** 127.0.0.0/8, ::1 and the name for them. */
export function isLoopback({ hostname }: URL): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d{1,3}){3}$/.test(hostname);
}
