import type { StoredRecord } from '@reprise/core';
import { statOf } from './files.ts';
import { dropTexts } from './index-rows.ts';
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

/** One session's new records, with what the index knew when they were read. */
interface Part {
  readonly session: Unread;
  /** The log that they come from, and its last record that the index has. */
  readonly log: string;
  readonly before: number;
  readonly records: readonly StoredRecord[];
  /** Whether nothing follows. */
  readonly last: boolean;
}

/** Bytes of text and sessions in one transaction, which costs two syncs whatever it holds. */
const BATCH = { bytes: 4 << 20, parts: 512 };
/** Sessions read between two looks at the event loop. */
const PAUSE = 16;

/** Brings the words of every changed session into the index. */
export async function catchUpTexts(index: SessionIndex): Promise<void> {
  const unread = index.file.sql('SELECT n, id, log, seq, sig FROM sessions WHERE stale = 1 OR hot = 1').all();
  let parts: Part[] = [];
  let bytes = 0;
  let read = 0;
  for (const session of unread as unknown as Unread[]) {
    for (const part of partsOf(index.root, session)) {
      parts.push(part);
      for (const { json } of part.records) bytes += json.length;
      if (bytes < BATCH.bytes && parts.length < BATCH.parts) continue;
      store(index, parts);
      parts = [];
      bytes = 0;
    }
    read += 1;
    if (read % PAUSE === 0) await new Promise<void>((done) => void setImmediate(done));
  }
  if (parts.length > 0) store(index, parts);
}

function* partsOf(root: string, session: Unread): Generator<Part> {
  const { id } = session;
  const stat = statOf(`${root}/${id}/messages.json`);
  // A log only grows, unless it was replaced, and then it is another file.
  const log = stat === undefined ? '' : `${stat.ino} ${Math.trunc(stat.birthtimeMs)}`;
  let before = log === session.log ? session.seq : 0;
  for (const records of soundPages(`${root}/${id}`, id, before)) {
    yield { session, log, before, records, last: false };
    before = records.at(-1)?.seq ?? before;
  }
  yield { session, log, before, records: [], last: true };
}

function store(index: SessionIndex, parts: readonly Part[]): void {
  const { file } = index;
  file.change(() => {
    for (const { session, log, before, records, last } of parts) {
      const { n } = session;
      let row = file.sql('SELECT log, seq FROM sessions WHERE n = ?').get(n) as Pick<Unread, 'log' | 'seq'> | undefined;
      if (row === undefined) continue;
      if (row.log !== log && row.log === session.log) {
        dropTexts(file, n);
        file.sql('UPDATE sessions SET log = ?, seq = 0 WHERE n = ?').run(log, n);
        row = { log, seq: 0 };
      }
      // Another process has started over, and will come here itself.
      if (row.log !== log || row.seq < before) continue;
      for (const record of records) if (record.seq > row.seq) add(index, n, record);
      const seq = Math.max(row.seq, records.at(-1)?.seq ?? before);
      file.sql('UPDATE sessions SET seq = ? WHERE n = ?').run(seq, n);
      if (last) file.sql('UPDATE sessions SET stale = 0 WHERE n = ? AND sig = ?').run(n, session.sig);
    }
  });
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
