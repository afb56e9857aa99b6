import { pageOfHeads } from '@reprise/core';
import type { Page, Query, SessionHead } from '@reprise/core';
import type { ServerContext } from './context.ts';
import { etagOf } from './etag.ts';
import { json } from './route.ts';

/** A session as a server tells of it. */
export type ToldHead = SessionHead & { readonly running?: true };

/** With whether its turn runs here: one that is `active` and does not runs in another process, or was left open by a crash. */
export function told({ sessions }: Pick<ServerContext, 'sessions'>, head: SessionHead): ToldHead {
  return head.status === 'active' && sessions.isRunning(head.id) ? { ...head, running: true } : head;
}

/** The answer of what has made a session. `beside`: from the request's path to the sessions; what mounts the server may have it below another path. */
export function created(head: SessionHead, beside: 'sessions/' | '../'): Response {
  return json(head, 201, { ETag: etagOf(head), Location: `${beside}${head.id}` });
}

type Looks = Pick<ServerContext, 'sessions' | 'left'>;

/** The same of a page, in which a store may have sessions as they were before a crash. */
export async function toldPage(context: Looks, page: Page<SessionHead>, query: Query): Promise<Page<ToldHead>> {
  const { left } = context;
  const { cursor, where = {} } = query;
  const heads = await Promise.all(
    // Who is deleted in between is told as it was.
    page.items.map(async (head) => (left.has(head.id) && (await leftNow(context, head.id))) || head),
  );
  const items = heads.map((head) => told(context, head));
  if (where.status === undefined) return { ...page, items };
  const fitting = items.filter(({ status }) => status === where.status);
  if (left.size === 0) return { ...page, items: fitting };
  // By status the store passes over what it hasn't heard of: that is on the first page, and on no other.
  if (cursor !== undefined) return { ...page, items: fitting.filter(({ id }) => !left.has(id)) };
  const others = [...left].filter((id) => !heads.some((head) => head.id === id)).slice(0, MOST);
  const now = await Promise.all(others.map((id) => leftNow(context, id)));
  const more = pageOfHeads(
    now.flatMap((head) => head ?? []),
    { where, limit: MOST },
  );
  return { ...page, items: [...fitting, ...more.items.map((head) => told(context, head))] };
}

/** As many are looked at for a list by status. */
const MOST = 100;

/** One that a crash may have left open; `undefined` where it is deleted by now, or somebody else's. */
async function leftNow({ sessions, left }: Looks, id: string): Promise<SessionHead | undefined> {
  const now = await sessions.info(id).catch(() => undefined);
  if (now !== undefined && now.status !== 'active') left.delete(id);
  return now;
}
