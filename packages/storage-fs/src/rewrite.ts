import { closeSync, rmSync } from 'node:fs';
import { assertHead, assertRecordText, RepriseError, type SessionHead, type StoredRecord } from '@reprise/core';
import { conflict } from './errors.ts';
import { createFile, syncFile, temporaryFor, writeWhole } from './files.ts';
import { logText } from './log-writer.ts';
import type { SessionWriter } from './session-writer.ts';
import { CLOSER } from './tail.ts';

/**
 * Replaces the whole log of `writer`'s session by `records`, or nothing: written and synced beside it, then renamed over it. `live` is
 * asked again once the records have come, since the lease may have ended meanwhile. The old log stays at `keep` where that is given.
 */
export async function rewriteSession(
  writer: SessionWriter,
  records: AsyncIterable<readonly StoredRecord[]> | Iterable<readonly StoredRecord[]>,
  head: SessionHead,
  live: () => void,
  keep?: string,
): Promise<void> {
  const { folder, id } = writer.place;
  const { tip } = writer;
  if (writer.head === undefined) throw conflict(`session ${id} has no records to replace`);
  const temporary = temporaryFor(`${folder}/messages.json`);
  rmSync(temporary, { force: true });
  try {
    const count = await writeLog(temporary, records);
    await writer.inTurn(async () => {
      live();
      if (writer.tip !== tip) throw conflict(`session ${id} was appended to while it was rewritten`);
      assertHead(head, id, count);
      if (count === 0) throw new RepriseError('INVALID_INPUT', 'a session keeps at least one record');
      await writer.replaceLog(temporary, head, keep);
    });
  } finally {
    rmSync(temporary, { force: true });
  }
}

/** A whole log at `path`, synced; the number of its records. */
async function writeLog(
  path: string,
  pages: AsyncIterable<readonly StoredRecord[]> | Iterable<readonly StoredRecord[]>,
): Promise<number> {
  const fd = createFile(path);
  let tip = 0;
  let end = 0;
  try {
    for await (const page of pages) {
      for (const [at, { seq, json }] of page.entries()) {
        if (seq !== tip + at + 1)
          throw new RepriseError('INVALID_INPUT', `record ${tip + at + 1} is missing; records are numbered 1, 2, 3, …`);
        assertRecordText(json);
      }
      const texts = page.map(({ json }) => json);
      const bytes = Buffer.from(logText(texts, tip, end));
      if (texts.length === 0) continue;
      writeWhole(fd, bytes, end);
      tip += texts.length;
      end += bytes.length - CLOSER.length;
    }
    await syncFile(fd);
  } finally {
    closeSync(fd);
  }
  return tip;
}
