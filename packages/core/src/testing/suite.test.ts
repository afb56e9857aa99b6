import { describe, expect, test } from 'vitest';
import type { Lease, Range, SessionHead, SessionStorage, StoredRecord } from '../contracts/storage.ts';
import { RepriseError } from '../errors.ts';
import { memoryStorage } from '../storage/memory.ts';
import type { Faults } from './faults.ts';
import { storageSuite } from './index.ts';

/** The rules that a store breaks, by running the whole suite on it, or those of its rules that `only` names. */
async function brokenRules(change: Change, only = /^/): Promise<readonly string[]> {
  const memories = new WeakMap<SessionStorage, SessionStorage>();
  const open = (memory: SessionStorage): SessionStorage => {
    const storage = instance(memory, change);
    memories.set(storage, memory);
    return storage;
  };
  const tests: { name: string; run: () => Promise<void> }[] = [];
  storageSuite({
    test: (name, run) => only.test(name) && tests.push({ name, run }),
    create: () => open(memoryStorage()),
    reopen: (storage) => open(memories.get(storage) as SessionStorage),
    faults: mediumFaults((storage) => mediumOf(memories.get(storage) as SessionStorage), open),
  });
  const broken: string[] = [];
  for (const { name, run } of tests) {
    try {
      await run();
    } catch (error) {
      expect(error instanceof Error ? error.message : String(error)).toContain(`broken rule "${name}"`);
      broken.push(name);
    }
  }
  return broken;
}

/** What ails the medium that several instances share, and what a planted store makes of it. */
interface Medium {
  ill?: 'full' | 'syncFails' | 'renameFails';
  time?: number;
  readonly torn: Set<string>;
  readonly doubled: Set<string>;
  readonly intruded: Set<string>;
  readonly newer: Set<string>;
  readonly damaged: Map<string, number>;
  /** Leases that ran out, and every holder, to tell it. */
  readonly expired: Set<string>;
  readonly holders: Map<string, { readonly lease: Lease; readonly lost: AbortController }>;
  powerWasCut: boolean;
  readonly memory: SessionStorage;
}
const media = new WeakMap<SessionStorage, Medium>();

function mediumOf(memory: SessionStorage): Medium {
  let medium = media.get(memory);
  if (medium === undefined) {
    medium = {
      ...{ torn: new Set(), doubled: new Set(), intruded: new Set(), newer: new Set(), damaged: new Map() },
      ...{ expired: new Set(), holders: new Map(), powerWasCut: false, memory },
    };
    media.set(memory, medium);
  }
  return medium;
}

/** The faults of a memory: marks, which a good store answers as the contract says and a planted one otherwise. */
function mediumFaults(
  medium: (storage: SessionStorage) => Medium,
  open: (memory: SessionStorage) => SessionStorage,
): Faults {
  const ill =
    (what: NonNullable<Medium['ill']>) =>
    (storage: SessionStorage): (() => void) => {
      medium(storage).ill = what;
      return () => void delete medium(storage).ill;
    };
  return {
    full: ill('full'),
    syncFails: ill('syncFails'),
    renameFails: ill('renameFails'),
    clock(storage, time) {
      medium(storage).time = time;
      return () => void delete medium(storage).time;
    },
    tear: (storage, id) => medium(storage).torn.add(id),
    double: (storage, id) => medium(storage).doubled.add(id),
    intrude: (storage, id) => medium(storage).intruded.add(id),
    damage: (storage, id, seq) => medium(storage).damaged.set(id, seq),
    newer(storage, id) {
      medium(storage).newer.add(id);
      return () => medium(storage).newer.delete(id);
    },
    expire: (storage, id) => medium(storage).expired.add(id),
    cutPower(storage) {
      medium(storage).powerWasCut = true;
      return open(medium(storage).memory);
    },
  };
}

/** What a good store does with an append on an ill medium: fails whole. */
function assertWell(medium: Medium, id: string): void {
  if (medium.ill === 'full') throw new RepriseError('STORAGE_FULL', 'full');
  if (medium.ill === 'syncFails') throw new RepriseError('STORAGE_FAILED', 'not synced');
  if (medium.intruded.has(id)) throw new RepriseError('FENCED', 'somebody else wrote');
}

function assertKnown(medium: Medium, id: string): void {
  if (medium.newer.has(id)) throw new RepriseError('FORMAT_TOO_NEW', 'of a newer version');
}

function damaged(seq: number): RepriseError {
  const damage = [{ kind: 'checksum', seq, note: 'unreadable' }];
  return new RepriseError('STORAGE_DAMAGED', `record ${seq} is unreadable`, { details: { damage } });
}

/** One of several stores on one memory, as processes share a medium: its `close` ends its own leases and itself. */
function instance(memory: SessionStorage, change: Change): SessionStorage {
  const leases = new Set<Lease>();
  let closed = false;
  const medium = mediumOf(memory);
  const own: SessionStorage = {
    ...memory,
    append: async (lease, batch) => {
      if (batch.records.length > 0) assertWell(medium, lease.id);
      await memory.append(lease, batch);
    },
    acquire: async (id, how) => {
      assertKnown(medium, id);
      const holder = medium.holders.get(id);
      if (medium.expired.delete(id)) {
        await holder?.lease.release();
        holder?.lost.abort();
      }
      const lost = new AbortController();
      const lease = Object.assign(await memory.acquire(id, how), { lost: lost.signal });
      medium.holders.set(id, { lease, lost });
      leases.add(lease);
      return lease;
    },
    async *read(id, range) {
      assertKnown(medium, id);
      const bad = medium.damaged.get(id);
      let met = false;
      yield* mapped(memory.read(id, range), (page) => {
        met ||= page.some(({ seq }) => seq === bad);
        return page.filter(({ seq }) => seq !== bad);
      });
      if (met) throw damaged(bad as number);
    },
    head: async (id) => {
      assertKnown(medium, id);
      return memory.head(id);
    },
    close: async () => {
      closed = true;
      for (const lease of leases) await lease.release();
    },
  };
  const whole: SessionStorage = {
    ...own,
    supports: { ...own.supports, durable: true, takeover: true },
    ...change(own, medium),
  };
  const gate = (storage: SessionStorage): SessionStorage => (closed ? CLOSED : storage);
  return {
    ...whole,
    acquire: (id, how) => gate(whole).acquire(id, how),
    append: (lease, batch) => gate(whole).append(lease, batch),
    read: (id, range) => gate(whole).read(id, range),
    head: (id) => gate(whole).head(id),
    list: (query) => gate(whole).list(query),
    remove: (lease) => gate(whole).remove(lease),
  };
}

/** What a closed store answers. */
const CLOSED = memoryStorage();
await CLOSED.close();

type Change = (good: SessionStorage, medium: Medium) => Partial<SessionStorage>;

async function* mapped(
  pages: AsyncIterable<readonly StoredRecord[]>,
  change: (page: readonly StoredRecord[]) => readonly StoredRecord[],
): AsyncGenerator<readonly StoredRecord[]> {
  for await (const page of pages) {
    const changed = change(page);
    if (changed.length > 0) yield changed;
  }
}

const swallow = async (work: Promise<unknown>): Promise<void> => {
  await work.catch(() => undefined);
};

/** Faults that a store could have, each planted alone, and the rule that must find it. */
const FAULTS: Readonly<Record<string, { readonly change: Change; readonly finds: RegExp }>> = {
  'two leases at once': {
    change: (good) => {
      const heads = new Map<string, boolean>();
      return {
        acquire: async (id, how) => {
          if (heads.has(id) && how.expect === 'existing') {
            const head = await good.head(id);
            return { id, epoch: 1e9, head, lost: new AbortController().signal, release: async () => undefined };
          }
          heads.set(id, true);
          return good.acquire(id, how);
        },
      };
    },
    finds: /^acquire: at most one live lease/,
  },
  'a busy answer without its holder': {
    change: (good) => ({
      acquire: (id, how) =>
        good.acquire(id, how).catch((error: RepriseError) => {
          throw error.code === 'SESSION_BUSY' ? new RepriseError('SESSION_BUSY', 'busy') : error;
        }),
    }),
    finds: /^acquire: at most one live lease/,
  },
  'a busy answer that waits for the holder': {
    change: (good) => ({
      acquire: async (id, how) => {
        for (;;) {
          try {
            return await good.acquire(id, how);
          } catch (error) {
            if ((error as RepriseError).code !== 'SESSION_BUSY') throw error;
            await new Promise((resolve) => setTimeout(resolve, 1200));
            throw error;
          }
        }
      },
    }),
    finds: /^acquire: at most one live lease/,
  },
  '"new" takes an existing session': {
    change: (good) => ({
      acquire: (id, how) => good.acquire(id, how).catch(() => good.acquire(id, { ...how, expect: 'existing' })),
    }),
    finds: /"new" on a taken id is SESSION_EXISTS/,
  },
  'ids are not checked': {
    change: (good) => ({
      head: async (id) =>
        /^[a-z0-9]/.test(id) ? good.head(id.replaceAll(/[^a-z0-9_-]/g, '').slice(0, 128)) : undefined,
    }),
    finds: /an id that breaks SESSION_ID/,
  },
  'epochs repeat': {
    change: (good) => ({
      acquire: async (id, how) => Object.assign(await good.acquire(id, how), { epoch: 1 }),
    }),
    finds: /^acquire: the epoch grows/,
  },
  'release may be called once only': {
    change: (good) => ({
      acquire: async (id, how) => {
        const lease = await good.acquire(id, how);
        const release = lease.release.bind(lease);
        let times = 0;
        return Object.assign(lease, {
          release: async () => {
            times += 1;
            if (times > 1) throw new Error('released already');
            await release();
          },
        });
      },
    }),
    finds: /^release: idempotent/,
  },
  'a lease without the tip': {
    change: (good) => ({
      acquire: async (id, how) => {
        const lease = await good.acquire(id, how);
        return Object.assign(lease, lease.head && { head: { ...lease.head, seq: lease.head.seq - 1 } });
      },
    }),
    finds: /gives the exact last record/,
  },
  'half a batch is stored': {
    change: (good) => ({
      append: async (lease, batch) => {
        try {
          await good.append(lease, batch);
        } catch (error) {
          const first = batch.records.slice(0, 1);
          const head = { ...batch.head, seq: batch.expected + 1 };
          await swallow(good.append(lease, { expected: batch.expected, records: first, head }));
          throw error;
        }
      },
    }),
    finds: /all of a batch or none/,
  },
  'an append twice': {
    change: (good) => ({
      append: async (lease, batch) => {
        await good.append(lease, batch);
        const expected = batch.expected + batch.records.length;
        if (batch.records.length === 1 && batch.expected > 0) {
          await good.append(lease, { expected, records: batch.records, head: { ...batch.head, seq: expected + 1 } });
        }
      },
    }),
    finds: /^append: records get the seqs/,
  },
  'acknowledged before it is stored': {
    change: (good) => ({
      append: async (lease, batch) => {
        if (batch.records.some((json) => !json.endsWith('}'))) return good.append(lease, batch);
        setTimeout(() => void swallow(good.append(lease, batch)), 1);
      },
    }),
    finds: /^append: /,
  },
  'acknowledged though its lease ended first': {
    change: (good) => {
      const ended = new WeakSet<Lease>();
      return {
        acquire: async (id, how) => {
          const lease = await good.acquire(id, how);
          const release = lease.release.bind(lease);
          return Object.assign(lease, {
            release: () => {
              ended.add(lease);
              return release();
            },
          });
        },
        append: async (lease, batch) => {
          if (!ended.has(lease)) await new Promise((resolve) => setImmediate(resolve));
          else return good.append(lease, batch);
          if (!ended.has(lease)) await good.append(lease, batch);
        },
      };
    },
    finds: /^append: one whose lease is released meanwhile/,
  },
  '`expected` is not looked at': {
    change: (good) => ({
      append: async (lease, batch) => {
        const tip = (await good.head(lease.id))?.seq ?? 0;
        await good.append(lease, {
          ...batch,
          expected: tip,
          head: { ...batch.head, seq: tip + batch.records.length },
        });
      },
    }),
    finds: /^append: CONFLICT/,
  },
  'a dead lease still writes': {
    change: (good) => ({
      append: async (lease, batch) => {
        try {
          await good.append(lease, batch);
        } catch (error) {
          if ((error as RepriseError).code !== 'FENCED') throw error;
          const other = await good.acquire(lease.id, { owner: { name: 'x' }, expect: 'existing' });
          await good.append(other, batch);
          await other.release();
        }
      },
    }),
    finds: /^append: FENCED/,
  },
  'bad text is stored': {
    change: (good) => ({
      append: (lease, batch) =>
        good.append(lease, { ...batch, records: batch.records.map((json) => (json === '[]' ? '{}' : json)) }),
    }),
    finds: /not one line of well-formed JSON object/,
  },
  'records are parsed and printed again': {
    change: (good) => ({
      append: (lease, batch) =>
        good.append(lease, {
          ...batch,
          records: batch.records.map((json) => {
            try {
              return JSON.stringify(JSON.parse(json));
            } catch {
              return json;
            }
          }),
        }),
    }),
    finds: /^read: gives back the same text/,
  },
  'the head is not copied': {
    change: (good) => {
      const heads = new Map<string, SessionHead>();
      return {
        append: async (lease, batch) => {
          await good.append(lease, batch);
          heads.set(lease.id, batch.head);
        },
        head: async (id) => ((await good.head(id)) === undefined ? undefined : heads.get(id)),
      };
    },
    finds: /what the caller does with its arguments/,
  },
  'an empty batch is ignored': {
    change: (good) => ({
      append: async (lease, batch) => {
        if (batch.records.length > 0 || batch.expected !== 1) await good.append(lease, batch);
      },
    }),
    finds: /an empty batch stores the head/,
  },
  'the head leads the log': {
    change: (good) => ({
      head: async (id) => {
        const head = await good.head(id);
        return head && { ...head, seq: head.seq + 1 };
      },
    }),
    finds: /never leads the log/,
  },
  'a field of the head is lost': {
    change: (good) => ({
      head: async (id) => {
        const head = await good.head(id);
        if (head === undefined) return undefined;
        const { parent: _parent, ...rest } = head;
        return rest;
      },
    }),
    finds: /^head: every field/,
  },
  '`after` includes its record': {
    change: (good) => ({
      read: (id, range: Range = {}) =>
        good.read(id, range.after === undefined || range.after === 0 ? range : { ...range, after: range.after - 1 }),
    }),
    finds: /^read: after, before, reverse and limit/,
  },
  'the last record is missed': {
    change: (good) => ({
      read: (id, range) => {
        let left = Infinity;
        return mapped(good.read(id, range), (page) => {
          left = page.length > 6 ? page.length - 1 : page.length;
          return page.slice(0, left);
        });
      },
    }),
    finds: /^read: /,
  },
  'everything in one page': {
    change: (good) => ({
      async *read(id, range) {
        const whole: StoredRecord[] = [];
        for await (const page of good.read(id, range)) whole.push(...page);
        if (whole.length > 0) yield whole;
      },
    }),
    finds: /^read: pages of at most 1 MiB/,
  },
  'the set grows while it is read': {
    change: (good) => ({
      async *read(id, range: Range = {}) {
        if (range.reverse === true || range.before !== undefined || range.limit !== undefined) {
          yield* good.read(id, range);
          return;
        }
        await good.read(id, { limit: 0 })[Symbol.asyncIterator]().next();
        for (let after = range.after ?? 0; ;) {
          let page: readonly StoredRecord[] | undefined;
          for await (const first of good.read(id, { after })) {
            page = first;
            break;
          }
          if (page === undefined) return;
          yield page;
          after = page.at(-1)?.seq ?? after;
        }
      },
    }),
    finds: /^read: the set is fixed/,
  },
  'an unknown session reads as empty': {
    change: (good) => ({
      async *read(id, range) {
        if (/^[a-z0-9_-]+$/.test(id) && (await good.head(id)) === undefined) return;
        yield* good.read(id, range);
      },
    }),
    finds: /^read: SESSION_NOT_FOUND/,
  },
  'oldest sessions first': {
    change: (good) => ({
      list: async (query) => {
        const page = await good.list(query);
        return { ...page, items: page.items.toReversed() };
      },
    }),
    finds: /^list: newest last message first/,
  },
  'the cursor repeats a session': {
    change: (good) => ({
      list: async (query) => {
        const page = await good.list(query);
        if (query?.cursor === undefined || page.items.length !== 1) return page;
        return { ...page, items: [...page.items, ...page.items].slice(0, query.limit ?? 100) };
      },
    }),
    finds: /^list: (pages of any limit|100 sessions)/,
  },
  'a bad cursor starts again': {
    change: (good) => ({
      list: (query = {}) =>
        good.list(query).catch((error: unknown) => {
          if ((error as RepriseError).code !== 'INVALID_INPUT') throw error;
          const { cursor: _cursor, ...rest } = query;
          return good.list(rest);
        }),
    }),
    finds: /^list: a bad cursor/,
  },
  'a condition is ignored': {
    change: (good) => ({
      list: (query = {}) => {
        const { tag: _tag, ...where } = query.where ?? {};
        return good.list({ ...query, where });
      },
    }),
    finds: /^list: each condition/,
  },
  'sub-sessions are sessions like others': {
    change: (good) => ({
      list: (query = {}) => {
        const { spawned: _spawned, ...where } = query.where ?? {};
        return good.list({ ...query, where });
      },
    }),
    finds: /^list: sub-sessions alone/,
  },
  'of several parents only the first counts': {
    change: (good) => ({
      list: (query = {}) => {
        const { parent, ...where } = query.where ?? {};
        const [first] = parent === undefined ? [] : [parent].flat();
        return good.list({ ...query, where: first === undefined ? where : { ...where, parent: first } });
      },
    }),
    finds: /^list: sub-sessions alone/,
  },
  'remove leaves the records': {
    change: (good) => {
      const kept = new Map<string, readonly StoredRecord[]>();
      return {
        remove: async (lease: Lease) => {
          const records: StoredRecord[] = [];
          for await (const page of good.read(lease.id)) records.push(...page);
          await good.remove(lease);
          kept.set(lease.id, records);
        },
        async *read(id, range) {
          const old = kept.get(id);
          if (old !== undefined && (await good.head(id)) === undefined) yield old;
          else yield* good.read(id, range);
        },
      };
    },
    finds: /^remove: the session is gone/,
  },
  'a closed store goes on': {
    change: () => ({ close: async () => undefined }),
    finds: /^close: idempotent; every later call/,
  },
  'draft pieces of an old step stay': {
    change: ({ draft }) => {
      const pieces = new Map<string, unknown[]>();
      return {
        draft: {
          ...draft!,
          add: async (lease, piece) => {
            await draft!.add(lease, piece);
            pieces.set(lease.id, [...(pieces.get(lease.id) ?? []), piece]);
          },
          read: async (id) => {
            await draft!.read(id);
            return (pieces.get(id) ?? []) as never;
          },
        },
      };
    },
    finds: /^draft: a piece of another step/,
  },
  'an inbox entry is put twice': {
    change: ({ inbox }) => ({
      inbox: {
        ...inbox!,
        peek: async (lease) => {
          const entries = await inbox!.peek(lease);
          return entries.length === 1 ? [...entries, ...entries] : entries;
        },
      },
    }),
    finds: /^inbox: idempotent by key/,
  },
  'a copy takes one record too many': {
    change: (good) => ({
      copy: async (from, to, head) => {
        const tip = (await good.head(from.id))?.seq ?? 0;
        const through = Math.min(from.through + 1, tip);
        await good.copy!({ ...from, through }, to, { ...head, seq: through });
      },
    }),
    finds: /^copy: records 1…through/,
  },
  'a blob is cut short': {
    change: ({ blobs }) => ({
      blobs: {
        ...blobs!,
        async *get(id, sha256) {
          for await (const part of blobs!.get(id, sha256)) yield part.subarray(0, 1000);
        },
      },
    }),
    finds: /^blobs: bytes come back/,
  },
  'a full disk takes half of a batch': {
    change: (good, medium) => ({
      append: async (lease, batch) => {
        if (medium.ill === 'full' && batch.expected > 0) {
          const records = batch.records.slice(0, 1);
          await swallow(
            medium.memory.append(lease, { ...batch, records, head: { ...batch.head, seq: batch.expected + 1 } }),
          );
        }
        await good.append(lease, batch);
      },
    }),
    finds: /^faults: on a full disk an append is STORAGE_FULL/,
  },
  'a full disk is acknowledged': {
    change: (good, medium) => ({
      append: async (lease, batch) => {
        if (medium.ill !== 'full' || batch.expected === 0) await good.append(lease, batch);
      },
    }),
    finds: /^faults: on a full disk an append is STORAGE_FULL/,
  },
  'a full disk ends the lease': {
    change: (good, medium) => {
      const ended = new Set<Lease>();
      return {
        append: async (lease, batch) => {
          if (ended.has(lease)) throw new RepriseError('FENCED', 'ended');
          if (medium.ill === 'full') ended.add(lease);
          await good.append(lease, batch);
        },
      };
    },
    finds: /^faults: on a full disk an append is STORAGE_FULL/,
  },
  'a full disk has no code': {
    change: (good, medium) => ({
      append: async (lease, batch) => {
        if (medium.ill === 'full') throw new Error('ENOSPC');
        await good.append(lease, batch);
      },
    }),
    finds: /^faults: on a full disk/,
  },
  'a full disk leaves a listed session without records': {
    change: (good, medium) => {
      const half: SessionHead[] = [];
      return {
        append: async (lease, batch) => {
          if (medium.ill === 'full' && batch.expected === 0) half.push(batch.head);
          await good.append(lease, batch);
        },
        list: async (query) => {
          const page = await good.list(query);
          return { ...page, items: [...page.items, ...half] };
        },
      };
    },
    finds: /^faults: on a full disk no session is half made/,
  },
  'a failed sync is acknowledged': {
    change: (good, medium) => ({
      append: (lease, batch) =>
        medium.ill === 'syncFails' ? medium.memory.append(lease, batch) : good.append(lease, batch),
    }),
    finds: /^faults: when a sync fails/,
  },
  'a failed sync leaves the record': {
    change: (good, medium) => ({
      append: async (lease, batch) => {
        if (medium.ill === 'syncFails') await medium.memory.append(lease, batch);
        await good.append(lease, batch);
      },
    }),
    finds: /^faults: when a sync fails an append is STORAGE_FAILED/,
  },
  'a file that is not replaced leaves the head ahead of the log': {
    change: (good, medium) => ({
      head: async (id) => {
        const head = await good.head(id);
        return head && medium.ill === 'renameFails' ? { ...head, seq: head.seq + 1 } : head;
      },
    }),
    finds: /^faults: when a file cannot be replaced/,
  },
  'a file that was not replaced stays old for ever': {
    change: (good, medium) => {
      let stale: SessionHead | undefined;
      return {
        head: async (id) => {
          const head = await good.head(id);
          if (medium.ill === 'renameFails') stale ??= head;
          return stale ?? head;
        },
      };
    },
    finds: /^faults: when a file cannot be replaced/,
  },
  'a torn record is read': {
    change: (good, medium) => ({
      read: (id, range) =>
        mapped(good.read(id, range), (page) => (medium.torn.has(id) ? [...page, { seq: 4, json: '{"n' }] : page)),
    }),
    finds: /^faults: an unfinished append/,
  },
  'a torn record is called damage': {
    change: (good, medium) => ({
      async *read(id, range) {
        yield* good.read(id, range);
        if (medium.torn.has(id)) throw new RepriseError('STORAGE_DAMAGED', 'torn');
      },
    }),
    finds: /^faults: an unfinished append/,
  },
  'a torn record takes a number': {
    change: (good, medium) => ({
      acquire: async (id, how) => {
        const lease = await good.acquire(id, how);
        if (!medium.torn.has(id)) return lease;
        return Object.assign(lease, lease.head && { head: { ...lease.head, seq: lease.head.seq + 1 } });
      },
    }),
    finds: /^faults: an unfinished append/,
  },
  'a doubled record is given twice': {
    change: (good, medium) => ({
      read: (id, range) =>
        mapped(good.read(id, range), (page) => (medium.doubled.has(id) ? [...page, ...page.slice(-1)] : page)),
    }),
    finds: /^faults: a record that is on the medium twice/,
  },
  'a doubled record hides the ones behind it': {
    change: (good, medium) => ({
      read: (id, range) => mapped(good.read(id, range), (page) => (medium.doubled.has(id) ? page.slice(0, 3) : page)),
    }),
    finds: /^faults: a record that is on the medium twice/,
  },
  'a stranger is not noticed': {
    change: (good, medium) => ({
      append: (lease, batch) =>
        medium.intruded.has(lease.id) ? medium.memory.append(lease, batch) : good.append(lease, batch),
    }),
    finds: /^faults: a holder notices/,
  },
  'a stranger is noticed, and written over': {
    change: (good, medium) => ({
      append: async (lease, batch) => {
        if (medium.intruded.has(lease.id)) await swallow(medium.memory.append(lease, batch));
        await good.append(lease, batch);
      },
    }),
    finds: /^faults: a holder notices/,
  },
  'the clock is the epoch': {
    change: (good, medium) => ({
      acquire: async (id, how) => {
        const lease = await good.acquire(id, how);
        return medium.time === undefined ? lease : Object.assign(lease, { epoch: medium.time });
      },
    }),
    finds: /^faults: a clock that jumps/,
  },
  'a power cut takes the last record': {
    change: (good, medium) => ({
      read: (id, range) =>
        mapped(good.read(id, range), (page) => (medium.powerWasCut ? page.filter(({ seq }) => seq !== 45) : page)),
    }),
    finds: /^faults: what was acknowledged survives a power cut/,
  },
  'a power cut brings a removed session back': {
    change: (good, medium) => {
      return {
        list: async (query) => {
          const page = await good.list(query);
          const first = page.items[0];
          if (!medium.powerWasCut || first === undefined) return page;
          return { ...page, items: [...page.items, { ...first, id: 'gone' }] };
        },
      };
    },
    finds: /^faults: what was acknowledged survives a power cut/,
  },
  'damage hides what is behind it': {
    change: (good, medium) => ({
      async *read(id, range) {
        const bad = medium.damaged.get(id);
        if (bad === undefined) return yield* good.read(id, range);
        yield* mapped(medium.memory.read(id, range), (page) => page.filter(({ seq }) => seq < bad));
        throw damaged(bad);
      },
    }),
    finds: /^damage: hides only itself/,
  },
  'damage is passed over in silence': {
    change: (good, medium) => ({
      read: (id, range) =>
        mapped(medium.damaged.has(id) ? medium.memory.read(id, range) : good.read(id, range), (page) =>
          page.filter(({ seq }) => seq !== medium.damaged.get(id)),
        ),
    }),
    finds: /^damage: hides only itself/,
  },
  'damage is told without its place': {
    change: (good) => ({
      async *read(id, range) {
        try {
          yield* good.read(id, range);
        } catch (error) {
          if ((error as RepriseError).code !== 'STORAGE_DAMAGED') throw error;
          throw new RepriseError('STORAGE_DAMAGED', 'somewhere');
        }
      },
    }),
    finds: /^damage: hides only itself/,
  },
  'damage elsewhere is told to everybody': {
    change: (good, medium) => ({
      async *read(id, range) {
        yield* good.read(id, range);
        const bad = medium.damaged.get(id);
        if (bad !== undefined) throw damaged(bad);
      },
    }),
    finds: /^damage: hides only itself/,
  },
  'the number of a lost last record is given again': {
    change: (good, medium) => ({
      acquire: async (id, how) => {
        const lease = await good.acquire(id, how);
        const { head } = lease;
        return medium.damaged.get(id) === head?.seq
          ? Object.assign(lease, { head: { ...head, seq: (head?.seq ?? 0) - 1 } })
          : lease;
      },
    }),
    finds: /^damage: a lost record keeps its number/,
  },
  'what a newer version wrote is read as far as it is understood': {
    change: (_good, medium) => ({ read: (id, range) => medium.memory.read(id, range) }),
    finds: /^damage: what a newer version wrote/,
  },
  'one session of a newer version ends the listing': {
    change: (good, medium) => ({
      list: async (query) => {
        if (medium.newer.size > 0) throw new RepriseError('FORMAT_TOO_NEW', 'of a newer version');
        return good.list(query);
      },
    }),
    finds: /^damage: what a newer version wrote/,
  },
  'a holder whose lease was taken goes on writing': {
    change: (good, medium) => ({
      append: async (lease, batch) => {
        const holder = medium.holders.get(lease.id)?.lease;
        await good.append(holder !== undefined && holder.epoch > lease.epoch ? holder : lease, batch);
      },
    }),
    finds: /^takeover: /,
  },
  'a holder whose lease was taken takes the next one’s with it': {
    change: (good, medium) => ({
      acquire: async (id, how) => {
        const lease = await good.acquire(id, how);
        const release = lease.release.bind(lease);
        return Object.assign(lease, {
          release: async () => {
            await release();
            if (lease.lost.aborted) await medium.holders.get(id)?.lease.release();
          },
        });
      },
    }),
    finds: /^takeover: /,
  },
  'an attachment is lost in a power cut': {
    change: ({ blobs }, medium) => ({
      blobs: {
        ...blobs!,
        async *get(id, sha256) {
          if (!medium.powerWasCut) yield* blobs!.get(id, sha256);
        },
      },
    }),
    finds: /^faults: what a capability acknowledged/,
  },
  'a rewrite is acknowledged and not done': {
    change: () => ({ rewrite: async () => undefined }),
    finds: /^rewrite: replaces the whole log/,
  },
  'a watch that ends by itself': {
    change: () => ({
      async *watch() {
        yield;
      },
    }),
    finds: /^watch: a follower who reads at each hint/,
  },
  'a watch that has begun gives a hint after its end': {
    change: () => ({
      async *watch(_id, signal) {
        yield;
        if (!signal.aborted) await new Promise<void>((done) => signal.addEventListener('abort', () => done()));
      },
    }),
    finds: /^watch: ends with its signal/,
  },
  'a search that finds removed sessions': {
    change: (good) => ({ ...searching(good, { forgets: false, limits: true }) }),
    finds: /^search: finds the record/,
  },
  'a search whose pages have no end': {
    change: (good) => ({ ...searching(good, { forgets: true, limits: false }) }),
    finds: /^search: pages of any limit/,
  },
};

/** A search that looks at everything, and is wrong as it is told to be. */
function searching(
  good: SessionStorage,
  { forgets, limits }: { readonly forgets: boolean; readonly limits: boolean },
): Pick<SessionStorage, 'append' | 'search'> {
  const kept: { readonly id: string; readonly seq: number; readonly excerpt: string }[] = [];
  return {
    append: async (lease, batch) => {
      await good.append(lease, batch);
      for (const [at, excerpt] of batch.records.entries())
        kept.push({ id: lease.id, seq: batch.expected + at + 1, excerpt });
    },
    search: async (word, query = {}) => {
      const there = new Map((await good.list({ limit: 1000 })).items.map((head) => [head.id, head]));
      const hits = kept.filter(({ id, excerpt }) => excerpt.includes(word) && (!forgets || there.has(id)));
      const fits = hits.filter(({ id }) => query.where?.cwd === undefined || there.get(id)?.cwd === query.where.cwd);
      fits.sort((a, b) => (there.get(b.id)?.lastMessage ?? '').localeCompare(there.get(a.id)?.lastMessage ?? ''));
      return { items: limits ? fits.slice(0, query.limit ?? 100) : fits };
    },
  };
}

describe('the storage suite', () => {
  test('passes a good store', async () => {
    expect(await brokenRules(() => ({}))).toEqual([]);
  });

  test('passes a store whose medium cannot be hurt', async () => {
    const tests: (() => Promise<void>)[] = [];
    storageSuite({ test: (_name, run) => tests.push(run), create: memoryStorage });
    for (const run of tests) await run();
  });

  test('passes a store without any optional member', async () => {
    const none = { draft: undefined, blobs: undefined, inbox: undefined, copy: undefined };
    expect(await brokenRules(() => none as unknown as Partial<SessionStorage>)).toEqual([]);
  });

  for (const [fault, { change, finds }] of Object.entries(FAULTS)) {
    test(`finds a store with one fault: ${fault}`, async () => {
      expect(await brokenRules(change, finds)).not.toEqual([]);
    });
  }
});
