import { fstatSync } from 'node:fs';
import { foldHead, type SessionHead, type StoredRecord } from '@reprise/core';
import type { Metadata } from './head-file.ts';
import { Order, type Found } from './order.ts';
import { Forward } from './scan.ts';
import { tailOf } from './tail.ts';

/** How core's first record begins. */
const BEGINS = '{"type":"session"';

/**
 * A head for a session whose `state.json` is lost: the fold of its log, begun from `metadata.json` where the first record is lost too.
 * Reads the whole log, and writes nothing.
 */
export function recoverHead(id: string, metadata: Metadata | undefined, fd: number): SessionHead {
  const tail = tailOf(fd, fstatSync(fd).size);
  return headOf(id, metadata, tail.tip, soundRecords(fd, tail.readEnd));
}

/** The same for records that are at hand. */
export function deriveHead(id: string, metadata: Metadata | undefined, records: readonly string[]): SessionHead {
  const stored = records.map((json, at) => ({ seq: at + 1, json }));
  return headOf(id, metadata, records.length, stored);
}

/** `state` brought to the log's tip, which a crash may have left behind or a repair before it. */
export function atTip(state: SessionHead, tip: number): SessionHead {
  if (state.seq === tip) return state;
  return { ...state, seq: tip, checkpoint: state.checkpoint > tip ? 0 : state.checkpoint };
}

/** Core's first record, as far as a folder's `metadata.json` knows it. */
export function firstRecord(metadata: Metadata | undefined, at = new Date(0).toISOString()): string {
  const model = metadata?.model ?? 'demo/offline';
  return JSON.stringify({
    ...{ type: 'session', format: 1, at: metadata?.createdAt ?? at },
    ...{ model: { requested: model, name: model }, system: [], tools: [], named: true, settings: {} },
    ...{ title: metadata?.title, cwd: metadata?.cwd, tags: metadata?.tags, parent: metadata?.parent },
  });
}

/** The sound records of the log in `fd` up to byte `end`, in order. */
export function* soundRecords(fd: number, end: number): Generator<Found> {
  const lines = new Forward(fd, 0, end);
  const order = new Order(1, 0, true);
  const found: Found[] = [];
  for (let more = true; more;) {
    more = lines.next();
    if (more) order.take(lines, found);
    else order.finish(found);
    yield* found;
    found.length = 0;
  }
}

/** At `seq`, which the fold doesn't reach where the last lines are damaged. */
function headOf(id: string, metadata: Metadata | undefined, seq: number, records: Iterable<StoredRecord>): SessionHead {
  let head: SessionHead | undefined;
  try {
    head = foldHead(id, begun(metadata, records));
  } catch {
    // Records that only look like core's. What the metadata says is still a head, and a session must open.
  }
  return { ...(head ?? (foldHead(id, begun(metadata, [])) as SessionHead)), seq };
}

function* begun(metadata: Metadata | undefined, records: Iterable<StoredRecord>): Generator<StoredRecord> {
  let first = true;
  for (const record of records) {
    if (first && !record.json.startsWith(BEGINS)) yield { seq: 0, json: firstRecord(metadata) };
    first = false;
    yield record;
  }
  if (first) yield { seq: 0, json: firstRecord(metadata) };
}
