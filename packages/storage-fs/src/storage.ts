import {
  assertHead,
  assertInboxEntry,
  assertQuery,
  assertRecordText,
  RepriseError,
  type SessionStorage,
} from '@reprise/core';
import { getBlob, putBlob } from './blobs.ts';
import { copySession } from './copy.ts';
import { piecesIn } from './draft.ts';
import { guarded, storageError } from './errors.ts';
import { dropInbox, peekInbox, putInbox } from './inbox.ts';
import { Leases } from './leases.ts';
import { listSessions } from './list.ts';
import { readSession } from './read-log.ts';
import { Root, rootOf, type FsStorageOptions } from './root.ts';
import { headIn } from './session-folder.ts';
import { watchSession } from './watch.ts';

/**
 * Sessions in plain files, one folder each: durable once acknowledged, one writer at a time over all processes. Nothing is read or
 * made before the first call. Every failure is a coded error; see the README for the layout.
 */
export function fsStorage(options: FsStorageOptions = {}): SessionStorage {
  const leases = new Leases(new Root(rootOf(options)), Date.now);

  return {
    contract: 1,
    supports: { durable: true, processes: 'many', takeover: false },

    async acquire(id, { owner, expect }) {
      return leases.acquire(id, owner, expect);
    },

    async append(lease, { expected, records, head }) {
      const writer = leases.writer(lease);
      for (const json of records) assertRecordText(json);
      if (expected !== writer.tip) throw conflict(`the last record of ${lease.id} is ${writer.tip}, not ${expected}`);
      assertHead(head, lease.id, expected + records.length);
      if (head.seq === 0) throw new RepriseError('INVALID_INPUT', 'a session begins with at least one record');
      writer.append(records, head);
    },

    async *read(id, range = {}) {
      try {
        yield* readSession(leases.session(id), id, range);
      } catch (error) {
        throw storageError(error, `read session ${id}`);
      }
    },

    async head(id) {
      const folder = leases.folder(id);
      return folder === undefined ? undefined : guarded(`read session ${id}`, () => headIn(folder, id));
    },

    async list(query) {
      const root = leases.root();
      assertQuery(query ?? {});
      if (root === undefined) return { items: [] };
      return await attempt('list the sessions', () => listSessions(root, query));
    },

    async remove(lease) {
      leases.remove(lease);
    },

    async close() {
      leases.close();
    },

    draft: {
      async add(lease, piece) {
        const writer = leases.writer(lease);
        guarded('keep the draft', () => writer.draft.add(piece));
      },
      async clear(lease) {
        const writer = leases.writer(lease);
        guarded('drop the draft', () => writer.draft.clear());
      },
      async read(id) {
        const folder = leases.folder(id);
        return folder === undefined ? [] : guarded('read the draft', () => piecesIn(`${folder}/draft`));
      },
    },

    blobs: {
      async put(lease, bytes) {
        const { folder } = leases.writer(lease).place;
        const blob = await attempt('store a blob', () => putBlob(folder, bytes));
        leases.writer(lease);
        return blob;
      },
      async *get(id, sha256) {
        try {
          yield* getBlob(leases.session(id), id, sha256);
        } catch (error) {
          throw storageError(error, 'read a blob');
        }
      },
    },

    inbox: {
      async put(id, entry) {
        assertInboxEntry(entry);
        const folder = leases.session(id);
        guarded('put an entry into the inbox', () => putInbox(folder, entry));
      },
      async peek(lease) {
        const { folder } = leases.writer(lease).place;
        return guarded('read the inbox', () => peekInbox(folder));
      },
      async drop(lease, keys) {
        const { folder } = leases.writer(lease).place;
        guarded('clear the inbox', () => dropInbox(folder, keys));
      },
    },

    async *watch(id, signal) {
      yield* watchSession(leases.session(id), signal);
    },

    async copy({ id, through }, to, head) {
      const writer = leases.writer(to);
      const folder = leases.session(id);
      if (writer.head !== undefined) throw conflict(`session ${to.id} has records already`);
      assertHead(head, to.id, through);
      copySession(id, folder, through, writer, head);
    },
  };
}

async function attempt<T>(doing: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw storageError(error, doing);
  }
}

function conflict(message: string): RepriseError {
  return new RepriseError('CONFLICT', message, { hint: 'Read what was appended, then try again.' });
}
