import type { SessionTree, TreeNode, TreeOptions } from '../contracts/tree.ts';
import type { SessionHead, SessionStorage } from '../contracts/storage.ts';
import { RepriseError } from '../errors.ts';
import { readable, records } from './load.ts';

const USUAL = 200;
const MOST = 1000;
/** Sessions above a session that are gone through. */
const HIGHEST = 1000;

interface Placed {
  readonly id: string;
  readonly head?: SessionHead;
}

/** The family of a session. It costs a list of the store a level, and a few records a copy; no history is read. */
export async function treeOf(storage: SessionStorage, start: SessionHead, options: TreeOptions): Promise<SessionTree> {
  const { limit = USUAL, below = false } = options;
  if (!Number.isSafeInteger(limit) || limit < 1 || limit > MOST)
    throw new RepriseError('INVALID_INPUT', `\`limit\` must be a whole number from 1 to ${MOST}.`);
  const line = below ? [{ id: start.id, head: start }] : await lineOf(storage, start);
  const root = line[0] as Placed;
  const found = new Map<string, Placed>([[root.id, root]]);
  const more = new Set<string>();
  for (let level = [root.id]; level.length > 0;) {
    const children = await childrenOf(storage, level, limit - found.size + 1);
    const fresh = children.filter(({ id }) => !found.has(id));
    // Where not all of them fit, the newest do.
    const room = fresh.slice(Math.max(0, fresh.length - (limit - found.size)));
    if (room.length < fresh.length) for (const id of level) more.add(id);
    for (const head of room) found.set(head.id, { id: head.id, head });
    level = room.length < fresh.length ? [] : room.map(({ id }) => id);
  }
  // Whoever asks is always there, however many there are beside.
  for (const placed of line) if (!found.has(placed.id)) found.set(placed.id, placed);
  const items: TreeNode[] = [];
  for (const placed of found.values()) items.push(await nodeOf(storage, placed, placed === root, more));
  return { root: root.id, items };
}

/** From the session at the top down to this one. One that is gone may still have others below it. */
async function lineOf(storage: SessionStorage, start: SessionHead): Promise<readonly Placed[]> {
  const line: Placed[] = [{ id: start.id, head: start }];
  const seen = new Set([start.id]);
  for (let above = start.parent?.id; above !== undefined && !seen.has(above) && seen.size < HIGHEST;) {
    seen.add(above);
    const head = await storage.head(above);
    line.unshift(head === undefined ? { id: above } : { id: above, head });
    above = head?.parent?.id;
  }
  return line;
}

/** The oldest first. */
async function childrenOf(storage: SessionStorage, parents: readonly string[], limit: number): Promise<SessionHead[]> {
  const { items } = await storage.list({ where: { parent: parents }, order: 'created', limit: Math.min(limit, MOST) });
  return items.toReversed();
}

async function nodeOf(
  storage: SessionStorage,
  { id, head }: Placed,
  isRoot: boolean,
  more: ReadonlySet<string>,
): Promise<TreeNode> {
  const rest = more.has(id) ? { more: true as const } : {};
  const { parent } = head ?? {};
  if (isRoot || parent === undefined) return { id, ...(head && { head }), ...rest };
  const kind = parent.kind ?? 'fork';
  // A copy has the records of what it was copied from, which may be gone.
  const message = await messageAt(storage, kind === 'fork' ? id : parent.id, parent.seq);
  return { id, parent: parent.id, kind, ...(message !== undefined && { message }), ...(head && { head }), ...rest };
}

/** The last message up to a record. Damage costs no more than that. */
async function messageAt(storage: SessionStorage, id: string, seq: number): Promise<string | undefined> {
  try {
    for await (const stored of records(storage.read(id, { before: seq + 1, reverse: true, limit: 256 }), [])) {
      const record = readable(stored, []);
      if (record?.type === 'message' || record?.type === 'step') return record.id;
    }
  } catch {
    // It was deleted meanwhile.
  }
  return undefined;
}
