import { readdirSync, statSync } from 'node:fs';
import {
  pageFrom,
  planQuery,
  SESSION_ID,
  type Page,
  type Query,
  type QueryPlan,
  type SessionHead,
} from '@reprise/core';
import { parseState } from './head-file.ts';
import { IndexFile, isNoFault } from './index-file.ts';
import { indexedPage } from './index-page.ts';
import { dropRow, everyId, everyRow, noteRow, rowOf, unsureRows, type Row } from './index-rows.ts';
import { isStill, lookAt, type Look } from './look.ts';
import { readTouched, type Marks, type Place } from './touched.ts';

/** Sessions noted in one transaction, which costs two syncs whatever it holds. */
const BATCH = 1024;
/** Sessions between two looks at the event loop: about 2 ms of reading. */
const PAUSE = 64;
/** Catching up again because another process did so meanwhile. */
const TRIES = 3;
/**
 * What changes a folder twice within a tick of its file system's clock may leave it the same: one of at most 10 ms, but 1 s on HFS+ and 2 s on
 * FAT, whose times are then whole seconds.
 */
const SETTLED_MS = { fine: 100, coarse: 3000 };

/** Until when the index holds every session of the root but for what marks tell. */
interface Complete {
  /** What the file was: nobody else has changed it since. */
  readonly version: string;
  /** The root's folder, which another look would have found the same. */
  readonly folders: string;
  /** Folders that held no session: half made, or somebody else's. */
  readonly empty: ReadonlySet<string>;
}

/** What is to be looked at, what the index says of it, and what it has that is gone. */
interface Candidates {
  readonly asked: readonly string[];
  readonly known: ReadonlyMap<string, Row>;
  readonly gone: readonly Row[];
}

/**
 * The heads of all sessions in one file, brought up to date at each use: folders that came and went are seen in the root, changes of
 * others by the marks that their writers leave. Only readers of the index write it. A page of heads is compared with the files
 * before it is given, so that at worst the index costs time.
 */
export class SessionIndex {
  readonly root: string;
  readonly file: IndexFile;
  #complete: Complete | undefined;
  #catchingUp: Promise<void> | undefined;
  /** What begins when that is over, and whether it looks at every session. */
  #next: Promise<void> | undefined;
  #nextWhole = false;
  #tail: Promise<unknown> = Promise.resolve();

  constructor(root: string) {
    this.root = root;
    this.file = new IndexFile(root);
  }

  /** What `use` makes of the index once it is up to date; `undefined` where it can't be used now. A bad one is made anew, once. */
  async using<T>(use: () => T | Promise<T>): Promise<T | undefined> {
    for (let again = false; ; again = true) {
      try {
        await this.catchUp();
        return await use();
      } catch (error) {
        try {
          if (isNoFault(error) || error instanceof Overtaken || again) return undefined;
          this.file.discard();
        } catch {
          return undefined;
        }
      }
    }
  }

  /** The page that `query` asks for; `undefined` where the index can't be used. */
  page(query: Query | undefined): Promise<Page<SessionHead> | undefined> {
    const plan = planQuery(query);
    return this.using(async () => {
      const page = this.#truePage(plan);
      if (page !== undefined) return page;
      await this.catchUp(true);
      return this.#pageOf(plan).page;
    });
  }

  /** Runs `work` when what was queued before is done, so that no two of one process write at once. */
  queued<T>(work: () => Promise<T>): Promise<T> {
    const next = this.#tail.then(work, work);
    this.#tail = next.catch(() => undefined);
    return next;
  }

  /**
   * Many who ask at once share the work, but none shares what began before they asked: it may have looked before something came that they know
   * of. `whole`: looks at every session, whatever the marks say.
   */
  catchUp(whole = false): Promise<void> {
    if (this.#catchingUp === undefined && this.#next === undefined) return this.#begin(whole);
    this.#nextWhole ||= whole;
    const begin = (): Promise<void> => {
      const all = this.#nextWhole;
      this.#next = undefined;
      this.#nextWhole = false;
      return this.#begin(all);
    };
    return (this.#next ??= (this.#catchingUp ?? Promise.resolve()).then(begin, begin));
  }

  #begin(whole: boolean): Promise<void> {
    return (this.#catchingUp = this.#catchUp(whole).finally(() => (this.#catchingUp = undefined)));
  }

  async #catchUp(whole: boolean): Promise<void> {
    for (let tries = 1; ; tries += 1) {
      try {
        return await this.#catchUpOnce(whole);
      } catch (error) {
        this.#complete = undefined;
        if (!(error instanceof Overtaken) || tries === TRIES) throw error;
      }
    }
  }

  async #catchUpOnce(whole: boolean): Promise<void> {
    const { file, root } = this;
    const version = file.version();
    const place = file.sql('SELECT file, offset FROM place').get() as Place | undefined;
    // Before any session is looked at: what changes from here on leaves a mark behind this place, or another folder.
    const marks = readTouched(root, place);
    const folders = foldersOf(root);
    const complete = this.#complete;
    const holds = complete?.version === version && complete.folders === folders.sig;
    const some = (): Candidates => (holds ? this.#unsure(marks, complete.empty) : this.#compared(marks));
    const { asked, known, gone } = whole || marks.missed ? this.#whole() : some();
    // Logs may have grown, and nothing else tells.
    if (marks.missed) this.#change(version, () => file.sql('UPDATE sessions SET stale = 1').run());
    if (gone.length > 0) this.#change(version, () => gone.forEach((row) => dropRow(file, row)));
    const empty = new Set<string>();
    for (let at = 0; at < asked.length; at += BATCH) {
      const looked: (Look & { id: string })[] = [];
      for (const id of asked.slice(at, at + BATCH)) {
        // Who left a mark may have written twice within one tick of the clock.
        const sure = !marks.missed && !marks.last.has(id);
        looked.push({ id, ...lookAt(root, id, sure ? known.get(id)?.sig : undefined) });
        if (looked.length % PAUSE === 0) await new Promise<void>((done) => void setImmediate(done));
      }
      for (const { id, head } of looked) if (head === undefined) empty.add(id);
      const changed = looked.filter(({ id, head, sig }) => {
        const row = known.get(id);
        if (head === undefined) return row !== undefined;
        return marks.missed || marks.last.has(id) || sig === '' || row?.sig !== sig;
      });
      if (changed.length === 0) continue;
      this.#change(version, () => {
        for (const { id, head, sig } of changed) {
          const mark = marks.last.get(id);
          noteRow(file, id, { head, sig }, mark === undefined ? known.get(id)?.hot === 1 : mark === '+');
        }
      });
    }
    if (place?.file !== marks.next.file || place.offset !== marks.next.offset) {
      this.#change(version, () => {
        file.sql('DELETE FROM place').run();
        file.sql('INSERT INTO place VALUES (?, ?)').run(marks.next.file, marks.next.offset);
      });
    }
    this.#complete = folders.settled ? { version, folders: folders.sig, empty } : undefined;
  }

  /** Where nothing came or went: those that left a mark, and those that may change without one. */
  #unsure(marks: Marks, empty: ReadonlySet<string>): Candidates {
    const known = new Map(unsureRows(this.file).map((row) => [row.id, row]));
    const asked = new Set([...known.keys(), ...empty]);
    for (const id of marks.last.keys()) {
      if (!SESSION_ID.test(id)) continue;
      asked.add(id);
      const row = rowOf(this.file, id);
      if (row !== undefined) known.set(id, row);
    }
    return { asked: [...asked], known, gone: [] };
  }

  /** The same, and those that the index doesn't have: all folders beside all rows. */
  #compared(marks: Marks): Candidates {
    const missing = this.#names();
    const gone: Row[] = [];
    for (const id of everyId(this.file)) {
      if (missing.delete(id)) continue;
      const row = rowOf(this.file, id);
      if (row !== undefined) gone.push(row);
    }
    return { ...this.#unsure(marks, missing), gone };
  }

  /** All folders, whatever marks there are. */
  #whole(): Candidates {
    const names = this.#names();
    const rows = everyRow(this.file);
    return {
      asked: [...names],
      known: new Map(rows.map((row) => [row.id, row])),
      gone: rows.filter(({ id }) => !names.has(id)),
    };
  }

  #names(): Set<string> {
    return new Set(readdirSync(this.root).filter((name) => SESSION_ID.test(name)));
  }

  /** Writes what was seen, unless another process has written since: what it saw may be newer. */
  #change(version: string, work: () => void): void {
    this.file.change(() => {
      if (this.file.version() !== version) throw new Overtaken();
      work();
    });
  }

  #pageOf(plan: QueryPlan): { page: Page<SessionHead>; rows: ReturnType<typeof indexedPage> } {
    const rows = indexedPage(this.file, plan);
    return { page: pageFrom(rows.map(headOf), plan), rows };
  }

  /** The page, unless a session on it is not as the index has it. */
  #truePage(plan: QueryPlan): Page<SessionHead> | undefined {
    const { page, rows } = this.#pageOf(plan);
    const shown = rows.slice(0, page.items.length);
    return shown.every(({ id, sig, head }) => isStill(this.root, id, sig, head)) ? page : undefined;
  }

  headOf(id: string): SessionHead {
    const row = this.file.sql('SELECT id, head FROM sessions WHERE id = ?').get(id) as Parameters<typeof headOf>[0];
    return headOf(row);
  }
}

/** Another process has changed the index while this one looked at the sessions. */
class Overtaken extends Error {}

function headOf(row: { readonly id: string; readonly head: string } | undefined): SessionHead {
  const head = row && parseState(row.head, row.id);
  if (head === undefined) throw new Error('the index holds no head where it did');
  return head;
}

/** Tells whether a folder came or went in the root. `settled`: whatever comes or goes from now on makes it another. */
function foldersOf(root: string): { readonly sig: string; readonly settled: boolean } {
  const { ino, mtimeMs, ctimeMs } = statSync(root);
  const tick = ctimeMs % 1000 === 0 ? SETTLED_MS.coarse : SETTLED_MS.fine;
  return { sig: `${ino} ${mtimeMs} ${ctimeMs}`, settled: Date.now() - ctimeMs > tick };
}
