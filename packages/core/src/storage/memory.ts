import type {
  InboxEntry,
  Lease,
  Owner,
  Piece,
  Range,
  SessionHead,
  SessionStorage,
  StoredRecord,
} from '../contracts/storage.ts';
import { RepriseError } from '../errors.ts';
import {
  assertHead,
  assertInboxEntry,
  assertRecordText,
  assertSessionId,
  assertThrough,
  boundsOf,
  PAGE_BYTES,
} from './checks.ts';
import { pageOfHeads } from './query.ts';

interface Held {
  readonly id: string;
  readonly owner: Owner;
}

/** Everything of one id. It exists as a session once it has a head; before, a lease may hold blobs and pieces in it. */
interface Cell {
  readonly records: StoredRecord[];
  readonly blobs: Map<string, Uint8Array<ArrayBuffer>>;
  readonly inbox: Map<string, InboxEntry>;
  pieces: Piece[];
  head?: SessionHead;
  lease?: Lease;
}

/**
 * Sessions in memory, for tests, for programs that store nothing, and as the smallest example of the contract. One
 * process, not durable, nothing shared between two calls. Offers draft, inbox, blobs and copy.
 */
export function memoryStorage(): SessionStorage {
  const cells = new Map<string, Cell>();
  const held = new Map<Lease, Held>();
  let epoch = 0;
  let closed = false;

  const open = (id: string): void => {
    if (closed) throw new RepriseError('STORAGE_FAILED', 'this storage was closed', { hint: 'Make a new one.' });
    assertSessionId(id);
  };
  const session = (id: string): Cell & { head: SessionHead } => {
    open(id);
    const cell = cells.get(id);
    if (cell?.head === undefined) throw new RepriseError('SESSION_NOT_FOUND', `there is no session ${id}`);
    return cell as Cell & { head: SessionHead };
  };
  const cellOf = (lease: Lease): Cell => {
    open(lease.id);
    const cell = held.has(lease) ? cells.get(lease.id) : undefined;
    if (cell !== undefined) return cell;
    throw new RepriseError('FENCED', `the lease on session ${lease.id} has ended`, { hint: 'Acquire it again.' });
  };
  const free = (lease: Lease): void => {
    if (!held.delete(lease)) return;
    const cell = cells.get(lease.id);
    delete cell?.lease;
    if (cell?.head === undefined) cells.delete(lease.id);
  };

  return {
    contract: 1,
    supports: { durable: false, processes: 'one', takeover: false },

    async acquire(id, { owner, expect }) {
      open(id);
      const cell = cells.get(id);
      if (expect === 'existing') session(id);
      else if (cell?.head !== undefined) throw new RepriseError('SESSION_EXISTS', `session ${id} exists already`);
      const holder = cell?.lease && held.get(cell.lease)?.owner;
      if (holder !== undefined) {
        throw new RepriseError('SESSION_BUSY', `session ${id} is in use by ${holder.name}`, { details: { holder } });
      }
      const lease: Lease = {
        id,
        epoch: ++epoch,
        head: cell?.head && structuredClone(cell.head),
        lost: new AbortController().signal,
        async release() {
          free(lease);
        },
      };
      held.set(lease, { id, owner: { ...owner } });
      if (cell) cell.lease = lease;
      else cells.set(id, { records: [], blobs: new Map(), inbox: new Map(), pieces: [], lease });
      return lease;
    },

    async append(lease, { expected, records, head }) {
      const cell = cellOf(lease);
      for (const json of records) assertRecordText(json);
      const tip = cell.records.length;
      if (expected !== tip) {
        throw new RepriseError('CONFLICT', `the last record of ${lease.id} is ${tip}, not ${expected}`, {
          hint: 'Read what was appended, then try again.',
        });
      }
      assertHead(head, lease.id, tip + records.length);
      if (head.seq === 0) throw new RepriseError('INVALID_INPUT', 'a session begins with at least one record');
      const kept = structuredClone(head);
      for (const [at, json] of records.entries()) cell.records.push({ seq: tip + at + 1, json });
      cell.head = kept;
    },

    read: (id, range = {}) => readCell(() => session(id).records, range),

    async head(id) {
      open(id);
      const head = cells.get(id)?.head;
      return head && structuredClone(head);
    },

    async list(query) {
      open('any');
      const page = pageOfHeads(
        [...cells.values()].flatMap((cell) => cell.head ?? []),
        query,
      );
      return { ...page, items: page.items.map((head) => structuredClone(head)) };
    },

    async remove(lease) {
      cellOf(lease);
      held.delete(lease);
      cells.delete(lease.id);
    },

    async close() {
      for (const lease of [...held.keys()]) free(lease);
      closed = true;
    },

    draft: {
      async add(lease, piece) {
        const cell = cellOf(lease);
        if (cell.pieces.at(-1)?.step !== piece.step) cell.pieces = [];
        cell.pieces.push({ ...piece });
      },
      async clear(lease) {
        cellOf(lease).pieces = [];
      },
      async read(id) {
        open(id);
        return [...(cells.get(id)?.pieces ?? [])];
      },
    },

    blobs: {
      async put(lease, bytes) {
        cellOf(lease);
        const whole = await joined(bytes);
        const sha256 = hex(await crypto.subtle.digest('SHA-256', whole));
        cellOf(lease).blobs.set(sha256, whole);
        return { sha256, size: whole.byteLength };
      },
      async *get(id, sha256) {
        const blob = session(id).blobs.get(sha256);
        if (blob === undefined) throw new RepriseError('STORAGE_FAILED', `session ${id} has no blob ${sha256}`);
        yield blob.slice();
      },
    },

    inbox: {
      async put(id, entry) {
        assertInboxEntry(entry);
        const { inbox } = session(id);
        if (!inbox.has(entry.key)) inbox.set(entry.key, { key: entry.key, json: entry.json });
      },
      async peek(lease) {
        return [...cellOf(lease).inbox.values()];
      },
      async drop(lease, keys) {
        const { inbox } = cellOf(lease);
        for (const key of keys) inbox.delete(key);
      },
    },

    async copy({ id, through }, to, head) {
      const cell = cellOf(to);
      const source = session(id);
      if (cell.head !== undefined) throw new RepriseError('CONFLICT', `session ${to.id} has records already`);
      assertThrough(through, source.records.length);
      assertHead(head, to.id, through);
      // Not by spreading: a call takes only so many arguments.
      for (const json of source.records.slice(0, through)) cell.records.push(json);
      for (const [sha256, bytes] of source.blobs) cell.blobs.set(sha256, bytes);
      cell.head = structuredClone(head);
    },
  };
}

async function* readCell(
  records: () => readonly StoredRecord[],
  range: Range,
): AsyncGenerator<readonly StoredRecord[]> {
  const all = records();
  const { first, last, reverse, limit } = boundsOf(range, all.length);
  const wanted = all.slice(first - 1, Math.max(last, first - 1));
  if (reverse) wanted.reverse();
  let page: StoredRecord[] = [];
  let size = 0;
  for (const record of wanted.slice(0, limit)) {
    // A character has at most three bytes in UTF-8: a bound that needs no encoding.
    if (page.length > 0 && size + record.json.length * 3 > PAGE_BYTES) {
      yield page;
      page = [];
      size = 0;
    }
    page.push(record);
    size += record.json.length * 3;
  }
  if (page.length > 0) yield page;
}

async function joined(bytes: AsyncIterable<Uint8Array>): Promise<Uint8Array<ArrayBuffer>> {
  const parts: Uint8Array[] = [];
  for await (const part of bytes) parts.push(part.slice());
  const whole = new Uint8Array(parts.reduce((size, part) => size + part.byteLength, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.byteLength;
  }
  return whole;
}

function hex(digest: ArrayBuffer): string {
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('');
}
