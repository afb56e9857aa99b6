import { stateText } from './head-file.ts';
import type { IndexFile } from './index-file.ts';
import type { Look } from './look.ts';

/** What the index says of a session. */
export interface Row {
  readonly n: number;
  readonly id: string;
  readonly sig: string;
  /** 1 while a lease may write to it. */
  readonly hot: number;
}

const ROW = 'SELECT n, id, sig, hot FROM sessions';

export function everyRow(file: IndexFile): readonly Row[] {
  return file.sql(ROW).all() as unknown as Row[];
}

/** As one text, which costs a fifth of as many rows. */
export function everyId(file: IndexFile): readonly string[] {
  const { ids } = file.sql("SELECT group_concat(id, ' ') AS ids FROM sessions").get() as { ids: string | null };
  return ids === null ? [] : ids.split(' ');
}

/** Those of which no mark tells when they change. */
export function unsureRows(file: IndexFile): readonly Row[] {
  return file.sql(`${ROW} WHERE hot = 1 OR sig = ''`).all() as unknown as Row[];
}

export function rowOf(file: IndexFile, id: string): Row | undefined {
  return file.sql(`${ROW} WHERE id = ?`).get(id) as unknown as Row | undefined;
}

/** Stores what a look at session `id` has shown. */
export function noteRow(file: IndexFile, id: string, { head, sig }: Look, hot: boolean): void {
  if (head === undefined) {
    const row = rowOf(file, id);
    if (row !== undefined) dropRow(file, row);
    return;
  }
  if (head === null) {
    file.sql('UPDATE sessions SET hot = ?, stale = 1 WHERE id = ?').run(Number(hot), id);
    return;
  }
  file
    .sql(
      `INSERT INTO sessions(id, head, sig, hot, created, last, cwd, model, status, parent, spawned, tags)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT(id) DO UPDATE SET head = excluded.head, sig = excluded.sig, hot = excluded.hot, created = excluded.created,
         last = excluded.last, cwd = excluded.cwd, model = excluded.model, status = excluded.status, parent = excluded.parent,
         spawned = excluded.spawned, tags = excluded.tags, stale = 1`,
    )
    .run(
      ...[id, stateText(head), sig, Number(hot), head.createdAt, head.lastMessage, head.cwd ?? null, head.model],
      ...[head.status, head.parent?.id ?? null, Number(head.parent?.kind === 'spawn'), JSON.stringify(head.tags ?? [])],
    );
}

export function dropRow(file: IndexFile, { n }: Row): void {
  dropTexts(file, n);
  file.sql('DELETE FROM sessions WHERE n = ?').run(n);
}

/** Forgets the words of a session. */
export function dropTexts(file: IndexFile, n: number): void {
  file.sql('DELETE FROM words WHERE rowid IN (SELECT rowid FROM texts WHERE n = ?)').run(n);
  file.sql('DELETE FROM texts WHERE n = ?').run(n);
}
