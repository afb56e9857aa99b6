import { closeSync, fstatSync } from 'node:fs';
import type { SessionHead } from '@reprise/core';
import { isFolder, openExisting, readWhole, statOf } from './files.ts';
import { readMetadata, readState } from './head-file.ts';
import { parseLine } from './line.ts';
import { plainRecords } from './plain.ts';
import { deriveHead, recoverHead } from './recover-head.ts';
import { Forward } from './scan.ts';
import { tailOf } from './tail.ts';

/**
 * Whether `folder` holds a session. A folder is half made, and holds none, until its `metadata.json` (written last) or a sound first
 * record is there: that is what a crash or a full disk during creation leaves. FORMAT_TOO_NEW when a newer version wrote it.
 */
export function holdsSession(folder: string, id: string): boolean {
  if (!isFolder(folder)) return false;
  if (readMetadata(folder, id) !== undefined || withLog(folder, beginsSound) === true) return true;
  return plainRecords(folder, id) !== undefined;
}

/** The head stored in `folder`, or one derived from the log; `undefined` where there is no session. Never writes. */
export function headIn(folder: string, id: string): SessionHead | undefined {
  if (!isFolder(folder)) return undefined;
  const metadata = readMetadata(folder, id);
  const state = readState(folder, id);
  if (state !== undefined && metadata !== undefined) return state;
  const plain = plainRecords(folder, id);
  if (plain !== undefined) return deriveHead(id, metadata, plain);
  return withLog(folder, (fd, size) => {
    if (metadata === undefined && !beginsSound(fd, size)) return undefined;
    return state ?? recoverHead(id, metadata, fd);
  });
}

/** The head as the log says: the stored one where it stands at the log's end, else derived. */
export function headAtTip(folder: string, id: string): SessionHead | undefined {
  const stored = headIn(folder, id);
  if (plainRecords(folder, id) !== undefined) return stored;
  return withLog(folder, (fd, size) =>
    tailOf(fd, size).tip === stored?.seq ? stored : recoverHead(id, readMetadata(folder, id), fd),
  );
}

/** What a listing shows of `folder`: its `state.json` alone where that is there. */
export function listedIn(folder: string, id: string): SessionHead | undefined {
  return quickHeadIn(folder, id) ?? headIn(folder, id);
}

/** The head in `state.json`, unless the folder is half made, which its `metadata.json` would tell. */
export function quickHeadIn(folder: string, id: string): SessionHead | undefined {
  return statOf(`${folder}/metadata.json`) === undefined ? undefined : readState(folder, id);
}

function withLog<T>(folder: string, use: (fd: number, size: number) => T): T | undefined {
  const fd = openExisting(`${folder}/messages.json`, 'read');
  if (fd === undefined) return undefined;
  try {
    return use(fd, fstatSync(fd).size);
  } finally {
    closeSync(fd);
  }
}

function beginsSound(fd: number, size: number): boolean {
  const start = Buffer.alloc(1);
  if (readWhole(fd, start, 0) === 0) return false;
  const lines = new Forward(fd, 0, size);
  if (!lines.next()) return false;
  const line = parseLine(lines.bytes, lines.start, lines.end, true);
  return typeof line !== 'string' && line.seq === 1;
}
