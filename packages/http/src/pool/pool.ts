import { RepriseError } from '@reprise/core';
import type { Clock, Session, Sessions, Turn } from '@reprise/core';
import type { Limits } from '../options.ts';
import { Slots } from './slots.ts';

interface Kept {
  readonly session: Session;
  usedAt: number;
}

/** How a turn is begun. */
export interface Begin {
  /** Done once there is a place, before the turn begins: what must not be done for one that is refused. */
  readonly first?: (() => Promise<void>) | undefined;
  /** Bytes that it takes while it waits for its place. */
  readonly size?: number;
}

/** Told of each turn as it is asked for. Must not throw. */
export type Observe = (turn: Turn, session: Session | undefined) => void;

/**
 * The sessions that requests work on. They are opened when they are asked for, kept for those who come back, and let go once idle or too many;
 * leases are the engine's, taken for each turn. Turns wait here for one of the places in which they run.
 */
export class Pool {
  readonly slots: Slots;
  readonly #sessions: Sessions;
  readonly #clock: Clock;
  readonly #limits: Limits;
  /** The least recently used first. */
  readonly #kept = new Map<string, Kept>();
  readonly #turns = new Set<Turn>();
  #cancelSweep: (() => void) | undefined;
  #closing = false;

  readonly #observe: Observe;

  constructor(sessions: Sessions, clock: Clock, limits: Limits, observe: Observe = () => undefined) {
    this.#observe = observe;
    this.#sessions = sessions;
    this.#clock = clock;
    this.#limits = limits;
    this.slots = new Slots(limits, clock);
  }

  /** Sessions that are kept open, and turns that wait or run. */
  get load(): { readonly sessions: number; readonly running: number; readonly waiting: number } {
    return { sessions: this.#kept.size, running: this.slots.running, waiting: this.slots.waiting };
  }

  /** The session, open. SESSION_NOT_FOUND. */
  async open(id: string): Promise<Session> {
    const session = await this.#sessions.resume(id);
    this.keep(session);
    return session;
  }

  /** The same for work that takes the lease, and so learns by itself what others did since: SESSION_NOT_FOUND may come later. */
  async toWork(id: string): Promise<Session> {
    const kept = this.#kept.get(id)?.session;
    if (kept === undefined) return this.open(id);
    this.keep(kept);
    return kept;
  }

  keep(session: Session): void {
    this.#kept.delete(session.id);
    this.#kept.set(session.id, { session, usedAt: this.#clock.now() });
    while (this.#kept.size > this.#limits.openSessions) this.#kept.delete(this.#kept.keys().next().value as string);
    this.#sweepLater();
  }

  forget(id: string): void {
    this.#kept.delete(id);
  }

  /** Whether a turn runs or waits on the session, here. */
  isBusy(id: string): boolean {
    return this.slots.isBusy(id);
  }

  /** Starts a turn once there is a place for it, which it holds to its end. RATE_LIMIT where too many wait, ABORTED while the server stops. */
  async turn(id: string, start: () => Turn, signal: AbortSignal, { first, size }: Begin = {}): Promise<Turn> {
    this.refuseIfClosing();
    const free = await this.slots.enter(id, signal, size);
    try {
      this.refuseIfClosing();
      await first?.();
    } catch (error) {
      free();
      throw error;
    }
    return this.#run(id, free, start);
  }

  /** Starts a turn that waits for the one that runs on the session, or becomes part of it. RATE_LIMIT where too many do. */
  async beside(id: string, start: () => Turn): Promise<Turn> {
    this.refuseIfClosing();
    return this.#run(id, this.slots.beside(id), start);
  }

  #run(id: string, free: () => void, start: () => Turn): Turn {
    try {
      this.refuseIfClosing();
      const turn = start();
      this.#turns.add(turn);
      this.#observe(turn, this.#kept.get(id)?.session);
      void turn.outcome().then(() => {
        this.#turns.delete(turn);
        free();
      });
      return turn;
    } catch (error) {
      free();
      throw error;
    }
  }

  refuseIfClosing(): void {
    if (!this.#closing) return;
    throw new RepriseError('OVERLOADED', 'The server is stopping and takes no new work.', {
      hint: 'Send it again when the server is back.',
      retryAt: new Date(this.#clock.now() + 5000).toISOString(),
    });
  }

  /** No new turns; those that run are ended with what they have. */
  async close(reason: string): Promise<void> {
    this.#closing = true;
    this.slots.close();
    this.#cancelSweep?.();
    this.#cancelSweep = undefined;
    await Promise.all([...this.#turns].map((turn) => turn.abort(reason)));
    this.#kept.clear();
  }

  #sweepLater(): void {
    if (this.#closing) return;
    this.#cancelSweep ??= this.#clock.timer(this.#limits.idleMs, () => this.#sweep(), { unref: true });
  }

  #sweep(): void {
    this.#cancelSweep = undefined;
    const old = this.#clock.now() - this.#limits.idleMs;
    for (const [id, { usedAt }] of this.#kept) {
      if (usedAt > old) break;
      if (this.isBusy(id)) continue;
      this.#kept.delete(id);
    }
    if (this.#kept.size > 0) this.#sweepLater();
  }
}
