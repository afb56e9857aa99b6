import { closeSync, fstatSync } from 'node:fs';
import { assertSessionId, RepriseError, type Damage, type StoredRecord } from '@reprise/core';
import { damagedBlobs } from './blobs.ts';
import { guarded } from './errors.ts';
import { isFolder, openExisting, readWhole } from './files.ts';
import { readMetadata, readState } from './head-file.ts';
import { missing, Order, type Found } from './order.ts';
import { plainRecords } from './plain.ts';
import { isReformatted, reformattedRecords } from './reformatted.ts';
import { Root, rootOf, type FsStorageOptions } from './root.ts';
import { Forward } from './scan.ts';
import { CLOSER, closerFor, tailOf } from './tail.ts';

/**
 * Every damage in the history of session `id` and in its attachments, with its place; an empty list when it is whole. Reads all of it and
 * writes nothing. A
 * torn tail counts: the next lease puts it aside. SESSION_NOT_FOUND where there is no folder of that name.
 */
export function verifySession(id: string, options: FsStorageOptions = {}): readonly Damage[] {
  assertSessionId(id);
  const root = new Root(rootOf(options)).find();
  return guarded(`verify session ${id}`, () => {
    if (root === undefined || !isFolder(`${root}/${id}`)) {
      throw new RepriseError('SESSION_NOT_FOUND', `there is no session ${id}`);
    }
    const folder = `${root}/${id}`;
    readMetadata(folder, id);
    const blobs = damagedBlobs(folder).map((name): Damage => {
      return { kind: 'checksum', note: `attachment ${name} holds other bytes than its name says` };
    });
    return plainRecords(folder, id) === undefined ? [...logDamage(folder, id), ...blobs] : blobs;
  });
}

function logDamage(folder: string, id: string): readonly Damage[] {
  const path = `${folder}/messages.json`;
  const fd = openExisting(path, 'read');
  if (fd === undefined) return [{ kind: 'empty', note: 'messages.json is missing' }];
  try {
    const damage = damageIn(fd, readState(folder, id)?.seq ?? 0);
    const again = damage.length === 0 ? undefined : reformattedRecords(path);
    return again !== undefined && isReformatted(path) ? damageOfLayout(again) : damage;
  } finally {
    closeSync(fd);
  }
}

/** What is wrong with a log that another program wrote anew: not each line of it, but that, and what it lost. */
function damageOfLayout(records: readonly StoredRecord[]): readonly Damage[] {
  const note = `another program wrote the file anew; a repair brings back the ${records.length} records in it`;
  const damage: Damage[] = [{ kind: 'foreign', line: 1, byte: 0, note }];
  let next = 1;
  for (const { seq } of records) {
    if (seq > next) damage.push({ kind: 'sequence', seq: next, note: missing(next, seq - 1) });
    next = seq + 1;
  }
  return damage;
}

/** The damage in a log, line by line. */
function damageIn(fd: number, promised: number): readonly Damage[] {
  const size = fstatSync(fd).size;
  if (size === 0) return [{ kind: 'empty', line: 1, byte: 0, note: 'messages.json is empty' }];
  const tail = tailOf(fd, size);
  const lines = new Forward(fd, 0, tail.readEnd);
  const order = new Order(1, 0, true);
  const found: Found[] = [];
  let line = 0;
  while (lines.next()) {
    line += 1;
    order.take(lines, found);
    found.length = 0;
  }
  order.finish(found);
  const damage = [...order.damage];
  if (!endsWell(fd, tail.readEnd, size)) {
    const note = `${size - tail.readEnd} bytes behind the last whole record`;
    damage.push({ kind: line === 0 ? 'first-line' : 'torn-tail', line: line + 1, byte: tail.readEnd, note });
  } else if (line === 0) {
    damage.push({ kind: 'empty', line: 1, byte: 0, note: 'messages.json holds no record' });
  }
  if (promised > tail.tip) {
    const note = `records up to ${promised} were stored, the log ends at ${tail.tip}`;
    damage.push({ kind: 'sequence', byte: tail.readEnd, seq: tail.tip + 1, note });
  }
  return damage;
}

function endsWell(fd: number, end: number, size: number): boolean {
  const closer = closerFor(end);
  if (size !== end + closer.length) return false;
  const bytes = Buffer.alloc(closer.length);
  return readWhole(fd, bytes, end) === CLOSER.length + (end === 0 ? 1 : 0) && bytes.toString('latin1') === closer;
}
