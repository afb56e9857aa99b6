import type { PendingAsk, SessionUsage } from '@reprise/core';
import { RepriseError } from '@reprise/core/turn';
import type { Connection } from './http.ts';
import { ask } from './http.ts';

interface Usage extends SessionUsage {
  readonly context: { readonly current: number; readonly max: number };
}

/** INVALID_INPUT for what is no session id: nothing else may become part of a path. */
export function checkId(id: unknown): asserts id is string {
  if (typeof id === 'string' && /^[a-z0-9][a-z0-9_-]{0,127}$/.test(id)) return;
  throw new RepriseError('INVALID_INPUT', `${JSON.stringify(id) ?? 'undefined'} is no session id.`);
}

export async function approvalsOf(connection: Connection, id: string): Promise<readonly PendingAsk[]> {
  return (await read<{ items: readonly PendingAsk[] }>(connection, id, '/approvals')).items;
}

export async function usageOf(connection: Connection, id: string): Promise<SessionUsage> {
  const { context: _context, ...usage } = await read<Usage>(connection, id, '/usage');
  return usage;
}

export async function contextOf(connection: Connection, id: string): Promise<Usage['context']> {
  return (await read<Usage>(connection, id, '/usage')).context;
}

async function read<T>(connection: Connection, id: string, path: string): Promise<T> {
  checkId(id);
  return ask<T>(connection, { method: 'GET', path: `/sessions/${id}${path}` });
}
