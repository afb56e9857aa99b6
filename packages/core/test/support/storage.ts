import type { Lease, SessionStorage, StoredRecord } from '../../src/contracts/storage.ts';
import type { ErrorCode } from '../../src/errors.ts';
import { RepriseError } from '../../src/errors.ts';
import { memoryStorage } from '../../src/storage/memory.ts';
import type { Rec } from '../../src/records/types.ts';

export interface FaultyStorage extends SessionStorage {
  readonly inner: SessionStorage;
  readonly counts: { append: number; acquire: number; read: number };
  /** The process dies: every later call rejects, and the kernel gives its leases back. */
  crash(): void;
  /** The n-th append from now (1 = the next) fails with `code`, and the `times - 1` after it. */
  failAppend(n: number, code: ErrorCode, times?: number): void;
  /** The process dies in the n-th append from now: before it is stored, or after it and before the answer. */
  crashAppend(n: number, when: 'before' | 'after'): void;
}

/** A store with planted faults over one that works. */
export function faulty(inner: SessionStorage = memoryStorage()): FaultyStorage {
  const counts = { append: 0, acquire: 0, read: 0 };
  const leases = new Set<Lease>();
  let dead = false;
  let failFrom = Infinity;
  let failTo = 0;
  let failCode: ErrorCode = 'STORAGE_FAILED';
  let crashAt = Infinity;
  let crashWhen: 'before' | 'after' = 'before';
  const alive = (): void => {
    if (dead) throw new RepriseError('STORAGE_FAILED', 'The process is dead.');
  };
  const crash = (): void => {
    dead = true;
    for (const lease of leases) void lease.release();
  };
  const draft = inner.draft as NonNullable<SessionStorage['draft']>;
  return {
    ...inner,
    inner,
    counts,
    crash,
    failAppend(n, code, times = 1) {
      failFrom = counts.append + n;
      failTo = failFrom + times;
      failCode = code;
    },
    crashAppend(n, when) {
      crashAt = counts.append + n;
      crashWhen = when;
    },
    async acquire(id, how) {
      alive();
      counts.acquire += 1;
      const lease = await inner.acquire(id, how);
      leases.add(lease);
      return lease;
    },
    async append(lease, batch) {
      alive();
      counts.append += 1;
      if (counts.append >= failFrom && counts.append < failTo) throw new RepriseError(failCode, 'planted');
      if (counts.append === crashAt && crashWhen === 'before') crash();
      alive();
      await inner.append(lease, batch);
      if (counts.append === crashAt) crash();
      alive();
    },
    async *read(id, range) {
      alive();
      counts.read += 1;
      yield* inner.read(id, range);
    },
    async head(id) {
      alive();
      return inner.head(id);
    },
    async list(query) {
      alive();
      return inner.list(query);
    },
    async remove(lease) {
      alive();
      return inner.remove(lease);
    },
    async copy(from, to, head) {
      alive();
      return inner.copy?.(from, to, head);
    },
    draft: {
      async add(lease, piece) {
        alive();
        return draft.add(lease, piece);
      },
      async clear(lease) {
        alive();
        return draft.clear(lease);
      },
      async read(id) {
        alive();
        return draft.read(id);
      },
    },
  };
}

export async function storedOf(storage: SessionStorage, id: string): Promise<StoredRecord[]> {
  const all: StoredRecord[] = [];
  for await (const page of storage.read(id)) all.push(...page);
  return all;
}

export async function recordsOf(storage: SessionStorage, id: string): Promise<Rec[]> {
  return (await storedOf(storage, id)).map(({ json }) => JSON.parse(json) as Rec);
}
