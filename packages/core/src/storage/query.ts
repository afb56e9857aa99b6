import type { Page, Query, SessionHead } from '../contracts/storage.ts';
import { RepriseError } from '../errors.ts';

type Order = NonNullable<Query['order']>;

/** A query with its defaults filled in and its parts checked. */
export interface QueryPlan {
  readonly order: Order;
  readonly limit: number;
  readonly where: NonNullable<Query['where']>;
  /** Only what was created, or last written to, at or after this time (as `order` says), as the heads have it. */
  readonly since: string | undefined;
  /** The place in the order that the page begins behind. */
  readonly after: { readonly time: string; readonly id: string } | undefined;
}

/** The page of `heads` (in any order) that `query` asks for. INVALID_INPUT for a bad cursor, limit, order or time. */
export function pageOfHeads(heads: Iterable<SessionHead>, query: Query = {}): Page<SessionHead> {
  const plan = planQuery(query);
  const found: SessionHead[] = [];
  for (const head of heads) if (matches(head, plan)) found.push(head);
  found.sort((a, b) => compare(timeOf(a, plan.order), a.id, timeOf(b, plan.order), b.id));
  return pageFrom(found, plan);
}

/** The page that `found` begins with: what `plan` asks for, in its order, whole or one more than its limit at least. */
export function pageFrom(found: readonly SessionHead[], plan: QueryPlan): Page<SessionHead> {
  const items = found.slice(0, plan.limit);
  const last = items.at(-1);
  if (last === undefined || items.length === found.length) return { items };
  return { items, cursor: encode(plan.order, timeOf(last, plan.order), last.id) };
}

/** Checks `query` alone, for stores that want to refuse it before they read anything. */
export function assertQuery(query: Query): void {
  planQuery(query);
}

/** What `query` asks for, for stores that look it up by themselves. INVALID_INPUT for a bad cursor, limit, order or time. */
export function planQuery(query: Query = {}): QueryPlan {
  const { limit = 100, order = 'lastMessage', where = {} } = query;
  if (!Number.isInteger(limit) || limit < 1 || limit > 1000)
    throw invalid('limit must be a whole number from 1 to 1000');
  if (order !== 'created' && order !== 'lastMessage') throw invalid('order must be "created" or "lastMessage"');
  let since: string | undefined;
  if (where.since !== undefined) {
    const time = Date.parse(where.since);
    if (Number.isNaN(time)) throw invalid('since must be an ISO 8601 time');
    since = new Date(time).toISOString();
  }
  return { order, limit, where, since, after: query.cursor === undefined ? undefined : decode(query.cursor, order) };
}

function matches(head: SessionHead, plan: QueryPlan): boolean {
  const { cwd, parent, spawned, tag, model, status } = plan.where;
  const time = timeOf(head, plan.order);
  return (
    (cwd === undefined || head.cwd === cwd) &&
    (parent === undefined || (head.parent !== undefined && [parent].flat().includes(head.parent.id))) &&
    (spawned === undefined || (head.parent?.kind === 'spawn') === spawned) &&
    (tag === undefined || [tag].flat().every((wanted) => head.tags?.includes(wanted))) &&
    (model === undefined || head.model === model) &&
    (status === undefined || head.status === status) &&
    (plan.since === undefined || time >= plan.since) &&
    (plan.after === undefined || compare(plan.after.time, plan.after.id, time, head.id) < 0)
  );
}

function timeOf(head: SessionHead, order: Order): string {
  return order === 'created' ? head.createdAt : head.lastMessage;
}

/** Newest first, then by id. ISO times in UTC compare as text. */
function compare(timeA: string, idA: string, timeB: string, idB: string): number {
  if (timeA !== timeB) return timeA < timeB ? 1 : -1;
  return idA < idB ? -1 : idA > idB ? 1 : 0;
}

function encode(order: Order, time: string, id: string): string {
  return btoa(encodeURIComponent(JSON.stringify([order, time, id]))).replaceAll('=', '');
}

function decode(cursor: string, order: Order): { time: string; id: string } {
  try {
    const parts: unknown = JSON.parse(decodeURIComponent(atob(cursor)));
    if (Array.isArray(parts) && parts.length === 3) {
      const [forOrder, time, id] = parts as unknown[];
      if (forOrder === order && typeof time === 'string' && typeof id === 'string') return { time, id };
    }
  } catch {
    // Answered below, as every other cursor that this store never gave.
  }
  throw invalid('the cursor is not one of this listing; start again without a cursor');
}

function invalid(message: string): RepriseError {
  return new RepriseError('INVALID_INPUT', message);
}
