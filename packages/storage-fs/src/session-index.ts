import { readdirSync } from 'node:fs';
import { pageOfHeads, SESSION_ID, type Page, type Query, type SessionHead } from '@reprise/core';
import { parseState, stateText } from './head-file.ts';
import { IndexFile, isBusy } from './index-file.ts';
import { statOf } from './files.ts';
import { listedIn, quickHeadIn } from './session-folder.ts';
import { readTouched, type Place } from './touched.ts';

/** Sessions noted in one transaction, which costs two syncs whatever it holds. */
const BATCH = 1024;
/** Sessions between two looks at the event loop: about 2 ms of reading. */
const PAUSE = 64;

/** What the index says of a session. */
export interface Row {
  readonly n: number;
  readonly id: string;
  readonly sig: string;
  readonly hot: number;
}

/**
 * The heads of all sessions in one file, brought up to date at each use: folders that came and went are seen in the root, changes of
 * others by the marks that their writers leave. Only readers of the index write it. A page of heads is compared with the files
 * before it is given, so that at worst the index costs time.
 */
export class SessionIndex {
  readonly root: string;
  readonly file: IndexFile;
  #catchingUp: Promise<void> | undefined;
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
          if (isBusy(error) || again) return undefined;
          this.file.discard();
        } catch {
          return undefined;
        }
      }
    }
  }

  /** The page that `query` asks for; `undefined` where the index can't be used. */
  page(query: Query | undefined): Promise<Page<SessionHead> | undefined> {
    return this.using(async () => {
      const page = this.#pageOf(query);
      if (this.#isTrue(page.items)) return page;
      await this.catchUp(true);
      return this.#pageOf(query);
    });
  }

  /** Runs `work` when what was queued before is done, so that no two of one process write at once. */
  queued<T>(work: () => Promise<T>): Promise<T> {
    const next = this.#tail.then(work, work);
    this.#tail = next.catch(() => undefined);
    return next;
  }

  /** Many who ask at once share the work. `whole`: looks at every session, whatever the marks say. */
  async catchUp(whole = false): Promise<void> {
    if (whole) await this.#catchingUp?.catch(() => undefined);
    this.#catchingUp ??= this.#catchUp(whole).finally(() => (this.#catchingUp = undefined));
    await this.#catchingUp;
  }

  async #catchUp(whole: boolean): Promise<void> {
    const place = this.file.sql('SELECT file, offset FROM place').get() as Place | undefined;
    // Before any session is looked at: what changes from here on leaves a mark behind this place.
    const marks = readTouched(this.root, place);
    const names = new Set(readdirSync(this.root).filter((name) => SESSION_ID.test(name)));
    const rows = this.file.sql('SELECT n, id, sig, hot FROM sessions').all() as unknown as Row[];
    const known = new Map(rows.map((row) => [row.id, row]));
    const gone = rows.filter(({ id }) => !names.has(id));
    const asked = [...names].filter((id) => {
      const row = known.get(id);
      return whole || marks.missed || !row || row.hot === 1 || row.sig === '' || marks.last.has(id);
    });
    if (gone.length > 0) this.file.change(() => gone.forEach((row) => this.#drop(row)));
    for (let at = 0; at < asked.length; at += BATCH) {
      const some = asked.slice(at, at + BATCH);
      const looked: ({ id: string } & ReturnType<typeof lookAt>)[] = [];
      for (const id of some) {
        looked.push({ id, ...lookAt(this.root, id, known.get(id)?.sig) });
        if (looked.length % PAUSE === 0) await new Promise<void>((done) => void setImmediate(done));
      }
      const changed = looked.filter(({ id, head, sig }) => {
        const row = known.get(id);
        if (head === undefined) return row !== undefined;
        return marks.last.has(id) || sig === '' || row?.sig !== sig;
      });
      if (changed.length > 0) {
        this.file.change(() => {
          for (const { id, head, sig } of changed) {
            const mark = marks.last.get(id);
            const hot = mark === undefined ? known.get(id)?.hot === 1 : mark === '+';
            this.#note(id, head, sig, hot);
          }
        });
      }
    }
    if (place?.file === marks.next.file && place.offset === marks.next.offset) return;
    this.file.change(() => {
      this.file.sql('DELETE FROM place').run();
      this.file.sql('INSERT INTO place VALUES (?, ?)').run(marks.next.file, marks.next.offset);
    });
  }

  /** `head`: `null` where the one that is known still holds. */
  #note(id: string, head: SessionHead | null | undefined, sig: string, hot: boolean): void {
    if (head === undefined) {
      const row = this.file.sql('SELECT n FROM sessions WHERE id = ?').get(id) as Row | undefined;
      if (row !== undefined) this.#drop(row);
      return;
    }
    if (head === null) {
      this.file.sql('UPDATE sessions SET hot = ?, stale = 1 WHERE id = ?').run(Number(hot), id);
      return;
    }
    this.file
      .sql(
        `INSERT INTO sessions(id, head, sig, hot, created, last, cwd, model, status, parent, spawned)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
         ON CONFLICT(id) DO UPDATE SET head = excluded.head, sig = excluded.sig, hot = excluded.hot, created = excluded.created,
           last = excluded.last, cwd = excluded.cwd, model = excluded.model, status = excluded.status, parent = excluded.parent,
           spawned = excluded.spawned,
           stale = 1`,
      )
      .run(
        ...[id, stateText(head), sig, Number(hot), head.createdAt, head.lastMessage, head.cwd ?? null, head.model],
        ...[head.status, head.parent?.id ?? null, Number(head.parent?.kind === 'spawn')],
      );
  }

  #drop(row: { readonly n: number }): void {
    this.dropTexts(row.n);
    this.file.sql('DELETE FROM sessions WHERE n = ?').run(row.n);
  }

  /** Forgets the words of a session. */
  dropTexts(n: number): void {
    this.file.sql('DELETE FROM words WHERE rowid IN (SELECT rowid FROM texts WHERE n = ?)').run(n);
    this.file.sql('DELETE FROM texts WHERE n = ?').run(n);
  }

  #pageOf(query: Query | undefined): Page<SessionHead> {
    const rows = this.file.sql('SELECT id, created, last, cwd, model, status, parent, spawned FROM sessions').all();
    const whole = query?.where?.tag !== undefined;
    const page = pageOfHeads(
      rows.map((row) => (whole ? this.headOf(String(row.id)) : lightHead(row))),
      query,
    );
    return { ...page, items: page.items.map(({ id }) => this.headOf(id)) };
  }

  headOf(id: string): SessionHead {
    const row = this.file.sql('SELECT head FROM sessions WHERE id = ?').get(id) as { head: string } | undefined;
    const head = parseState(row?.head, id);
    if (head === undefined) throw new Error('the index holds no head where it did');
    return head;
  }

  #isTrue(heads: readonly SessionHead[]): boolean {
    const find = this.file.sql('SELECT sig, head FROM sessions WHERE id = ?');
    return heads.every(({ id }) => {
      const { sig, head } = find.get(id) as { sig: string; head: string };
      if (sig !== '') return sig === signature(this.root, id);
      const now = lookAt(this.root, id, undefined).head;
      return now !== undefined && now !== null && stateText(now) === head;
    });
  }
}

/** What a listing filters and orders by, without the price of the rest. */
function lightHead(row: Record<string, unknown>): SessionHead {
  const { id, created, last, cwd, model, status, parent } = row as Record<string, string | null>;
  const kind = row['spawned'] === 1 ? { kind: 'spawn' } : {};
  return {
    ...{ id, createdAt: created, lastMessage: last, model, status, cwd: cwd ?? undefined },
    ...(parent === null ? {} : { parent: { id: parent, ...kind } }),
  } as unknown as SessionHead;
}

/** A session's head and its signature; a head of `null` where the signature is still `sig`. */
function lookAt(
  root: string,
  id: string,
  sig: string | undefined,
): { head: SessionHead | null | undefined; sig: string } {
  const now = signature(root, id);
  if (now !== '' && now === sig) return { head: null, sig };
  try {
    const head = quickHeadIn(`${root}/${id}`, id);
    // Only what was read from that very file has its signature.
    if (head !== undefined) return { head, sig: now };
    return { head: listedIn(`${root}/${id}`, id), sig: '' };
  } catch {
    return { head: undefined, sig: '' };
  }
}

/** Tells one `state.json` from another, since each is a new file; empty where there is none. */
function signature(root: string, id: string): string {
  const stat = statOf(`${root}/${id}/state.json`);
  return stat === undefined ? '' : `${stat.ino} ${stat.size} ${stat.mtimeMs} ${stat.ctimeMs}`;
}
