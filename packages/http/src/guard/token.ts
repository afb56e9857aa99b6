import { RepriseError } from '@reprise/core';
import type { AccessToken, Principal } from '../options.ts';
import { SCOPES } from '../options.ts';
import { problemResponse } from '../problem.ts';
import { ownerTag } from './owner.ts';

const SHORTEST = 16;
const HASH = /^[0-9a-f]{64}$/i;
/** What a name may be: people read it, and logs and tags hold it. */
export const NAME = /^[\p{L}\p{N}][\p{L}\p{N} ._@-]{0,99}$/u;

/** Finds who a request's bearer token belongs to. Tokens are compared by their hashes and in constant time, all of them each time. INVALID_INPUT. */
export function tokenGuard(tokens: readonly AccessToken[]) {
  if (tokens.length === 0) throw invalid('A server needs at least one access token.');
  for (const token of tokens) check(token);
  const known = Promise.all(
    tokens.map(async (token) => {
      const { name, scopes = SCOPES, owns = false } = token;
      const principal: Principal = {
        name,
        scopes: new Set(scopes.includes('admin') ? SCOPES : scopes),
        ...(owns && { owner: ownerTag(name) }),
      };
      return { principal, digest: 'sha256' in token ? bytesOf(token.sha256) : await digestOf(token.token) };
    }),
  );
  return async (request: Request): Promise<Principal | undefined> => {
    const given = /^Bearer +([^\s]+) *$/i.exec(request.headers.get('authorization') ?? '')?.[1] ?? '';
    const digest = await digestOf(given);
    let found: Principal | undefined;
    for (const entry of await known) if (same(entry.digest, digest)) found = entry.principal;
    return found;
  };
}

export function unauthorized(): Response {
  return problemResponse(
    new RepriseError('AUTH', 'A valid access token is needed.', {
      hint: 'Send it as `Authorization: Bearer …`. The server says at its start where its token is.',
    }),
    { status: 401, headers: { 'WWW-Authenticate': 'Bearer realm="reprise"' } },
  );
}

function check(token: AccessToken): void {
  if (!NAME.test(token.name))
    throw invalid('The name of an access token must be 1 to 100 letters, digits and any of " ._@-".');
  if ('sha256' in token) {
    if (!HASH.test(token.sha256)) throw invalid('The SHA-256 of an access token must be 64 hexadecimal digits.');
  } else if (token.token.length < SHORTEST) {
    throw invalid(`An access token must have at least ${SHORTEST} characters.`);
  }
}

function invalid(message: string): RepriseError {
  return new RepriseError('INVALID_INPUT', message);
}

function bytesOf(hex: string): Uint8Array {
  return Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}

/** At once where the runtime can: WebCrypto waits for one of the threads that also wait for the disk, and every request waits for it. */
async function digestOf(token: string): Promise<Uint8Array> {
  const hash = globalThis.process?.getBuiltinModule?.('node:crypto')?.hash;
  if (hash !== undefined) return hash('sha256', token, 'buffer');
  return new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(token)));
}

function same(a: Uint8Array, b: Uint8Array): boolean {
  let difference = 0;
  for (let i = 0; i < a.length; i += 1) difference |= (a[i] ?? 0) ^ (b[i] ?? 0);
  return difference === 0;
}
