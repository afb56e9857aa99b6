import { closeSync, linkSync, readdirSync, renameSync, rmdirSync, rmSync } from 'node:fs';
import type { SessionHead } from '@reprise/core';
import { Draft } from './draft.ts';
import { fenced, storageError } from './errors.ts';
import {
  makeFolder,
  openExisting,
  readSmall,
  replaceFile,
  replaceFileSync,
  statOf,
  syncFolder,
  syncFolderSync,
  writeOver,
} from './files.ts';
import { metadataText, parseMetadata, readState, stateFile } from './head-file.ts';
import type { Lock } from './lock.ts';
import { LogWriter, logText } from './log-writer.ts';
import { plainRecords } from './plain.ts';
import { atTip, recoverHead } from './recover-head.ts';
import { holdsSession } from './session-folder.ts';
import { touch } from './touched.ts';

/** Where a session is. */
export interface Place {
  readonly id: string;
  readonly root: string;
  readonly folder: string;
}

/** What a lease stands for: the lock, the log open for appending, and the small files. Whatever changes them is done `inTurn`. */
export class SessionWriter {
  readonly place: Place;
  readonly draft: Draft;
  readonly #lock: Lock;
  #log: LogWriter | undefined;
  #head: SessionHead | undefined;
  /** The small files as they were last written. */
  #metadata = '';
  #state = '';
  /** Where this lease left its mark. */
  #touched: string | undefined;
  /** The work asked for last, while it is not done; never rejects. */
  #last: Promise<unknown> | undefined;
  #ended = false;

  private constructor(place: Place, lock: Lock, log: LogWriter | undefined) {
    this.place = place;
    this.#lock = lock;
    this.#log = log;
    this.draft = new Draft(place.folder);
  }

  /** For a session that is there, else `undefined`: cuts a torn tail and brings the head to the log's tip. */
  static existing(place: Place, lock: Lock): SessionWriter | undefined {
    const { folder, id } = place;
    const text = readSmall(`${folder}/metadata.json`);
    const metadata = parseMetadata(text, id);
    if (metadata === undefined && !holdsSession(folder, id)) return undefined;
    if (metadata?.format === undefined) convertPlain(folder, id);
    const log = LogWriter.open(folder) ?? LogWriter.create(`${folder}/messages.json`);
    const writer = new SessionWriter(place, lock, log);
    writer.#metadata = text ?? '';
    const state = readState(folder, id);
    if (state !== undefined) {
      writer.#state = stateFile(state);
      writer.#head = atTip(state, log.tip);
    } else {
      const fd = openExisting(`${folder}/messages.json`, 'read') as number;
      try {
        writer.#head = recoverHead(id, metadata, fd);
      } finally {
        closeSync(fd);
      }
    }
    return writer;
  }

  /** For a new session. What a half-made one left is removed; bytes of a log are put aside and never destroyed. */
  static fresh(place: Place, lock: Lock): SessionWriter {
    const { folder } = place;
    if ((statOf(`${folder}/messages.json`)?.size ?? 0) > 0) {
      makeFolder(`${folder}/damaged`);
      renameSync(`${folder}/messages.json`, `${folder}/damaged/unfinished-${lock.epoch}`);
    }
    empty(folder, ['lock', 'holder', 'damaged']);
    return new SessionWriter(place, lock, undefined);
  }

  get epoch(): number {
    return this.#lock.epoch;
  }

  /** The head as last handed over, at the log's tip; `undefined` before the first append. */
  get head(): SessionHead | undefined {
    return this.#head;
  }

  get tip(): number {
    return this.#log?.tip ?? 0;
  }

  /** FENCED where the lease ended while its work waited for its turn. */
  assertHeld(): void {
    if (this.#ended) throw fenced(this.place.id);
  }

  /** Does `work` behind all that was asked for before, and at once where that is done. */
  inTurn<T>(work: () => T | Promise<T>): Promise<T> {
    const result = this.#last === undefined ? (async () => work())() : this.#last.then(work);
    const done = result.then(
      () => undefined,
      () => undefined,
    );
    this.#last = done;
    void done.then(() => {
      if (this.#last === done) this.#last = undefined;
    });
    return result;
  }

  /** Appends and remembers the head. The first append makes the session: all its files and names are durable once resolved. */
  async append(records: readonly string[], given: SessionHead): Promise<void> {
    const head = structuredClone(given);
    const log = this.#log;
    if (log === undefined) {
      return this.begin(head, async (path) => {
        const made = LogWriter.create(path);
        try {
          await made.append(records);
          return made;
        } catch (error) {
          made.close();
          throw error;
        }
      });
    }
    await this.#touch();
    if (records.length > 0) await log.append(records);
    const checkpoint = this.#head?.checkpoint;
    this.#head = head;
    // A crash may cost the head its counts, but a resume should never start from an old checkpoint.
    if (records.length === 0 || head.checkpoint !== checkpoint) await this.#saveQuietly();
  }

  /** Makes the session from the log that `make` writes. On any failure there is no session afterwards. */
  async begin(given: SessionHead, make: (path: string) => LogWriter | Promise<LogWriter>): Promise<void> {
    const head = structuredClone(given);
    const { folder, root } = this.place;
    const path = `${folder}/messages.json`;
    let log: LogWriter | undefined;
    await this.#touch();
    try {
      log = await make(path);
      this.#head = head;
      await this.#saveState();
      // The last file: with it the folder counts as a session, so all that it promises is on disk before.
      await syncFolder(folder);
      await this.#saveMetadata();
      await syncFolder(root);
    } catch (error) {
      log?.close();
      this.#head = undefined;
      this.#state = this.#metadata = '';
      for (const name of ['metadata.json', 'state.json', 'messages.json']) rmSync(`${folder}/${name}`, { force: true });
      throw storageError(error, `make session ${this.place.id}`);
    }
    this.#log = log;
  }

  /** Puts the log at `temporary` in the place of the present one, in one step; that one stays at `keep` where that is given. */
  async replaceLog(temporary: string, given: SessionHead, keep?: string): Promise<void> {
    const head = structuredClone(given);
    const { folder, id } = this.place;
    const path = `${folder}/messages.json`;
    const old = this.#log as LogWriter;
    await this.#touch();
    try {
      old.assertOurs();
      if (keep !== undefined) linkSync(path, keep);
      // A stored head must never lead the log: until the new one is stored there is none, and readers derive it.
      this.#state = '';
      rmSync(`${folder}/state.json`, { force: true });
      await syncFolder(folder);
      renameSync(temporary, path);
    } catch (error) {
      await this.#saveQuietly();
      throw storageError(error, `rewrite session ${id}`);
    }
    this.#head = head;
    try {
      this.#log = LogWriter.open(folder) as LogWriter;
      old.close();
      await syncFolder(folder);
    } catch (error) {
      // Which of the two logs a power cut would leave is unknown, so only a new lease, which looks, may go on.
      this.#log?.fail(error);
      throw storageError(error, `rewrite session ${id}`);
    }
    await this.#saveQuietly();
  }

  /** Tells the readers of an index that this session changes. There may be none yet, or new ones, so it is asked each time. */
  async #touch(): Promise<void> {
    this.#touched = await touch(this.place.root, this.place.id, '+', this.#touched);
  }

  /** Writes what changed of the small files. They can be rebuilt from the log, so a failure here loses nothing. */
  async #saveQuietly(): Promise<void> {
    try {
      await this.#saveState();
      await this.#saveMetadata();
    } catch {
      // Tried again at the next change and at release; until then the stored head lags, as after a crash.
    }
  }

  async #saveState(): Promise<void> {
    const text = stateFile(this.#head as SessionHead);
    if (text === this.#state) return;
    const path = `${this.place.folder}/state.json`;
    // Where that fails, what the file holds is not certain: a new one may still be had.
    const isOver = await writeOver(path, text).catch(() => false);
    if (!isOver) await replaceFile(path, text);
    this.#state = text;
  }

  async #saveMetadata(): Promise<void> {
    const text = metadataText(this.#head as SessionHead);
    if (text === this.#metadata) return;
    await replaceFile(`${this.place.folder}/metadata.json`, text);
    await syncFolder(this.place.folder);
    this.#metadata = text;
  }

  /** Stores the head and frees the lock. A session that was never begun leaves nothing. */
  async release(): Promise<void> {
    // It was removed meanwhile, and another may stand in its place.
    if (this.#ended) return;
    try {
      if (this.#log !== undefined) {
        await this.#saveQuietly();
        await touch(this.place.root, this.place.id, '-');
      } else {
        empty(this.place.folder, ['damaged']);
        rmdirSync(this.place.folder);
      }
    } catch {
      // What is left of the folder is half made and blocks nobody.
    } finally {
      this.#end();
    }
  }

  /** Lets go without a word to the files, which somebody else has changed or which are gone. */
  abandon(): void {
    this.#end();
  }

  #end(): void {
    this.#ended = true;
    this.draft.close();
    this.#log?.close();
    this.#log = undefined;
    this.#lock.free();
  }
}

/** A hand-written log becomes one of ours in one step, before its first writer; the original stays beside it. */
function convertPlain(folder: string, id: string): void {
  const records = plainRecords(folder, id);
  if (records === undefined) return;
  const path = `${folder}/messages.json`;
  const original = `${folder}/messages.original.json`;
  if (statOf(original) === undefined) linkSync(path, original);
  replaceFileSync(path, logText(records));
  syncFolderSync(folder);
}

function empty(folder: string, except: readonly string[]): void {
  for (const name of readdirSync(folder)) {
    if (!except.includes(name)) rmSync(`${folder}/${name}`, { recursive: true, force: true });
  }
}
