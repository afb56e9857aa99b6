import { linkSync, renameSync } from 'node:fs';
import { aside } from './aside.ts';
import { damagedBlobs } from './blobs.ts';
import { replaceFileSync, syncFolderSync } from './files.ts';
import { readMetadata } from './head-file.ts';
import type { Lock } from './lock.ts';
import { logText } from './log-writer.ts';
import { holdsRecords, reformattedRecords } from './reformatted.ts';
import { ORIGINAL, repaired } from './repair-log.ts';
import { holdsSession } from './session-folder.ts';
import type { Place } from './session-writer.ts';

/** Lets a folder without its metadata and its first record, which counts as half made, be opened for what can be read of it. */
export function makeOpenable(folder: string, id: string): void {
  if (!holdsSession(folder, id) && holdsRecords(`${folder}/messages.json`))
    replaceFileSync(`${folder}/metadata.json`, `{"format":1,"id":"${id}"}\n`);
}

/** What a repair does under the lock, before the log is opened. */
export function prepareRepair(place: Place, lock: Lock): void {
  putBlobsAside(place, lock);
  restoreLayout(place, lock);
}

/**
 * Where another program wrote the log anew, lays it out as ours again, in one step; the one that was stays in `damaged/`. Before the log is
 * opened, which would take its unfamiliar end for a torn one and cut it off.
 */
function restoreLayout({ folder, id }: Place, { epoch }: Lock): void {
  const path = `${folder}/messages.json`;
  const records = reformattedRecords(path);
  if (records === undefined) return;
  const lines = [...repaired(records, readMetadata(folder, id), records.at(-1)?.seq ?? 0)].flat();
  const original = aside(folder, `${ORIGINAL}-${epoch}`);
  linkSync(path, original);
  syncFolderSync(`${folder}/damaged`);
  replaceFileSync(path, logText(lines.map(({ json }) => json)));
  syncFolderSync(folder);
}

/** Puts attachments aside that hold other bytes than their names say. */
function putBlobsAside({ folder }: Place, { epoch }: Lock): void {
  const names = damagedBlobs(folder);
  for (const name of names) renameSync(`${folder}/blobs/${name}`, aside(folder, `blob-${name}-${epoch}`));
  if (names.length === 0) return;
  syncFolderSync(`${folder}/damaged`);
  syncFolderSync(`${folder}/blobs`);
}
