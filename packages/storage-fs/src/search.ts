import { pageOfHeads, RepriseError, type Page, type Query, type SessionHead } from '@reprise/core';
import { z } from 'zod';
import { everySession } from './list.ts';
import { readSession } from './read-log.ts';
import type { SessionIndex } from './session-index.ts';
import { catchUpTexts } from './text-index.ts';
import { textIn } from './text-in.ts';
import { excerptOf, holds, matchOf, wantedOf, wordsOf, type Wanted } from './words.ts';

interface Hit {
  readonly id: string;
  readonly seq: number;
  readonly excerpt: string;
}

interface Place {
  readonly time: string;
  readonly id: string;
  readonly seq: number;
}

const Cursor = z.tuple([z.enum(['created', 'lastMessage']), z.string(), z.string(), z.int()]);

/**
 * The records whose message text holds every word of `text`, each as the beginning of a word, upper case and accents aside: sessions
 * as a listing orders them, the newest record of each first. INVALID_INPUT for a text without a word and for a bad cursor.
 */
export async function searchSessions(index: SessionIndex, text: string, query: Query = {}): Promise<Page<Hit>> {
  const { cursor, limit = 100, order = 'lastMessage', ...rest } = query;
  const wanted = wantedOf(text);
  if (wanted.length === 0) throw new RepriseError('INVALID_INPUT', 'a search needs at least one word');
  const after = cursor === undefined ? undefined : decode(cursor, order);
  const asked = { ...rest, order, limit: 1 };
  const fits = (head: SessionHead): boolean => pageOfHeads([head], asked).items.length > 0;
  const places = (): Iterable<Place & { head: SessionHead }> => placesIn(index, wanted, order, after, fits);
  const found = await index.using(async () => {
    await index.queued(() => catchUpTexts(index));
    return take(index.root, places(), wanted, limit, order);
  });
  if (found !== undefined) return found;
  const heads = (await everySession(index.root)).filter(fits);
  return take(index.root, scan(index.root, heads, wanted, order, after), wanted, limit, order);
}

/** Where the index has what is wanted, in order. */
function* placesIn(
  index: SessionIndex,
  wanted: Wanted,
  order: NonNullable<Query['order']>,
  after: Place | undefined,
  fits: (head: SessionHead) => boolean,
): Generator<Place & { head: SessionHead }> {
  const time = order === 'created' ? 's.created' : 's.last';
  const behind = `AND (${time} < ? OR (${time} = ? AND (s.id > ? OR (s.id = ? AND t.seq < ?))))`;
  const rows = index.file
    .sql(
      `SELECT s.id, t.seq, ${time} AS time FROM words w JOIN texts t ON t.rowid = w.rowid JOIN sessions s ON s.n = t.n
       WHERE words MATCH ? ${after === undefined ? '' : behind} ORDER BY time DESC, s.id, t.seq DESC`,
    )
    .iterate(matchOf(wanted), ...(after === undefined ? [] : [after.time, after.time, after.id, after.id, after.seq]));
  let head: SessionHead | undefined;
  let wantedHere = false;
  for (const row of rows as Iterable<unknown> as Iterable<Place>) {
    if (head?.id !== row.id) {
      head = index.headOf(row.id);
      wantedHere = fits(head);
    }
    if (wantedHere) yield { ...row, head };
  }
}

/** The same without an index, by reading every log. */
function* scan(
  root: string,
  heads: readonly SessionHead[],
  wanted: Wanted,
  order: NonNullable<Query['order']>,
  after: Place | undefined,
): Generator<Place> {
  const timed = heads.map((head) => ({ id: head.id, time: order === 'created' ? head.createdAt : head.lastMessage }));
  timed.sort((a, b) => (a.time === b.time ? (a.id < b.id ? -1 : 1) : a.time < b.time ? 1 : -1));
  for (const { id, time } of timed) {
    if (after !== undefined && (time > after.time || (time === after.time && id < after.id))) continue;
    const before = after?.id === id && after.time === time ? { before: after.seq } : {};
    try {
      for (const page of readSession(`${root}/${id}`, id, { reverse: true, ...before })) {
        for (const { seq, json } of page) {
          if (holds(wordsOf(textIn(json) ?? ''), wanted)) yield { time, id, seq };
        }
      }
    } catch {
      // Removed meanwhile, or damaged: what could be read was searched.
    }
  }
}

/** The first `limit` places whose record is there, with what it says. */
function take(
  root: string,
  places: Iterable<Place>,
  wanted: Wanted,
  limit: number,
  order: NonNullable<Query['order']>,
): Page<Hit> {
  const items: Hit[] = [];
  let last: Place | undefined;
  for (const place of places) {
    const { id, seq } = place;
    const text = textAt(root, id, seq);
    if (text === undefined) continue;
    if (items.length === limit && last !== undefined) return { items, cursor: encode(order, last) };
    items.push({ id, seq, excerpt: excerptOf(text, wanted) });
    last = place;
  }
  return { items };
}

function textAt(root: string, id: string, seq: number): string | undefined {
  try {
    for (const page of readSession(`${root}/${id}`, id, { after: seq - 1, before: seq + 1 })) {
      for (const { json } of page) return textIn(json);
    }
  } catch {
    // Removed since it was indexed.
  }
  return undefined;
}

function encode(order: NonNullable<Query['order']>, { time, id, seq }: Place): string {
  return Buffer.from(JSON.stringify([order, time, id, seq])).toString('base64url');
}

function decode(cursor: string, order: NonNullable<Query['order']>): Place {
  try {
    const parsed = Cursor.safeParse(JSON.parse(Buffer.from(cursor, 'base64url').toString()));
    if (parsed.success && parsed.data[0] === order) {
      const [, time, id, seq] = parsed.data;
      return { time, id, seq };
    }
  } catch {
    // Answered below, as every other cursor that was never given.
  }
  throw new RepriseError('INVALID_INPUT', 'the cursor is not one of this search; start again without a cursor');
}
