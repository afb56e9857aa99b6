import { renameSync, rmSync } from 'node:fs';
import { assertSessionId, RepriseError, type Lease, type Owner } from '@reprise/core';
import { attempt, fenced, guarded } from './errors.ts';
import { isFolder, makeFolder, syncFolder } from './files.ts';
import { takeLock, type Lock } from './lock.ts';
import type { Root } from './root.ts';
import { holdsSession } from './session-folder.ts';
import { SessionWriter, type Place } from './session-writer.ts';

/** Removals and creations by others that one `acquire` works around before it gives up. */
const TRIES = 5;

type Prepare = (place: Place, lock: Lock) => void;

/** The sessions of one root, and the leases that this instance holds on them. */
export class Leases {
  readonly #root: Root;
  readonly #now: () => number;
  readonly #writers = new Map<Lease, SessionWriter>();
  /** What ends leases, while it is not done: whoever ends one again waits for the same. Never rejects. */
  readonly #ending = new Map<Lease, Promise<void>>();
  #closed = false;
  #removed = 0;

  constructor(root: Root, now: () => number) {
    this.#root = root;
    this.#now = now;
  }

  /** The folder of `id` if it holds a session. */
  find(id: string): string | undefined {
    const folder = this.folder(id);
    return folder !== undefined && guarded(`look at session ${id}`, () => holdsSession(folder, id))
      ? folder
      : undefined;
  }

  /** The folder of `id`; SESSION_NOT_FOUND when it holds no session. */
  session(id: string): string {
    const folder = this.find(id);
    if (folder === undefined) throw notFound(id);
    return folder;
  }

  /** Where `id` is or would be; `undefined` while there is no root. */
  folder(id: string): string | undefined {
    const root = this.root();
    assertSessionId(id);
    return root === undefined ? undefined : `${root}/${id}`;
  }

  root(): string | undefined {
    if (this.#closed) {
      throw new RepriseError('STORAGE_FAILED', 'this storage was closed', { hint: 'Make a new one.' });
    }
    return this.#root.find();
  }

  /** The writer behind a live lease of this instance, else FENCED. */
  writer(lease: Lease): SessionWriter {
    this.root();
    const writer = this.#writers.get(lease);
    if (writer !== undefined) return writer;
    throw fenced(lease.id);
  }

  /** `prepare` is called under the lock, before the log of an existing session is opened. */
  acquire(id: string, owner: Owner, expect: 'new' | 'existing', prepare?: Prepare): Lease {
    this.folder(id);
    return guarded(`acquire session ${id}`, () => {
      for (let tries = 0; tries < TRIES; tries += 1) {
        const lease = expect === 'new' ? this.#new(id, owner) : this.#existing(id, owner, prepare);
        if (lease !== undefined) return lease;
      }
      throw new RepriseError('SESSION_BUSY', `session ${id} is being made and removed by others`, {
        hint: 'Try again.',
        details: { holder: { name: 'unknown' } },
      });
    });
  }

  #existing(id: string, owner: Owner, prepare?: Prepare): Lease | undefined {
    const folder = this.session(id);
    return this.#locked({ id, root: this.root() as string, folder }, owner, (place, lock) => {
      if (prepare !== undefined && holdsSession(folder, id)) prepare(place, lock);
      const writer = SessionWriter.existing(place, lock);
      if (writer === undefined) throw notFound(id);
      return writer;
    });
  }

  #new(id: string, owner: Owner): Lease | undefined {
    const root = this.#root.make();
    const folder = `${root}/${id}`;
    const assertFree = (): void => {
      if (!holdsSession(folder, id)) return;
      throw new RepriseError('SESSION_EXISTS', `session ${id} exists already`, {
        hint: 'Choose another id, or resume it.',
      });
    };
    if (isFolder(folder)) assertFree();
    makeFolder(folder);
    return this.#locked({ id, root, folder }, owner, (place, lock) => {
      assertFree();
      return SessionWriter.fresh(place, lock);
    });
  }

  #locked(place: Place, owner: Owner, open: (place: Place, lock: Lock) => SessionWriter): Lease | undefined {
    const lock = takeLock(place.folder, place.id, owner, this.#now);
    if (lock === undefined) return undefined;
    try {
      const writer = open(place, lock);
      const lease: Lease = {
        id: place.id,
        epoch: lock.epoch,
        head: writer.head,
        lost: new AbortController().signal,
        release: () => this.#release(lease, writer),
      };
      this.#writers.set(lease, writer);
      return lease;
    } catch (error) {
      lock.free();
      throw error;
    }
  }

  /** What is asked for from now on is refused; what was asked for before is done first. */
  #release(lease: Lease, writer: SessionWriter): Promise<void> {
    if (!this.#writers.delete(lease)) return this.#ending.get(lease) ?? Promise.resolve();
    return this.#ends(
      lease,
      writer.inTurn(() => writer.release()),
    );
  }

  /** Resolves once `work` is over, however it went. */
  #ends(lease: Lease, work: Promise<void>): Promise<void> {
    const over = Promise.allSettled([this.#ending.get(lease), work]).then(() => {
      if (this.#ending.get(lease) === over) this.#ending.delete(lease);
    });
    this.#ending.set(lease, over);
    return over;
  }

  /** Takes the folder out of sight in one step, then deletes it; a crash between leaves only what no reader sees. */
  async remove(lease: Lease): Promise<void> {
    const writer = this.writer(lease);
    const removed = writer.inTurn(async () => {
      writer.assertHeld();
      if (writer.head !== undefined) return attempt(`remove session ${lease.id}`, () => this.#remove(lease, writer));
      this.#writers.delete(lease);
      await writer.release();
    });
    await this.#ends(lease, removed);
    await removed;
  }

  async #remove(lease: Lease, writer: SessionWriter): Promise<void> {
    const { root, folder, id } = writer.place;
    this.#removed += 1;
    const trash = `${root}/.trash-${id}-${this.#now()}-${process.pid}-${this.#removed}`;
    renameSync(folder, trash);
    this.#writers.delete(lease);
    writer.abandon();
    await syncFolder(root);
    try {
      rmSync(trash, { recursive: true, force: true });
    } catch {
      // Gone for every reader; what is left of it is only waste.
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const [lease, writer] of [...this.#writers]) void this.#release(lease, writer);
    await Promise.all(this.#ending.values());
  }
}

function notFound(id: string): RepriseError {
  return new RepriseError('SESSION_NOT_FOUND', `there is no session ${id}`, {
    hint: 'See what there is with: reprise session list',
  });
}
