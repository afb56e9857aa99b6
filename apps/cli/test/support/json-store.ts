/**
 * A storage module of somebody's own: all sessions in one JSON file, for one process at a time. It imports nothing at run time, so a test
 * can put it anywhere.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ErrorCode, Lease, SessionHead, SessionStorage } from '@reprise/core';

interface Kept {
  readonly records: string[];
  readonly head?: SessionHead;
  readonly epoch: number;
}

const coded = (code: ErrorCode, message: string): Error => Object.assign(new Error(message), { code });

export default function jsonStore({ file = 'sessions-of-mine.json' }: { readonly file?: string }): SessionStorage {
  const path = join(import.meta.dirname, file);
  const held = new Set<string>();
  const all = (): Record<string, Kept> => {
    try {
      return JSON.parse(readFileSync(path, 'utf8')) as Record<string, Kept>;
    } catch {
      return {};
    }
  };
  const put = (id: string, kept: Kept | undefined): void =>
    writeFileSync(path, JSON.stringify({ ...all(), [id]: kept }));

  return {
    contract: 1,
    supports: { durable: false, processes: 'one', takeover: false },
    async acquire(id, { expect }) {
      const kept = all()[id];
      if (held.has(id)) throw coded('SESSION_BUSY', `${id} is in use`);
      if (expect === 'new' && kept) throw coded('SESSION_EXISTS', `there is a session ${id}`);
      if (expect === 'existing' && !kept) throw coded('SESSION_NOT_FOUND', `there is no session ${id}`);
      held.add(id);
      const epoch = (kept?.epoch ?? 0) + 1;
      const lease: Lease = {
        id,
        epoch,
        head: kept?.head,
        lost: new AbortController().signal,
        release: async () => void held.delete(id),
      };
      return lease;
    },
    async append({ id, epoch }, { expected, records, head }) {
      const before = all()[id]?.records ?? [];
      if (before.length !== expected) throw coded('CONFLICT', `${id} stands at ${before.length}`);
      put(id, { records: [...before, ...records], head, epoch });
    },
    async *read(id, { after = 0, before = Infinity, reverse = false, limit = Infinity } = {}) {
      const kept = all()[id];
      if (!kept) throw coded('SESSION_NOT_FOUND', `there is no session ${id}`);
      const wanted = kept.records.map((json, i) => ({ seq: i + 1, json }));
      const inRange = wanted.filter(({ seq }) => seq > after && seq < before);
      yield (reverse ? inRange.reverse() : inRange).slice(0, limit);
    },
    head: async (id) => all()[id]?.head,
    async list({ where } = {}) {
      const heads = Object.values(all()).flatMap(({ head }) => head ?? []);
      const items = heads.filter(({ cwd }) => where?.cwd === undefined || where.cwd === cwd);
      return { items: items.sort((a, b) => b.lastMessage.localeCompare(a.lastMessage)) };
    },
    async remove({ id }) {
      put(id, undefined);
      held.delete(id);
    },
    async close() {
      held.clear();
    },
  };
}
