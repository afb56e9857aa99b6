import { assertHead, assertQuery, assertRecordText, RepriseError, type SessionStorage } from '@reprise/core';
import { capabilities } from './capabilities.ts';
import { attempt, conflict, guarded, storageError } from './errors.ts';
import { Leases } from './leases.ts';
import { listSessions } from './list.ts';
import { readSession } from './read-log.ts';
import { Root, rootOf, type FsStorageOptions } from './root.ts';
import { headIn } from './session-folder.ts';
import { SessionIndex } from './session-index.ts';

/**
 * Sessions in plain files, one folder each: durable once acknowledged, one writer at a time over all processes. Nothing is read or
 * made before the first call. Every failure is a coded error; see the README for the layout.
 */
export function fsStorage(options: FsStorageOptions = {}): SessionStorage {
  const leases = new Leases(new Root(rootOf(options)), Date.now);
  let index: SessionIndex | undefined;
  const indexOf = (root: string): SessionIndex => (index ??= new SessionIndex(root));

  return {
    contract: 1,
    supports: { durable: true, processes: 'many', takeover: false },

    async acquire(id, { owner, expect }) {
      return leases.acquire(id, owner, expect);
    },

    async append(lease, { expected, records, head }) {
      const writer = leases.writer(lease);
      const texts = [...records];
      for (const json of texts) assertRecordText(json);
      await writer.inTurn(async () => {
        writer.assertHeld();
        if (expected !== writer.tip) throw conflict(`the last record of ${lease.id} is ${writer.tip}, not ${expected}`);
        assertHead(head, lease.id, expected + texts.length);
        if (head.seq === 0) throw new RepriseError('INVALID_INPUT', 'a session begins with at least one record');
        await writer.append(texts, head);
      });
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
      return await attempt('list the sessions', () => listSessions(indexOf(root), query));
    },

    async remove(lease) {
      await leases.remove(lease);
    },

    async close() {
      index?.file.close();
      await leases.close();
    },

    ...capabilities(leases, indexOf),
  };
}
