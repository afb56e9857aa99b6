import { closeSync, fdatasyncSync, fstatSync } from 'node:fs';
import type { StoredRecord } from '@reprise/core';
import { aside } from './aside.ts';
import { createFile, openExisting, readWhole, syncFolderSync, writeWhole } from './files.ts';
import { readMetadata, type Metadata } from './head-file.ts';
import { firstRecord, recoverHead, soundRecords } from './recover-head.ts';
import { withLog, type Plan } from './repair-plan.ts';
import { rewriteSession } from './rewrite.ts';
import type { SessionWriter } from './session-writer.ts';
import { tailOf } from './tail.ts';

/** What the log as it was is called in `damaged/`. */
export const ORIGINAL = 'messages-before-repair';

/** Writes the log of `writer`'s session anew as `plan` says; the one that was, and what is dropped of it, stay in `damaged/`. */
export async function rewriteDamaged(writer: SessionWriter, plan: Plan): Promise<void> {
  const { folder, id } = writer.place;
  const metadata = readMetadata(folder, id);
  const name = (what: string): string => aside(folder, `${what}-${writer.epoch}`);
  if (plan.dropped.length > 0) keepDropped(`${folder}/messages.json`, name('lines'), plan);
  syncFolderSync(folder);
  const head = withLog(folder, (fd) => recoverHead(id, metadata, fd));
  const path = `${folder}/messages.json`;
  const fd = openExisting(path, 'read') as number;
  try {
    const records = repaired(soundRecords(fd, tailOf(fd, fstatSync(fd).size).readEnd), metadata, plan.tip);
    const whole = { ...head, seq: plan.tip, checkpoint: plan.lost.includes(head.checkpoint) ? 0 : head.checkpoint };
    await rewriteSession(writer, records, whole, () => undefined, name(ORIGINAL));
  } finally {
    closeSync(fd);
  }
}

/** The sound records, with a mark in the place of each lost one. */
export function* repaired(
  sound: Iterable<StoredRecord>,
  metadata: Metadata | undefined,
  tip: number,
): Generator<readonly StoredRecord[]> {
  let next = 1;
  const lost = (seq: number): StoredRecord => ({
    seq,
    json: seq === 1 ? firstRecord(metadata) : '{"type":"lost","note":"could not be read; removed by a repair"}',
  });
  for (const { seq, json } of sound) {
    for (; next < seq; next += 1) yield [lost(next)];
    yield [{ seq, json }];
    next = seq + 1;
  }
  for (; next <= tip; next += 1) yield [lost(next)];
}

function keepDropped(from: string, to: string, { dropped }: Plan): void {
  const source = openExisting(from, 'read') as number;
  const copy = createFile(to);
  try {
    let at = 0;
    for (const range of dropped) {
      const bytes = Buffer.alloc(range.to - range.from);
      writeWhole(copy, bytes.subarray(0, readWhole(source, bytes, range.from)), at);
      at += bytes.length;
    }
    fdatasyncSync(copy);
  } finally {
    closeSync(copy);
    closeSync(source);
  }
}
