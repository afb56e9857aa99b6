import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { assertRecordText, boundsOf, type Range, type SessionStorage, type StoredRecord } from '@reprise/core';

/**
 * An example of a decorator: while this instance holds a session's lease nobody else writes it, so its records are read once and
 * then given from memory.
 */
export function cached(inner: SessionStorage): SessionStorage {
  /** The records of the sessions held, once they were read. */
  const held = new Map<string, StoredRecord[] | undefined>();
  let changes = 0;
  const forget = (id: string): void => {
    changes += 1;
    if (held.has(id)) held.set(id, undefined);
  };
  const { rewrite } = inner;
  return {
    ...inner,
    async acquire(id, how) {
      const lease = await inner.acquire(id, how);
      held.set(id, undefined);
      let live = true;
      const release = lease.release.bind(lease);
      // The store beneath knows a lease by its identity, so it is handed on itself.
      return Object.assign(lease, {
        release: async () => {
          if (live) held.delete(id);
          live = false;
          await release();
        },
      });
    },
    async append(lease, batch) {
      const records = held.get(lease.id);
      try {
        await inner.append(lease, batch);
      } catch (error) {
        forget(lease.id);
        throw error;
      }
      changes += 1;
      // What was read meanwhile may hold the batch or not.
      if (held.get(lease.id) !== records) return forget(lease.id);
      batch.records.forEach((json, at) => records?.push({ seq: batch.expected + at + 1, json }));
    },
    async *read(id, range: Range = {}) {
      if (held.get(id) === undefined) {
        const whole = held.has(id) && range.limit === undefined;
        if (!whole) return yield* inner.read(id, range);
        const records: StoredRecord[] = [];
        const before = changes;
        try {
          for await (const page of inner.read(id)) records.push(...page);
        } catch {
          // Of a damaged session nothing is kept: the store beneath gives what can be read, and says what can't.
          return yield* inner.read(id, range);
        }
        // Unless something was appended, or the lease ended, while they were read.
        if (changes === before && held.has(id)) held.set(id, records);
        return yield* pages(records, range);
      }
      yield* pages(held.get(id) ?? [], range);
    },
    async remove(lease) {
      await inner.remove(lease);
      held.delete(lease.id);
    },
    ...(rewrite && {
      rewrite: async (lease, records, head) => {
        forget(lease.id);
        await rewrite.call(inner, lease, records, head);
      },
    }),
    async copy(from, to, head) {
      await inner.copy!(from, to, head);
      forget(to.id);
    },
    async close() {
      held.clear();
      await inner.close();
    },
  };
}

function* pages(records: readonly StoredRecord[], range: Range): Generator<readonly StoredRecord[]> {
  const { first, last, reverse, limit } = boundsOf(range, records.length);
  const wanted = records.slice(first - 1, Math.max(last, first - 1));
  for (const record of (reverse ? wanted.reverse() : wanted).slice(0, limit)) yield [record];
}

/**
 * Another: records, drafts and messages of the inbox are encrypted on the medium, and each call is logged. Heads stay in the clear, so that
 * listing works. What would have to read the texts (search) or names bytes by their hash (blobs) is not offered: leaving a
 * capability out is how a store says so.
 */
export function sealed(
  inner: SessionStorage,
  key: Uint8Array,
  log: (call: string) => void = () => undefined,
): SessionStorage {
  const seal = (json: string): string => {
    const iv = randomBytes(12);
    const cipher = createCipheriv('aes-256-gcm', key, iv);
    const bytes = Buffer.concat([iv, cipher.update(json, 'utf8'), cipher.final(), cipher.getAuthTag()]);
    return JSON.stringify({ sealed: bytes.toString('base64') });
  };
  const open = (json: string): string => {
    const bytes = Buffer.from((JSON.parse(json) as { sealed: string }).sealed, 'base64');
    const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, 12));
    decipher.setAuthTag(bytes.subarray(-16));
    return Buffer.concat([decipher.update(bytes.subarray(12, -16)), decipher.final()]).toString('utf8');
  };
  const { draft, inbox, copy, rewrite, watch } = inner;
  return {
    contract: 1,
    supports: inner.supports,
    acquire: (id, how) => (log(`acquire ${id}`), inner.acquire(id, how)),
    async append(lease, batch) {
      log(`append ${lease.id} ${batch.records.length}`);
      for (const json of batch.records) assertRecordText(json);
      await inner.append(lease, { ...batch, records: batch.records.map(seal) });
    },
    async *read(id, range) {
      log(`read ${id}`);
      for await (const page of inner.read(id, range)) yield page.map(({ seq, json }) => ({ seq, json: open(json) }));
    },
    head: (id) => inner.head(id),
    list: (query) => inner.list(query),
    remove: (lease) => (log(`remove ${lease.id}`), inner.remove(lease)),
    close: () => inner.close(),
    ...(draft && {
      draft: {
        add: (lease, piece) => draft.add(lease, { ...piece, json: seal(piece.json) }),
        clear: (lease) => draft.clear(lease),
        read: async (id) => (await draft.read(id)).map((piece) => ({ ...piece, json: open(piece.json) })),
      },
    }),
    ...(inbox && {
      inbox: {
        put: async (id, entry) => {
          if (!entry.json.isWellFormed()) return inbox.put(id, entry);
          await inbox.put(id, { ...entry, json: seal(entry.json) });
        },
        peek: async (lease) => (await inbox.peek(lease)).map((entry) => ({ ...entry, json: open(entry.json) })),
        drop: (lease, keys) => inbox.drop(lease, keys),
      },
    }),
    ...(watch && { watch: watch.bind(inner) }),
    ...(copy && { copy: copy.bind(inner) }),
    ...(rewrite && {
      rewrite: (lease, records, head) => {
        const sealing = async function* (): AsyncGenerator<readonly StoredRecord[]> {
          for await (const page of records) yield page.map(({ seq, json }) => ({ seq, json: seal(json) }));
        };
        return rewrite.call(inner, lease, sealing(), head);
      },
    }),
  };
}
