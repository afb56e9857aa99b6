import { readPending } from '../asks/pending.ts';
import type { Sessions } from '../contracts/session.ts';
import type { Query, SessionHead, SessionStorage } from '../contracts/storage.ts';
import { notFound } from './load.ts';
import { headNow, pageNow } from './heads-now.ts';
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

/**
 * Reads the sessions in `storage`, which stays the caller's to close. For programs that run no turn: none of the engine is loaded. `now`: heads of those that
 * are at work in this process.
 */
export function readSessions(storage: SessionStorage, now: () => readonly SessionHead[] = () => []): SessionReader {
  const page: SessionReader['page'] = async (given = {}) => {
    const query = withoutSpawned(given);
    return pageNow(await storage.list(query), query, now());
  };

  const stored: SessionReader['info'] = async (id) => {
    checkId(id);
    const head = await storage.head(id);
    if (head === undefined) throw notFound(id);
    return head;
  };

  return {
    page,
    async info(id) {
      const head = await stored(id);
      // A log that can't be read keeps nobody from what is known of it.
      return headNow(storage, head).catch(() => head);
    },
    list: (query) => listOf(page, query),
    unfinished: () => unfinished(storage, heads(page, {})),
    async messages(id, query = {}) {
      return pageMessages(storage, await stored(id), query);
    },
    show: async (id) => showSession(storage, await stored(id)),
    approvals: async (id) => readPending(storage, await stored(id)),
    usage: async (id) => readUsage(storage, await stored(id)),
    tree: async (id, options = {}) => treeOf(storage, await stored(id), options),
  };
}

async function* heads(page: Sessions['page'], query: Query): AsyncGenerator<SessionHead> {
  let cursor: string | undefined;
  do {
    const next = await page({ ...query, limit: 1000, ...(cursor !== undefined && { cursor }) });
    yield* next.items;
    cursor = next.cursor;
  } while (cursor !== undefined);
}

/** Page by page. */
async function listOf(page: Sessions['page'], query: Query = {}): Promise<SessionHead[]> {
  const items: SessionHead[] = [];
  for await (const head of heads(page, query)) items.push(head);
  return items;
}

/** Sub-sessions belong to another session: they are listed where that one or they are asked for. */
function withoutSpawned(query: Query): Query {
  const { where = {} } = query;
  if ('spawned' in where || where.parent !== undefined) return query;
  return { ...query, where: { ...where, spawned: false } };
}
