import type { InboxEntry, Lease, Piece, SessionStorage } from '../contracts/storage.ts';
import { SessionBlobs } from './blobs.ts';
import type { Runtime } from './runtime.ts';

/** The lease, while there is one; `undefined` where the session is saved by hand: nothing lies beside such a session. */
type Held = (() => Lease | undefined) | undefined;

/** What others left for a session. Under its lease. */
class SessionInbox {
  readonly #inbox: SessionStorage['inbox'];
  readonly #lease: Held;

  constructor({ inbox }: SessionStorage, lease: Held) {
    this.#inbox = inbox;
    this.#lease = lease;
  }

  /** Whether others can leave something for it. */
  get isThere(): boolean {
    return this.#inbox !== undefined && this.#lease !== undefined;
  }

  async entries(): Promise<readonly InboxEntry[]> {
    const lease = this.#lease?.();
    return lease === undefined ? [] : ((await this.#inbox?.peek(lease)) ?? []);
  }

  async drop(keys: readonly string[]): Promise<void> {
    const lease = this.#lease?.();
    if (lease !== undefined) await this.#inbox?.drop(lease, keys);
  }
}

/** Partial text of the step in flight, for the case of a crash. A failure costs at most that text, so it is only reported. */
class SessionDraft {
  readonly #draft: SessionStorage['draft'];
  readonly #lease: Held;
  readonly #report: (error: unknown) => void;

  constructor({ draft }: SessionStorage, lease: Held, report: (error: unknown) => void) {
    this.#draft = draft;
    this.#lease = lease;
    this.#report = report;
  }

  async add(piece: Piece): Promise<void> {
    const lease = this.#lease?.();
    if (lease !== undefined) await this.#draft?.add(lease, piece).catch(this.#report);
  }

  async clear(): Promise<void> {
    const lease = this.#lease?.();
    if (lease !== undefined) await this.#draft?.clear(lease).catch(this.#report);
  }
}

/** What a store keeps of a session beside its log. */
export interface Beside {
  readonly blobs: SessionBlobs;
  readonly inbox: SessionInbox;
  readonly draft: SessionDraft;
}

export function besideOf({ storage, report }: Runtime, id: string, lease: Held): Beside {
  return {
    blobs: new SessionBlobs(storage, id, lease),
    inbox: new SessionInbox(storage, lease),
    draft: new SessionDraft(storage, lease, report),
  };
}
