import { closeSync, fstatSync } from 'node:fs';
import type { StoredRecord } from '@reprise/core';
import { openExisting, readSmall } from './files.ts';
import { recordOf } from './line.ts';
import { soundRecords } from './recover-head.ts';
import { tailOf } from './tail.ts';

/** A larger log is not parsed as one value. */
const MOST_BYTES = 256 << 20;

/**
 * The records of a `messages.json` that another program wrote anew (an editor that formats on saving, `jq`, a change of line breaks): still a
 * JSON array, but no longer one record a line. Each is taken only where its checksum holds, for its line or for the text that
 * `JSON.stringify` makes of it, which is how core writes records. In order; `undefined` where that gives no more than the lines do.
 */
export function reformattedRecords(path: string): readonly StoredRecord[] | undefined {
  const found = recordsInLines(path);
  const before = found.size;
  for (const value of parsedArray(path)) {
    const record = recordOf(value);
    if (record !== undefined && !found.has(record.seq)) found.set(record.seq, record);
  }
  return found.size > before ? [...found.values()].sort((a, b) => a.seq - b.seq) : undefined;
}

/** Whether hardly anything is left of a log's lines, so that their single faults say nothing. */
export function isReformatted(path: string): boolean {
  return 2 * recordsInLines(path).size <= (reformattedRecords(path)?.length ?? 0);
}

/** Whether a record can be read from the log at `path`, in its lines or in spite of them. */
export function holdsRecords(path: string): boolean {
  return recordsInLines(path).size > 0 || reformattedRecords(path) !== undefined;
}

function recordsInLines(path: string): Map<number, StoredRecord> {
  const fd = openExisting(path, 'read');
  if (fd === undefined) return new Map();
  try {
    const { readEnd } = tailOf(fd, fstatSync(fd).size);
    return new Map([...soundRecords(fd, readEnd)].map(({ seq, json }) => [seq, { seq, json }]));
  } finally {
    closeSync(fd);
  }
}

function parsedArray(path: string): readonly unknown[] {
  const text = readSmall(path, MOST_BYTES) ?? '';
  try {
    const value: unknown = JSON.parse(text.replace(/^\ufeff/, ''));
    return Array.isArray(value) ? value : [];
  } catch {
    return [];
  }
}
