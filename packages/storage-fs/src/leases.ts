import { renameSync, rmSync } from 'node:fs';
import { assertSessionId, RepriseError, type Lease, type Owner } from '@reprise/core';
import { guarded } from './errors.ts';
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
    throw new RepriseError('FENCED', `the lease on session ${lease.id} has ended`, { hint: 'Acquire it again.' });
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
      if (!holdsSession(folder, id)) throw notFound(id);
      prepare?.(place, lock);
      return SessionWriter.existing(place, lock);
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
        release: async () => this.#end(lease, () => writer.release()),
      };
      this.#writers.set(lease, writer);
      return lease;
    } catch (error) {
      lock.free();
      throw error;
    }
  }

  #end(lease: Lease, how: () => void): void {
    if (this.#writers.delete(lease)) how();
  }

  /** Takes the folder out of sight in one step, then deletes it; a crash between leaves only what no reader sees. */
  remove(lease: Lease): void {
    const writer = this.writer(lease);
    const { root, folder, id } = writer.place;
    if (writer.head === undefined) {
      this.#end(lease, () => writer.release());
      return;
    }
    guarded(`remove session ${id}`, () => {
      this.#removed += 1;
      const trash = `${root}/.trash-${id}-${this.#now()}-${process.pid}-${this.#removed}`;
      renameSync(folder, trash);
      this.#end(lease, () => writer.abandon());
      syncFolder(root);
      try {
        rmSync(trash, { recursive: true, force: true });
      } catch {
        // Gone for every reader; what is left of it is only waste.
      }
    });
  }

  close(): void {
    for (const [lease, writer] of [...this.#writers]) this.#end(lease, () => writer.release());
    this.#closed = true;
  }
}

function notFound(id: string): RepriseError {
  return new RepriseError('SESSION_NOT_FOUND', `there is no session ${id}`, {
    hint: 'See what there is with: reprise session list',
  });
}
