import type { Page, Query, SessionHead, SessionStorage } from '../contracts/storage.ts';
import { storedAfter } from '../follow/others.ts';
import type { Rec } from '../records/types.ts';
import { pageOfHeads } from '../storage/query.ts';

/** As many as a query may ask for. */
const MOST = 1000;

/**
 * A stored head as the log is now. Stores keep it when a lease is given back, so it lags while a turn runs, in whichever process, and after a crash: number and
 * time of the last record and whether a turn is open are then told from what was stored since. Counts may lag.
 */
export async function headNow(storage: SessionStorage, head: SessionHead): Promise<SessionHead> {
  let { seq, status, lastMessage } = head;
  for await (const { seq: at, record } of storedAfter(storage, head.id, head.seq)) {
    seq = at;
    status = statusAfter(record) ?? status;
    if (record?.type === 'message' || record?.type === 'step') lastMessage = record.timestamp;
  }
  return seq === head.seq ? head : { ...head, seq, status, lastMessage };
}

function statusAfter(record: Rec | undefined): SessionHead['status'] | undefined {
  if (record?.type === 'message') return record.turn === undefined ? 'idle' : 'active';
  if (record?.type === 'turn-end') return record.status === 'failed' ? 'error' : 'idle';
  return record?.type === 'fork' ? 'idle' : undefined;
}

/** A page of a store, with those sessions as they are now whose heads are at hand: the store may not have heard of it. */
export function pageNow(page: Page<SessionHead>, query: Query, now: readonly SessionHead[]): Page<SessionHead> {
  if (now.length === 0) return page;
  const { cursor, order, where = {} } = query;
  const known = new Map(now.map((head) => [head.id, head]));
  const sorted = (heads: readonly SessionHead[]): readonly SessionHead[] =>
    pageOfHeads(heads, { limit: MOST, ...(order !== undefined && { order }) }).items;
  const items = page.items.map((head) => known.get(head.id) ?? head);
  if (where.status === undefined) return { ...page, items: sorted(items) };
  // By status the store may pass over what has another one now: those are on the first page, and on no other.
  const others = items.filter(({ id }) => !known.has(id));
  if (cursor !== undefined) return { ...page, items: others };
  const { items: fitting } = pageOfHeads(now, { limit: MOST, where });
  return { ...page, items: sorted([...others, ...fitting]) };
}
