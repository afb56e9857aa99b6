/** Sessions in one SQLite file, which is the truth: durable, one process at a time. Every failure has a code of the contract. */
import { createHash } from 'node:crypto';
import { DatabaseSync } from 'node:sqlite';
import {
  assertHead,
  assertRecordText,
  assertSessionId,
  assertThrough,
  boundsOf,
  PAGE_BYTES,
  pageOfHeads,
  RepriseError,
  type Lease,
  type Owner,
  type Range,
  type SessionHead,
  type SessionStorage,
  type StoredRecord,
} from '@reprise/core';

const SCHEMA = `
  PRAGMA journal_mode = DELETE;
  PRAGMA synchronous = FULL;
  CREATE TABLE IF NOT EXISTS sessions(id TEXT PRIMARY KEY, head TEXT NOT NULL) STRICT;
  CREATE TABLE IF NOT EXISTS records(id TEXT, seq INTEGER, json BLOB NOT NULL, PRIMARY KEY(id, seq)) STRICT, WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS blobs(id TEXT, sha256 TEXT, bytes BLOB NOT NULL, PRIMARY KEY(id, sha256)) STRICT;
  CREATE TABLE IF NOT EXISTS epochs(last INTEGER NOT NULL) STRICT;
  INSERT INTO epochs SELECT 0 WHERE NOT EXISTS (SELECT * FROM epochs);
`;
const STORE_HEAD = 'INSERT INTO sessions VALUES (?, ?) ON CONFLICT DO UPDATE SET head = excluded.head';
const SQLITE_FULL = 13;

/** The default export of a storage module: `(options) => SessionStorage`. */
export default function sqliteStorage({ path }: { readonly path: string }): SessionStorage {
  const database = new DatabaseSync(path);
  // One process at a time: the file stays locked until it is closed, and a second process is told so at once.
  database.exec(`PRAGMA locking_mode = EXCLUSIVE; ${SCHEMA}`);
  const held = new Map<string, { readonly lease: Lease; readonly owner: Owner }>();
  let closed = false;

  const run = (sql: string, ...values: (string | number | Uint8Array)[]): void =>
    void attempt(() => database.prepare(sql).run(...values));
  const all = <T>(sql: string, ...values: (string | number)[]): T[] =>
    attempt(() => database.prepare(sql).all(...values) as T[]);
  /** All of `work` or nothing. */
  const whole = <T>(work: () => T): T => {
    run('BEGIN IMMEDIATE');
    try {
      const result = work();
      run('COMMIT');
      return result;
    } catch (error) {
      if (database.isTransaction) database.exec('ROLLBACK');
      throw error;
    }
  };
  const assertOpen = (id = 'any'): void => {
    if (closed) throw new RepriseError('STORAGE_FAILED', 'this storage was closed', { hint: 'Make a new one.' });
    assertSessionId(id);
  };
  const headOf = (id: string): SessionHead | undefined => {
    assertOpen(id);
    const [row] = all<{ head: string }>('SELECT head FROM sessions WHERE id = ?', id);
    return row && (JSON.parse(row.head) as SessionHead);
  };
  const existing = (id: string): SessionHead => {
    const head = headOf(id);
    if (head === undefined) throw new RepriseError('SESSION_NOT_FOUND', `there is no session ${id}`);
    return head;
  };
  /** The head of the session that `lease` may write. */
  const writable = (lease: Lease): SessionHead | undefined => {
    assertOpen(lease.id);
    if (held.get(lease.id)?.lease !== lease) throw new RepriseError('FENCED', `the lease on ${lease.id} has ended`);
    return headOf(lease.id);
  };
  const store = (head: SessionHead): void => run(STORE_HEAD, head.id, JSON.stringify(head));
  const free = (lease: Lease): void => {
    if (held.get(lease.id)?.lease !== lease) return;
    held.delete(lease.id);
    // A session that was never begun leaves nothing.
    if (headOf(lease.id) === undefined) run('DELETE FROM blobs WHERE id = ?', lease.id);
  };

  return {
    contract: 1,
    supports: { durable: true, processes: 'one', takeover: false },

    async acquire(id, { owner, expect }) {
      const head = expect === 'existing' ? existing(id) : headOf(id);
      if (expect === 'new' && head) throw new RepriseError('SESSION_EXISTS', `session ${id} exists already`);
      const holder = held.get(id)?.owner;
      if (holder) throw new RepriseError('SESSION_BUSY', `${id} is in use by ${holder.name}`, { details: { holder } });
      const epoch = all<{ last: number }>('UPDATE epochs SET last = last + 1 RETURNING last')[0]?.last ?? 0;
      const lease: Lease = { id, epoch, head, lost: new AbortController().signal, release: async () => free(lease) };
      held.set(id, { lease, owner: { ...owner } });
      return lease;
    },

    async append(lease, { expected, records, head }) {
      const tip = writable(lease)?.seq ?? 0;
      for (const json of records) assertRecordText(json);
      if (expected !== tip) throw new RepriseError('CONFLICT', `the last record is ${tip}, not ${expected}`);
      assertHead(head, lease.id, tip + records.length);
      if (head.seq === 0) throw new RepriseError('INVALID_INPUT', 'a session begins with at least one record');
      whole(() => {
        // As bytes: SQLite's own text functions stop at U+0000.
        for (const [at, json] of records.entries())
          run('INSERT INTO records VALUES (?, ?, ?)', lease.id, tip + at + 1, Buffer.from(json));
        store(head);
      });
    },

    async *read(id, range: Range = {}) {
      const { first, last, reverse, limit } = boundsOf(range, existing(id).seq);
      const [order, behind] = reverse ? ['DESC', '<'] : ['ASC', '>'];
      const query = `SELECT seq, json FROM records WHERE id = ? AND seq BETWEEN ? AND ? AND seq ${behind} ? ORDER BY seq ${order}`;
      let from = reverse ? last + 1 : first - 1;
      for (let left = limit; left > 0;) {
        const page: StoredRecord[] = [];
        let size = 0;
        for (const row of database.prepare(query).iterate(id, first, last, from)) {
          const { seq, json } = row as unknown as { seq: number; json: Uint8Array };
          if (page.length > 0 && (size + json.length > PAGE_BYTES || page.length === left)) break;
          page.push({ seq, json: Buffer.from(json).toString() });
          size += json.length;
        }
        if (page.length === 0) return;
        yield page;
        left -= page.length;
        from = page.at(-1)?.seq ?? from;
      }
    },

    head: async (id) => headOf(id),

    async list(query) {
      assertOpen();
      return pageOfHeads(
        all<{ head: string }>('SELECT head FROM sessions').map(({ head }) => JSON.parse(head)),
        query,
      );
    },

    async remove(lease) {
      writable(lease);
      whole(() => ['sessions', 'records', 'blobs'].forEach((t) => run(`DELETE FROM ${t} WHERE id = ?`, lease.id)));
      held.delete(lease.id);
    },

    async close() {
      if (closed) return;
      for (const { lease } of [...held.values()]) free(lease);
      closed = true;
      database.close();
    },

    // From here on: capabilities. Leave any of them out, and core does without.
    blobs: {
      async put(lease, bytes) {
        const parts: Uint8Array[] = [];
        for await (const part of bytes) parts.push(part.slice());
        writable(lease);
        const all = Buffer.concat(parts);
        const sha256 = createHash('sha256').update(all).digest('hex');
        run('INSERT OR IGNORE INTO blobs VALUES (?, ?, ?)', lease.id, sha256, all);
        return { sha256, size: all.length };
      },
      async *get(id, sha256) {
        existing(id);
        const [row] = all<{ bytes: Uint8Array }>('SELECT bytes FROM blobs WHERE id = ? AND sha256 = ?', id, sha256);
        if (row === undefined) throw new RepriseError('STORAGE_FAILED', `session ${id} has no blob ${sha256}`);
        yield row.bytes;
      },
    },
    async copy({ id, through }, to, head) {
      const source = existing(id);
      if (writable(to)) throw new RepriseError('CONFLICT', `session ${to.id} has records already`);
      assertThrough(through, source.seq);
      assertHead(head, to.id, through);
      whole(() => {
        run('INSERT INTO records SELECT ?, seq, json FROM records WHERE id = ? AND seq <= ?', to.id, id, through);
        run('INSERT OR IGNORE INTO blobs SELECT ?, sha256, bytes FROM blobs WHERE id = ?', to.id, id);
        store(head);
      });
    },
  };
}

/** Every failure leaves with a code: a full disk is told from the rest. */
function attempt<T>(work: () => T): T {
  try {
    return work();
  } catch (cause) {
    const full = cause instanceof Error && 'errcode' in cause && cause.errcode === SQLITE_FULL;
    throw new RepriseError(full ? 'STORAGE_FULL' : 'STORAGE_FAILED', 'the database refused', { cause });
  }
}
