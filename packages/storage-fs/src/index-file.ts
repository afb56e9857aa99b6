import { closeSync, rmSync, type Stats } from 'node:fs';
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { linkRefused } from './errors.ts';
import { createFile, statOf } from './files.ts';

/** Raised with every change of the tables; an index of another number is made anew. */
const VERSION = 3;
/** How long another process's use of the index is waited for before one goes without it. */
const BUSY_MS = 100;

const SCHEMA = `
  CREATE TABLE place(file TEXT NOT NULL, offset INTEGER NOT NULL);
  CREATE TABLE sessions(
    n INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, head TEXT NOT NULL, sig TEXT NOT NULL, hot INTEGER NOT NULL,
    created TEXT NOT NULL, last TEXT NOT NULL, cwd TEXT, model TEXT NOT NULL, status TEXT NOT NULL, parent TEXT,
    spawned INTEGER NOT NULL, tags TEXT NOT NULL,
    stale INTEGER NOT NULL DEFAULT 1, log TEXT NOT NULL DEFAULT '', seq INTEGER NOT NULL DEFAULT 0);
  CREATE INDEX by_created ON sessions(created DESC, id);
  CREATE INDEX by_last ON sessions(last DESC, id);
  CREATE INDEX by_parent ON sessions(parent) WHERE parent IS NOT NULL;
  CREATE INDEX unsure ON sessions(n) WHERE hot = 1 OR sig = '';
  CREATE INDEX unread ON sessions(n) WHERE stale = 1 OR hot = 1;
  CREATE TABLE texts(rowid INTEGER PRIMARY KEY, n INTEGER NOT NULL, seq INTEGER NOT NULL);
  CREATE INDEX texts_of ON texts(n);
  CREATE VIRTUAL TABLE words USING fts5(text, content='', contentless_delete=1, tokenize='unicode61 remove_diacritics 0');
  PRAGMA user_version = ${VERSION};
`;

/**
 * The SQLite file of an index: made, opened, and thrown away when it is not sound. Its rollback journal is emptied and stays: to make
 * and remove it with each change would look like a session that came or went.
 */
export class IndexFile {
  readonly #path: string;
  #database: DatabaseSync | undefined;
  /** Which file that is, or the one that could not be opened. */
  #which = '';
  #opened = 0;
  #statements = new Map<string, StatementSync>();

  constructor(root: string) {
    this.#path = `${root}/.index`;
  }

  exists(): boolean {
    return statOf(this.#path) !== undefined;
  }

  /** The statement for `sql`, on an open index. Throws what SQLite throws. */
  sql(sql: string): StatementSync {
    this.#open();
    let statement = this.#statements.get(sql);
    if (statement === undefined) {
      statement = (this.#database as DatabaseSync).prepare(sql);
      this.#statements.set(sql, statement);
    }
    return statement;
  }

  /** Another one once anybody else, in whichever process, has changed what is in the file, or the file itself. */
  version(): string {
    const { data_version: data } = this.sql('PRAGMA data_version').get() as { data_version: number };
    return `${this.#opened} ${data}`;
  }

  /** Runs `work` in one transaction. */
  change<T>(work: () => T): T {
    this.#open();
    return inTransaction(this.#database as DatabaseSync, work);
  }

  close(): void {
    this.#statements.clear();
    if (this.#database?.isOpen) this.#database.close();
    this.#database = undefined;
  }

  /** Throws the index away, unless somebody else has done so; the next use makes a new one. */
  discard(): void {
    const isOurs = whichOf(statOf(this.#path)) === this.#which;
    this.close();
    if (!isOurs) return;
    for (const end of ['', '-journal']) rmSync(`${this.#path}${end}`, { force: true });
  }

  #open(): void {
    // A change is made in one file, or in none.
    if (this.#database?.isTransaction) return;
    let stat = statOf(this.#path);
    // Else somebody has thrown it away, or made another.
    if (this.#database !== undefined && whichOf(stat) === this.#which) return;
    this.close();
    if (stat === undefined) {
      closeSync(createFile(this.#path));
      stat = statOf(this.#path);
    }
    this.#which = whichOf(stat);
    if (stat?.isSymbolicLink()) throw linkRefused(this.#path);
    this.#database = openIndex(this.#path);
    this.#opened += 1;
  }
}

/** Tells one file from another, also where that got the number of the one before. */
function whichOf(stat: Stats | undefined): string {
  return stat === undefined ? '' : `${stat.ino} ${stat.birthtimeMs}`;
}

/** The database at `path` with its tables, made where it is new. */
function openIndex(path: string): DatabaseSync {
  const { DatabaseSync } = process.getBuiltinModule('node:sqlite');
  const database = new DatabaseSync(path, { timeout: BUSY_MS });
  try {
    database.exec('PRAGMA journal_mode = TRUNCATE');
    const versionOf = (): unknown => database.prepare('PRAGMA user_version').get()?.user_version;
    if (versionOf() === 0) {
      inTransaction(database, () => {
        // Made by another process between the look and the lock.
        if (versionOf() === 0) database.exec(SCHEMA);
      });
    }
    if (versionOf() !== VERSION) throw new Error('an index of another version');
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

function inTransaction<T>(database: DatabaseSync, work: () => T): T {
  database.exec('BEGIN IMMEDIATE');
  try {
    const result = work();
    database.exec('COMMIT');
    return result;
  } catch (error) {
    if (database.isOpen && database.isTransaction) database.exec('ROLLBACK');
    throw error;
  }
}

/**
 * What SQLite answers where not the index is bad but something around it: another process keeps it in use (BUSY, LOCKED), no memory, a file system
 * that is read-only, fails, is full, or lets no more files be opened (NOMEM, READONLY, IOERR, FULL, CANTOPEN).
 */
const NO_FAULT: ReadonlySet<number> = new Set([5, 6, 7, 8, 10, 13, 14]);

/** Whether an error is no fault of the index, which then does another time. */
export function isNoFault(error: unknown): boolean {
  return error instanceof Error && 'errcode' in error && NO_FAULT.has(Number(error.errcode) & 0xff);
}
