import { closeSync, fsyncSync, linkSync, readdirSync, rmSync } from 'node:fs';
import type { InboxEntry } from '@reprise/core';
import { errnoOf } from './errors.ts';
import { createFile, isFolder, makeFolder, readSmall, syncFolderSync, temporaryFor, writeWhole } from './files.ts';

/** `<number>.<key>`: the number orders by arrival, as well as two writers at the same moment can know it. */
const NAME = /^(\d{10})\.([A-Za-z0-9_-]{1,128})$/;

interface Item {
  readonly name: string;
  readonly key: string;
}

/** Adds an entry unless one with its key waits. Durable on return; needs no lease, and never replaces anything. */
export function putInbox(folder: string, entry: InboxEntry): void {
  const inbox = `${folder}/inbox`;
  if (makeFolder(inbox)) syncFolderSync(folder);
  const waiting = itemsIn(inbox);
  if (waiting.some((item) => item.key === entry.key)) return;
  const last = waiting.at(-1);
  const number = last === undefined ? 1 : Number(last.name.slice(0, 10)) + 1;
  const temporary = temporaryFor(`${inbox}/entry`);
  rmSync(temporary, { force: true });
  const fd = createFile(temporary);
  try {
    writeWhole(fd, Buffer.from(entry.json), 0);
    fsyncSync(fd);
    linkSync(temporary, `${inbox}/${String(number).padStart(10, '0')}.${entry.key}`);
  } catch (error) {
    // The same entry, put by somebody else just now.
    if (errnoOf(error) !== 'EEXIST') throw error;
  } finally {
    closeSync(fd);
    rmSync(temporary, { force: true });
  }
  syncFolderSync(inbox);
}

/** The waiting entries in the order of arrival. */
export function peekInbox(folder: string): readonly InboxEntry[] {
  const entries = new Map<string, InboxEntry>();
  for (const { name, key } of itemsIn(`${folder}/inbox`)) {
    const json = entries.has(key) ? undefined : readSmall(`${folder}/inbox/${name}`);
    if (json !== undefined) entries.set(key, { key, json });
  }
  return [...entries.values()];
}

/** Removes entries. Unsynced: one that a power cut brings back is delivered again, which its key makes harmless. */
export function dropInbox(folder: string, keys: readonly string[]): void {
  const gone = new Set(keys);
  for (const { name, key } of itemsIn(`${folder}/inbox`)) {
    if (gone.has(key)) rmSync(`${folder}/inbox/${name}`, { force: true });
  }
}

function itemsIn(inbox: string): readonly Item[] {
  if (!isFolder(inbox)) return [];
  return readdirSync(inbox)
    .sort()
    .flatMap((name) => {
      const key = NAME.exec(name)?.[2];
      return key === undefined ? [] : [{ name, key }];
    });
}
