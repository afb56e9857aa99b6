import type { SessionStorage } from '@reprise/core';
import type { ServerOptions } from '../../src/index.ts';
import { stage } from './stage.ts';
import type { Stage } from './stage.ts';

export const ALICE = 'token-of-alice-0123456789';
export const BOB = 'token-of-bob-0123456789';
export const ALL = 'token-of-all-0123456789';

/** A server for two owners, and one who reaches all. */
export function owned(storage?: SessionStorage): Stage & { as(token: string): Stage['call'] } {
  const options: Partial<ServerOptions> = {
    tokens: [
      { name: 'alice', token: ALICE, owns: true },
      { name: 'bob', token: BOB, owns: true },
      { name: 'all', token: ALL },
    ],
    search: async (_, query) => ({
      items: (await there.sessions.list(query)).map(({ id }) => ({ id, seq: 1, excerpt: 'word' })),
    }),
  };
  const there = stage(options, storage === undefined ? {} : { storage });
  const as =
    (token: string): Stage['call'] =>
    (method, path, body, headers) =>
      there.call(method, path, body, { authorization: `Bearer ${token}`, ...headers });
  return { ...there, as };
}
