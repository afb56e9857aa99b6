import { closeSync, constants, copyFileSync, fchmodSync, fstatSync, ftruncateSync, renameSync, rmSync } from 'node:fs';
import { assertThrough, RepriseError, type SessionHead } from '@reprise/core';
import { shareBlobs } from './blobs.ts';
import { createFile, openExisting, readWhole, replaceFile, syncData, temporaryFor, writeWhole } from './files.ts';
import { LogWriter, logText } from './log-writer.ts';
import { plainRecords } from './plain.ts';
import { seek } from './read-log.ts';
import type { SessionWriter } from './session-writer.ts';
import { CLOSER, tailOf } from './tail.ts';

const PART = 1 << 20;

/** Copies records 1…through of the log at `from` to a new one at `to`: bytes, not records, shared with the source where the file system can. */
async function copyLog(from: string, to: string, through: number): Promise<void> {
  const source = openExisting(from, 'read');
  if (source === undefined) throw new Error(`${from} is missing`);
  try {
    const tail = tailOf(source, fstatSync(source).size);
    assertThrough(through, tail.tip);
    const end = through === tail.tip ? tail.end : seek(source, tail.end, through + 1);
    if (end === undefined) throw damagedEnd(from, through);
    const whole = end * 2 > tail.end;
    // Under another name until it is cut to size: a log that holds more than was asked for must never be seen.
    const temporary = temporaryFor(to);
    rmSync(temporary, { force: true });
    try {
      if (whole) copyFileSync(from, temporary, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE);
      const copy = whole ? (openExisting(temporary, 'write') as number) : createFile(temporary);
      try {
        if (whole) ftruncateSync(copy, end);
        else copyBytes(source, copy, end);
        fchmodSync(copy, 0o600);
        writeWhole(copy, Buffer.from(CLOSER), end);
        await syncData(copy);
      } finally {
        closeSync(copy);
      }
      renameSync(temporary, to);
    } finally {
      rmSync(temporary, { force: true });
    }
  } finally {
    closeSync(source);
  }
}

/** Makes the new session of `to` from records 1…through of the one in `folder`, with its blobs. */
export async function copySession(
  from: string,
  folder: string,
  through: number,
  to: SessionWriter,
  head: SessionHead,
): Promise<void> {
  const source = `${folder}/messages.json`;
  await to.begin(head, async (path) => {
    const plain = plainRecords(folder, from);
    if (plain === undefined) await copyLog(source, path, through);
    else await copyPlain(plain, path, through);
    await shareBlobs(folder, to.place.folder);
    return LogWriter.open(to.place.folder) as LogWriter;
  });
}

/** Bytes can't be copied up to a place that isn't certain; the records that can be read still can. */
function damagedEnd(log: string, through: number): RepriseError {
  const note = `record ${through} or the one behind it is damaged`;
  return new RepriseError('STORAGE_DAMAGED', `${log} can't be copied: ${note}`, {
    hint: 'Repair the session first: reprise session repair',
    details: { damage: [{ kind: 'sequence', seq: through, note }] },
  });
}

function copyPlain(records: readonly string[], to: string, through: number): Promise<void> {
  assertThrough(through, records.length);
  return replaceFile(to, logText(records.slice(0, through)));
}

function copyBytes(from: number, to: number, end: number): void {
  const part = Buffer.allocUnsafe(Math.min(PART, end));
  for (let at = 0; at < end;) {
    const count = readWhole(from, part.subarray(0, Math.min(PART, end - at)), at);
    if (count === 0) throw new Error('the log became shorter while it was copied');
    writeWhole(to, part.subarray(0, count), at);
    at += count;
  }
}
