import type { StoredRecord } from '@reprise/core';
import { statOf } from './files.ts';
import { readSession } from './read-log.ts';
import type { SessionIndex } from './session-index.ts';
import { textIn } from './text-in.ts';
import { wordsOf } from './words.ts';

interface Unread {
  readonly n: number;
  readonly id: string;
  readonly log: string;
  readonly seq: number;
  readonly sig: string;
}

/** Brings the words of every changed session into the index: a page of records a transaction, with a look at the event loop between. */
export async function catchUpTexts(index: SessionIndex): Promise<void> {
  const unread = index.file.sql('SELECT n, id, log, seq, sig FROM sessions WHERE stale = 1 OR hot = 1').all();
  for (const session of unread as unknown as Unread[]) await readTexts(index, session);
}

async function readTexts(index: SessionIndex, session: Unread): Promise<void> {
  const { n, id, sig } = session;
  const stat = statOf(`${index.root}/${id}/messages.json`);
  // A log only grows, unless it was replaced, and then it is another file.
  const log = stat === undefined ? '' : `${stat.ino} ${Math.trunc(stat.birthtimeMs)}`;
  let { seq } = session;
  if (log !== session.log) {
    seq = 0;
    index.file.change(() => {
      const row = index.file.sql('SELECT log FROM sessions WHERE n = ?').get(n) as Unread | undefined;
      if (row?.log !== session.log) return;
      index.dropTexts(n);
      index.file.sql('UPDATE sessions SET log = ?, seq = 0 WHERE n = ?').run(log, n);
    });
  }
  for (const page of soundPages(`${index.root}/${id}`, id, seq)) {
    const before = seq;
    seq = page.at(-1)?.seq ?? seq;
    index.file.change(() => {
      const row = index.file.sql('SELECT log, seq FROM sessions WHERE n = ?').get(n) as Unread | undefined;
      // Another process has started over, and will come here itself.
      if (row === undefined || row.log !== log || row.seq < before) return;
      for (const record of page) if (record.seq > row.seq) add(index, n, record);
      index.file.sql('UPDATE sessions SET seq = max(seq, ?) WHERE n = ?').run(seq, n);
    });
    await new Promise<void>((done) => void setImmediate(done));
  }
  index.file.change(() => index.file.sql('UPDATE sessions SET stale = 0 WHERE n = ? AND sig = ?').run(n, sig));
}

function add(index: SessionIndex, n: number, record: StoredRecord): void {
  const text = textIn(record.json);
  if (text === undefined) return;
  const words = wordsOf(text);
  if (words.length === 0) return;
  const { lastInsertRowid } = index.file.sql('INSERT INTO texts(n, seq) VALUES (?, ?)').run(n, record.seq);
  index.file.sql('INSERT INTO words(rowid, text) VALUES (?, ?)').run(lastInsertRowid, words.join(' '));
}

/** What can be read behind `after`; damage hides only itself. */
function* soundPages(folder: string, id: string, after: number): Generator<readonly StoredRecord[]> {
  try {
    yield* readSession(folder, id, { after });
  } catch {
    // Whoever opens the session is told.
  }
}
