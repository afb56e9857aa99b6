import { closeSync, fstatSync } from 'node:fs';
import type { Damage, StoredRecord } from '@reprise/core';
import { damagedBlobs } from './blobs.ts';
import { guarded } from './errors.ts';
import { openExisting, statOf } from './files.ts';
import { readMetadata, readState } from './head-file.ts';
import { plainRecords } from './plain.ts';
import { soundRecords } from './recover-head.ts';
import { reformattedRecords } from './reformatted.ts';
import { tailOf } from './tail.ts';

/** One thing that a repair does, or would do. `where` is a path; `kind` is for programs, `note` for people. */
export interface RepairStep {
  readonly kind:
    | 'put-aside'
    | 'restore-layout'
    | 'cut-tail'
    | 'drop-lines'
    | 'mark-lost'
    | 'rebuild-first'
    | 'keep-original'
    | 'rebuild-small';
  readonly where: string;
  readonly note: string;
}

/** What a walk through a damaged log comes to. */
export interface Plan {
  /** Byte ranges that hold no record in its place. */
  readonly dropped: readonly { readonly from: number; readonly to: number }[];
  readonly lost: readonly number[];
  readonly tip: number;
}

/** What a repair of the session in `folder` comes to, in order. A hand-written one is turned into one of ours by its first writer, not by a repair. */
export function* stepsFor(folder: string, id: string, damage: readonly Damage[]): Generator<RepairStep> {
  const log = `${folder}/messages.json`;
  const aside = `${folder}/damaged`;
  for (const name of guarded(`look at session ${id}`, () => damagedBlobs(folder)))
    yield { kind: 'put-aside', where: aside, note: `attachment ${name}, which holds other bytes than its name says` };
  if (plainRecords(folder, id) !== undefined) return;
  const again = damage.length === 0 ? undefined : reformattedRecords(log);
  if (again !== undefined) {
    const lost = gapsIn(again);
    yield { kind: 'restore-layout', where: log, note: `${again.length} records are laid out as they were written` };
    if (lost.length > 0) yield marking(log, lost);
    yield { kind: 'keep-original', where: aside, note: 'the log as it was is kept' };
    yield { kind: 'rebuild-small', where: folder, note: 'state.json and metadata.json are derived from the log' };
    return;
  }
  if (damage.some(({ kind }) => kind === 'torn-tail'))
    yield { kind: 'cut-tail', where: aside, note: 'the unfinished end is put aside and cut off' };
  const plan = guarded(`look at session ${id}`, () => planFor(folder));
  const bytes = plan.dropped.reduce((sum, { from, to }) => sum + to - from, 0);
  if (bytes > 0) yield { kind: 'drop-lines', where: aside, note: `${bytes} bytes that are no record are put aside` };
  const marked = plan.lost.filter((seq) => seq > 1);
  if (marked.length > 0) yield marking(log, marked);
  if (plan.lost[0] === 1)
    yield { kind: 'rebuild-first', where: log, note: 'record 1 is made again from metadata.json, without its prompts' };
  if (changes(plan)) yield { kind: 'keep-original', where: aside, note: 'the log as it was is kept' };
  const small = readState(folder, id) === undefined || readMetadata(folder, id) === undefined;
  if (small || changes(plan) || damage.length > 0)
    yield { kind: 'rebuild-small', where: folder, note: 'state.json and metadata.json are derived from the log' };
}

function marking(where: string, lost: readonly number[]): RepairStep {
  return { kind: 'mark-lost', where, note: `lost and marked so: ${numbers(lost)}; all others stay as they are` };
}

function gapsIn(records: readonly StoredRecord[]): readonly number[] {
  const there = new Set(records.map(({ seq }) => seq));
  const tip = records.at(-1)?.seq ?? 0;
  return Array.from({ length: tip }, (_, at) => at + 1).filter((seq) => !there.has(seq));
}

/** Walks through the log in `folder`. */
export function planFor(folder: string): Plan {
  if (statOf(`${folder}/messages.json`) === undefined) return { dropped: [], lost: [1], tip: 1 };
  return withLog(folder, (fd) => {
    const size = fstatSync(fd).size;
    const { tip, readEnd } = size === 0 ? { tip: 0, readEnd: 0 } : tailOf(fd, size);
    const dropped: { from: number; to: number }[] = [];
    const lost: number[] = [];
    let end = 0;
    let next = 1;
    for (const { seq, at, size: length } of soundRecords(fd, readEnd)) {
      if (at > end) dropped.push({ from: end, to: at });
      for (; next < seq; next += 1) lost.push(next);
      end = at + length;
      next = seq + 1;
    }
    if (readEnd > end) dropped.push({ from: end, to: readEnd });
    for (; next <= Math.max(tip, 1); next += 1) lost.push(next);
    return { dropped, lost, tip: Math.max(tip, 1) };
  });
}

/** Whether the log itself must be written anew. */
export function changes({ dropped, lost }: Plan): boolean {
  return dropped.length > 0 || lost.length > 0;
}

/** What `use` makes of the open log in `folder`. */
export function withLog<T>(folder: string, use: (fd: number) => T): T {
  const path = `${folder}/messages.json`;
  const fd = openExisting(path, 'read');
  if (fd === undefined) throw new Error(`${path} is missing`);
  try {
    return use(fd);
  } finally {
    closeSync(fd);
  }
}

/** `3`, `3 to 7`, `3, 9 and 5 more`. */
function numbers(seqs: readonly number[]): string {
  const [first, last] = [seqs[0] as number, seqs.at(-1) as number];
  if (seqs.length === 1) return `record ${first}`;
  if (last - first === seqs.length - 1) return `records ${first} to ${last}`;
  const shown = seqs.slice(0, 5).join(', ');
  return `records ${shown}${seqs.length > 5 ? ` and ${seqs.length - 5} more` : ''}`;
}
