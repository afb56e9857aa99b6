import { readPending } from '../asks/pending.ts';
import type { Sessions } from '../contracts/session.ts';
import type { Page, Query, SessionHead, SessionStorage } from '../contracts/storage.ts';
import { notFound } from './load.ts';
import { pageMessages } from './page-messages.ts';
import { checkId } from './options.ts';
import { showSession } from './show.ts';
import { unfinished } from './unfinished.ts';
import { treeOf } from './tree.ts';
import { readUsage } from './usage.ts';

/** The doors that only look: they need no model, take no lease and write nothing. */
export type SessionReader = Pick<
  Sessions,
  'list' | 'page' | 'info' | 'show' | 'messages' | 'unfinished' | 'approvals' | 'usage' | 'tree'
>;

/** Reads the sessions in `storage`, which stays the caller's to close. For programs that run no turn: none of the engine is loaded. */
export function readSessions(storage: SessionStorage): SessionReader {
  const page = (query: Query = {}): Promise<Page<SessionHead>> => storage.list(withoutSpawned(query));

  const info: SessionReader['info'] = async (id) => {
    checkId(id);
    const head = await storage.head(id);
    if (head === undefined) throw notFound(id);
    return head;
  };

  async function* heads(query: Query): AsyncGenerator<SessionHead> {
    let cursor: string | undefined;
    do {
      const next = await page({ ...query, limit: 1000, ...(cursor !== undefined && { cursor }) });
      yield* next.items;
      cursor = next.cursor;
    } while (cursor !== undefined);
  }

  return {
    page,
    info,
    async list(query = {}) {
      const items: SessionHead[] = [];
      for await (const head of heads(query)) items.push(head);
      return items;
    },
    unfinished: () => unfinished(storage, heads({})),
    async messages(id, query = {}) {
      await info(id);
      return pageMessages(storage, id, query);
    },
    show: async (id) => showSession(storage, await info(id)),
    approvals: async (id) => readPending(storage, await info(id)),
    usage: async (id) => readUsage(storage, await info(id)),
    tree: async (id, options = {}) => treeOf(storage, await info(id), options),
  };
}

/** Sub-sessions belong to another session: they are listed where that one or they are asked for. */
function withoutSpawned(query: Query): Query {
  const { where = {} } = query;
  if ('spawned' in where || where.parent !== undefined) return query;
  return { ...query, where: { ...where, spawned: false } };
}
