import type { Page, Query, SessionHead, SessionStorage, Sessions } from '@reprise/core';
import type { ServerContext } from '../context.ts';
import type { Pool } from '../pool/pool.ts';
import { assertOwn, isOwn, isOwnerTag, ownQuery, ownersKept } from './owner.ts';
import { ownPart } from './own-tree.ts';

export type PoolDoors = Pick<Pool, keyof Pool>;

/** The doors to the sessions of one owner: through these there are no others. */
function ownDoors(all: Sessions, owner: string): Sessions {
  const own = (id: string): Promise<void> => assertOwn(all, id, owner);
  const marked = (tags: readonly string[] = []): string[] => ownersKept(tags, [owner]);
  /** Sub-sessions bear no tags and belong to whom the one above them does. */
  const isBelow = (head: SessionHead): boolean => head.parent?.kind === 'spawn' || head.tags?.includes(owner) === true;
  const pageOf = async (query: Query): Promise<Page<SessionHead>> => {
    const parents = [query.where?.parent ?? []].flat();
    if (parents.length === 0) return all.page(ownQuery(query, owner));
    const mine: string[] = [];
    for (const parent of parents) if (await isOwn(all, parent, owner)) mine.push(parent);
    if (mine.length === 0) return { items: [] };
    const page = await all.page({ ...query, where: { ...query.where, parent: mine } });
    return { ...page, items: page.items.filter(isBelow) };
  };
  const listOf = async (query: Query = {}): Promise<SessionHead[]> => {
    const { items, cursor } = await pageOf({ ...query, limit: 1000 });
    return cursor === undefined ? [...items] : [...items, ...(await listOf({ ...query, cursor }))];
  };

  return {
    create: async (options) => all.create({ ...options, tags: marked(options.tags) }),
    resume: async (id, options) => {
      await own(id);
      return all.resume(id, options);
    },
    load: async (id) => {
      await own(id);
      return all.load(id);
    },
    page: async (query = {}) => pageOf(query),
    list: listOf,
    info: async (id) => {
      await own(id);
      return all.info(id);
    },
    isRunning: (id) => all.isRunning(id),
    show: async (id) => {
      await own(id);
      return all.show(id);
    },
    messages: async (id, query) => {
      await own(id);
      return all.messages(id, query);
    },
    async *follow(id, options) {
      await own(id);
      yield* all.follow(id, options);
    },
    async *unfinished() {
      for await (const id of all.unfinished()) if (await isOwn(all, id, owner)) yield id;
    },
    approvals: async (id) => {
      await own(id);
      return all.approvals(id);
    },
    usage: async (id) => {
      await own(id);
      return all.usage(id);
    },
    tree: async (id, options) => {
      await own(id);
      return ownPart(await all.tree(id, options), id, owner);
    },
    delete: async (id, options) => {
      await own(id);
      return all.delete(id, options);
    },
    deleteAll: async () => {
      for (const { id } of await listOf()) await all.delete(id);
    },
    // Others use them.
    close: () => Promise.resolve(),
    import: async (data, { newId: _, ...options } = {}) => {
      // Under an id of its own: whether that of the data is taken is nobody else's to know.
      const nameless = typeof data === 'object' && data !== null && 'id' in data ? { ...data, id: undefined } : data;
      // Whoever it belonged to where it was made.
      const tags = tagsIn(data).filter((tag) => tag === owner || !isOwnerTag(tag));
      return all.import(nameless, { ...options, tags: marked(tags) });
    },
  };
}

/** Of what an export gave. */
function tagsIn(data: unknown): string[] {
  const { tags } = Object((Object(data) as { readonly metadata?: unknown }).metadata) as { readonly tags?: unknown };
  return Array.isArray(tags) ? tags.filter((tag) => typeof tag === 'string') : [];
}

/** The same of the pool: what it opens is the owner's. */
function ownPool(pool: PoolDoors, all: Sessions, owner: string): PoolDoors {
  return {
    open: async (id) => {
      await assertOwn(all, id, owner);
      return pool.open(id);
    },
    toWork: async (id) => {
      await assertOwn(all, id, owner);
      return pool.toWork(id);
    },
    keep: (session) => pool.keep(session),
    forget: (id) => pool.forget(id),
    isBusy: (id) => pool.isBusy(id),
    turn: (id, start, signal, begin) => pool.turn(id, start, signal, begin),
    beside: (id, start) => pool.beside(id, start),
    refuseIfClosing: () => pool.refuseIfClosing(),
    slots: pool.slots,
    get load() {
      return pool.load;
    },
    close: (reason) => pool.close(reason),
  };
}

function ownSearch(search: NonNullable<SessionStorage['search']>, owner: string): typeof search {
  return (text, query = {}) => search(text, ownQuery(query, owner));
}

/** The same server as it is for the owner of some of its sessions. */
export function ownContext(context: ServerContext, owner: string): ServerContext {
  const { sessions, pool, options } = context;
  const { search } = options;
  return {
    ...context,
    sessions: ownDoors(sessions, owner),
    pool: ownPool(pool, sessions, owner),
    // A chat of the same name is another one.
    chats: new Map(),
    options: { ...options, ...(search && { search: ownSearch(search, owner) }) },
  };
}
