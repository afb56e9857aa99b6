import { assertHead, assertInboxEntry, assertQuery, type SessionStorage } from '@reprise/core';
import { getBlob, putBlob } from './blobs.ts';
import { copySession } from './copy.ts';
import { piecesIn } from './draft.ts';
import { attempt, conflict, guarded, storageError } from './errors.ts';
import { dropInbox, peekInbox, putInbox } from './inbox.ts';
import type { Leases } from './leases.ts';
import { rewriteSession } from './rewrite.ts';
import { searchSessions } from './search.ts';
import type { SessionIndex } from './session-index.ts';
import { watchSession } from './watch.ts';

type Optional = 'draft' | 'blobs' | 'inbox' | 'watch' | 'copy' | 'rewrite' | 'search';

/** What `fsStorage` offers beyond the required members: all that the contract knows. */
export function capabilities(
  leases: Leases,
  indexOf: (root: string) => SessionIndex,
): Required<Pick<SessionStorage, Optional>> {
  return {
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
      await writer.inTurn(async () => {
        const folder = leases.session(id);
        if (writer.head !== undefined) throw conflict(`session ${to.id} has records already`);
        assertHead(head, to.id, through);
        await copySession(id, folder, through, writer, head);
      });
    },

    async rewrite(lease, records, head) {
      const writer = leases.writer(lease);
      const live = (): void => void leases.writer(lease);
      await attempt(`rewrite session ${lease.id}`, () => rewriteSession(writer, records, head, live));
    },

    async search(text, query) {
      const root = leases.root();
      const { cursor: _ours, ...rest } = query ?? {};
      assertQuery(rest);
      if (root === undefined) return { items: [] };
      return await attempt('search the sessions', () => searchSessions(indexOf(root), text, query));
    },
  };
}
