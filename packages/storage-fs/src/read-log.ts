import { closeSync, fstatSync } from 'node:fs';
import {
  boundsOf,
  PAGE_BYTES,
  RepriseError,
  type Bounds,
  type Damage,
  type Range,
  type StoredRecord,
} from '@reprise/core';
import { openExisting } from './files.ts';
import { parseLine, seqAt } from './line.ts';
import { Order, type Found } from './order.ts';
import { plainRecords } from './plain.ts';
import { Backward, Forward, type Lines } from './scan.ts';
import { tailOf } from './tail.ts';

/** Below this distance a search reads on instead of halving. */
const NEAR = 32 * 1024;
/** Bytes of one look of a search: a few lines' beginnings. */
const LOOK = 4 * 1024;

/** What a walk through a log needs to know. */
interface Walk {
  readonly lines: Lines;
  readonly order: Order;
  /** Whether the walk has come to the range, so that damage met from here on belongs to it. */
  readonly arrived: () => boolean;
}

/** `readLog` on the `messages.json` in `folder`, whose length now is the set that is read. */
export function* readSession(folder: string, id: string, range: Range): Generator<readonly StoredRecord[]> {
  const plain = plainRecords(folder, id);
  if (plain !== undefined) {
    yield* pagesOfPlain(plain, range);
    return;
  }
  const fd = openExisting(`${folder}/messages.json`, 'read');
  if (fd === undefined) throw damaged(id, [{ kind: 'empty', note: 'messages.json is missing' }]);
  try {
    yield* readLog(fd, fstatSync(fd).size, range, id);
  } finally {
    closeSync(fd);
  }
}

/**
 * The records of `range` in pages, then STORAGE_DAMAGED if something in the range could not be read. Reads are synchronous:
 * a page from the file cache takes about 0.3 ms, less than handing it to a thread and back costs a short session.
 */
function* readLog(fd: number, size: number, range: Range, id: string): Generator<readonly StoredRecord[]> {
  if (size === 0) throw damaged(id, [{ kind: 'empty', byte: 0, note: 'messages.json is empty' }]);
  const tail = tailOf(fd, size);
  const bounds = boundsOf(range, tail.tip);
  if (bounds.limit === 0) return;
  if (tail.readEnd === 0) throw damaged(id, [{ kind: 'empty', byte: 0, note: 'messages.json holds no whole record' }]);
  if (bounds.first > bounds.last) return;
  const walk = bounds.reverse ? backwards(fd, tail.readEnd, tail.tip, bounds) : forwards(fd, tail.readEnd, bounds);
  const damage = yield* pagesOf(walk, bounds, tail.tip);
  if (damage.length > 0) throw damaged(id, damage);
}

function* pagesOfPlain(texts: readonly string[], range: Range): Generator<readonly StoredRecord[]> {
  const { first, last, reverse, limit } = boundsOf(range, texts.length);
  const records = texts.map((json, at) => ({ seq: at + 1, json })).slice(first - 1, Math.max(last, first - 1));
  for (const record of (reverse ? records.reverse() : records).slice(0, limit)) yield [record];
}

/** The error for damage in the session `id`. */
function damaged(id: string, damage: readonly Damage[]): RepriseError {
  const first = damage[0] as Damage;
  const place = first.line === undefined ? `byte ${first.byte ?? 0}` : `line ${first.line}`;
  const more = damage.length > 1 ? ` and ${damage.length - 1} more` : '';
  return new RepriseError('STORAGE_DAMAGED', `session ${id} is damaged at ${place}: ${first.note}${more}`, {
    hint: `See all places with: reprise session verify ${id}; mend it with: reprise session repair ${id}`,
    details: { damage },
  });
}

function* pagesOf(walk: Walk, bounds: Bounds, tip: number): Generator<readonly StoredRecord[], Damage[]> {
  const { lines, order, arrived } = walk;
  const { first, last, reverse } = bounds;
  // At the very end of the log damage behind the last record counts too; elsewhere the walk ends with its last record.
  const open = reverse ? first === 1 : last === tip;
  const found: Found[] = [];
  let page: StoredRecord[] = [];
  let size = 0;
  let left = bounds.limit;
  let before = 0;
  let more = true;
  while (more) {
    more = lines.next();
    if (more) order.take(lines, found);
    else order.finish(found);
    if (!arrived()) before = order.damage.length;
    for (const record of found) {
      if (record.seq < first || record.seq > last) {
        if (reverse ? record.seq < first : record.seq > last) more = false;
        continue;
      }
      if (left === 0) continue;
      if (page.length > 0 && size + record.size > PAGE_BYTES) {
        yield page;
        page = [];
        size = 0;
      }
      page.push({ seq: record.seq, json: record.json });
      size += record.size;
      left -= 1;
      if (left === 0 || (!open && record.seq === (reverse ? first : last))) more = false;
    }
    found.length = 0;
  }
  if (page.length > 0) yield page;
  if (reverse && open && left > 0) order.reachStart();
  return order.damage.slice(before);
}

function forwards(fd: number, end: number, bounds: Bounds): Walk {
  const from = bounds.first === 1 ? 0 : (seek(fd, end, bounds.first) ?? 0);
  const order = new Order(1, from === 0 ? 0 : bounds.first - 1, from === 0);
  return { lines: new Forward(fd, from, end), order, arrived: () => order.last + order.bad >= bounds.first - 1 };
}

function backwards(fd: number, end: number, tip: number, bounds: Bounds): Walk {
  const to = bounds.last === tip ? undefined : seek(fd, end, bounds.last + 1);
  const order = new Order(-1, to === undefined ? tip + 1 : bounds.last + 1, false);
  return { lines: new Backward(fd, to ?? end), order, arrived: () => order.last - order.bad <= bounds.last + 1 };
}

/**
 * The byte at which record `target` begins, by ever larger steps from the end, where most are wanted, and then by halving: a few reads
 * in a log of any size. `undefined` unless its line and the
 * one before it are sound and in order; the caller then reads from an end, so that no damage can lead the search astray.
 */
export function seek(fd: number, end: number, target: number): number | undefined {
  let low = 0;
  let high = end;
  for (let back = NEAR; low === 0 && back < high; back *= 4) {
    const line = lineBehind(fd, end - back, end);
    if (line !== undefined && line.seq < target) low = line.at;
    else high = end - back;
  }
  while (high - low > NEAR) {
    const middle = low + Math.floor((high - low) / 2);
    const line = lineBehind(fd, middle, end);
    if (line !== undefined && line.seq < target) low = line.at;
    else high = middle;
  }
  const lines = new Forward(fd, low, end);
  let before = 0;
  while (lines.next()) {
    const line = parseLine(lines.bytes, lines.start, lines.end, lines.at === 0);
    if (typeof line === 'string') continue;
    if (line.seq === target && before === target - 1) return lines.at;
    if (line.seq >= target) return undefined;
    before = line.seq;
  }
  return undefined;
}

/** The first line that begins at or behind `from` and names its number. */
function lineBehind(fd: number, from: number, to: number): { readonly at: number; readonly seq: number } | undefined {
  const lines = new Forward(fd, from - 1, to, LOOK);
  lines.next();
  while (lines.next()) {
    const seq = seqAt(lines.bytes, lines.start, lines.end);
    if (seq !== undefined) return { at: lines.at, seq };
  }
  return undefined;
}
