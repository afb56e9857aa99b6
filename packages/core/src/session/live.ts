import type { Lease, SessionHead, StoredRecord } from '../contracts/storage.ts';
import type { SessionEvents } from '../contracts/session.ts';
import type { Coded } from '../errors.ts';
import { RepriseError, isCoded } from '../errors.ts';
import type { Rec } from '../records/types.ts';
import { headOf } from '../state/head.ts';
import type { State } from '../state/state.ts';
import { EMPTY } from '../state/state.ts';
import { Emitter } from '../turn/emitter.ts';
import { loadState, notFound, wholeLines } from './load.ts';
import { SessionLog } from './log.ts';
import type { Beside } from './beside.ts';
import { besideOf } from './beside.ts';
import type { Runtime } from './runtime.ts';
import { isoNow } from './clock.ts';

/**
 * The one live session behind every handle on an id in this process: its state, its lease while something runs, and the one
 * place where records are appended. Operations run one after the other in the order in which they were asked for.
 */
export class LiveSession {
  readonly id: string;
  readonly events: Emitter<SessionEvents>;
  readonly blobs: Beside['blobs'];
  readonly inbox: Beside['inbox'];
  readonly draft: Beside['draft'];
  readonly #runtime: Runtime;
  #state: State;
  #lease: Lease | undefined;
  readonly #log: SessionLog;
  #autoSave: boolean;
  #queue: Promise<unknown> = Promise.resolve();
  #waiting = 0;
  #writing: Promise<unknown> = Promise.resolve();
  #lingering: (() => void) | undefined;

  constructor(runtime: Runtime, id: string, state: State, autoSave: boolean) {
    this.id = id;
    this.#runtime = runtime;
    this.#state = state;
    this.#log = new SessionLog(runtime.storage, id, state.seq);
    this.#autoSave = autoSave;
    this.events = new Emitter<SessionEvents>(runtime.report);
    const beside = besideOf(runtime, id, autoSave ? () => this.#lease : undefined);
    ({ blobs: this.blobs, inbox: this.inbox, draft: this.draft } = beside);
  }

  get state(): State {
    return this.#state;
  }

  get keyPages(): SessionLog['keyPages'] {
    return this.#log.keyPages;
  }

  get head(): SessionHead {
    return headOf(this.id, this.#state);
  }

  /** The last stored record where nobody else can add one meanwhile: under the lease. */
  get tip(): number | undefined {
    return this.#lease === undefined ? undefined : this.#log.stored;
  }

  /** Whether it was removed through this one. */
  get gone(): boolean {
    return this.#log.gone;
  }

  get autoSave(): boolean {
    return this.#autoSave;
  }

  /**
   * Runs `work` alone, under the lease, on the newest state. SESSION_BUSY at once where work runs in another process. `linger`:
   * keep the lease so many milliseconds for the operation that is about to follow.
   */
  exclusive<T>(work: () => Promise<T>, linger = 0): Promise<T> {
    const run = async (): Promise<T> => {
      this.#waiting -= 1;
      if (this.#log.gone) throw notFound(this.id);
      let before = Infinity;
      try {
        await this.#begin();
        before = this.#log.stored;
        return await work();
      } finally {
        await this.#rest(linger);
        if (this.#log.stored > before) this.#saved();
      }
    };
    this.#waiting += 1;
    const result = this.#queue.then(run, run);
    this.#queue = result.catch(() => undefined);
    return result;
  }

  /**
   * Appends facts: all or none, durable before anybody sees them (unless the session is saved by hand). The state follows. `talk`: the
   * conversation after facts that take others back, where it is known.
   */
  append(given: Rec | readonly Rec[], talk?: State): Promise<State> {
    const facts = Array.isArray(given) ? (given as readonly Rec[]) : [given as Rec];
    const write = async (): Promise<State> => {
      const { lines, state } = await this.#log.linesFor(this.#state, facts, isoNow(this.#runtime.clock), talk);
      if (this.#autoSave) await this.#store(lines, headOf(this.id, state));
      else this.#log.hold(lines);
      const first = this.#state.seq + 1;
      this.#state = state;
      // A checkpoint that follows the facts says nothing new.
      const hub = this.#runtime.hubs.find(this.id);
      for (const [i, { length }] of hub === undefined ? [] : lines.entries())
        hub?.stored({ seq: first + i, record: facts[i], size: length });
      return state;
    };
    const result = this.#writing.then(write, write);
    this.#writing = result.catch(() => undefined);
    return result;
  }

  /** As in `SessionLog.after`. */
  records(after: number, damage: Coded[]): AsyncGenerator<StoredRecord> {
    return this.#log.after(after, damage);
  }

  /** As in `SessionLog.back`. */
  recordsBack(damage: Coded[]): AsyncGenerator<StoredRecord> {
    return this.#log.back(damage);
  }

  /** As in `SessionLog.stateAt`. */
  stateAt(checkpoint: number): Promise<State | undefined> {
    return this.#log.stateAt(checkpoint);
  }

  /** Reads what others appended, without a lease. SESSION_NOT_FOUND where they removed the session. */
  async refresh(): Promise<void> {
    // Under the lease nobody else appends, and a turn that runs is not waited for.
    if (this.#lease !== undefined && !this.#log.gone) return;
    const run = async (): Promise<void> => {
      if (this.#log.gone) throw notFound(this.id);
      if (this.#lease !== undefined || this.#log.stored === 0 || !this.#log.saved) return;
      const head = await this.#runtime.storage.head(this.id);
      if (head === undefined) throw notFound(this.id);
      if (head.createdAt === this.#state.createdAt) this.#state = await this.#log.catchUp(this.#state, head.seq, []);
      else await this.#replace(head, []);
    };
    const result = this.#queue.then(run, run);
    this.#queue = result.catch(() => undefined);
    await result;
  }

  /** Begins this session as a copy of another one's first records, followed by the record that says so. */
  async copyFrom(parent: LiveSession, through: number, state: State, fork: Rec): Promise<void> {
    await this.exclusive(async () => {
      const { storage } = this.#runtime;
      const head = headOf(this.id, state);
      const copies = this.#autoSave && storage.copy !== undefined && parent.#log.saved;
      if (copies && (await this.#copied({ id: parent.id, through }, head))) this.#log.stored = through;
      else {
        const lines = await wholeLines(parent.records(0, []), through);
        await this.blobs.copyFrom(parent.blobs, lines);
        if (this.#autoSave) await this.#store(lines, head);
        else this.#log.hold(lines);
      }
      this.#state = state;
      await this.append(fork);
    });
  }

  /** Lets the store copy. `false` where damage in the source keeps it from that; there is no session then. */
  async #copied(from: { readonly id: string; readonly through: number }, head: SessionHead): Promise<boolean> {
    try {
      await this.#runtime.storage.copy?.(from, this.#lease as Lease, head);
      return true;
    } catch (error) {
      if (isCoded(error) && error.code === 'STORAGE_DAMAGED') return false;
      throw error;
    }
  }

  /** Stores what `autoSave: false` held back, in one batch; with auto-save there is nothing to do. */
  async save(): Promise<void> {
    await this.exclusive(async () => {
      if (this.#log.saved) return this.#saved();
      this.#lease ??= await this.#acquire();
      await this.blobs.save(this.#lease);
      await this.#store([], this.head);
    });
  }

  /** Ends with the session gone from the store, `before` it what hangs on it; every handle then answers SESSION_NOT_FOUND. */
  async remove(before: () => Promise<void>): Promise<void> {
    await this.exclusive(async () => {
      await before();
      if (this.#log.stored > 0) {
        this.#lease ??= await this.#acquire();
        await this.#runtime.storage.remove(this.#lease);
        this.#lease = undefined;
      }
      this.#log.remove();
      this.#runtime.hubs.gone(this.id);
    });
  }

  /** Resolves when what was asked for so far has ended. */
  async idle(): Promise<void> {
    await this.#queue;
  }

  /** A lease kept for the operation that is about to follow is given back. */
  async settleDown(): Promise<void> {
    await this.#queue;
    await this.#release();
  }

  /** Told once for each operation that stored something, and by a `save()` that finds everything stored. */
  #saved(): void {
    this.events.emit('save', { id: this.id, seq: this.#state.seq });
  }

  async #begin(): Promise<void> {
    // Under a lease that was kept nobody else has written.
    if (!this.#autoSave || this.#lease !== undefined) return;
    const { head } = (this.#lease = await this.#acquire());
    if (head === undefined) return;
    const damage: Coded[] = [];
    if (head.seq >= this.#state.seq && head.createdAt === this.#state.createdAt) {
      if (head.seq > this.#state.seq) this.#state = await this.#log.catchUp(this.#state, head.seq, damage);
      // Under the lease nobody looks at the log for those who follow.
      this.#runtime.hubs.find(this.id)?.noticed(head.seq);
    } else await this.#replace(head, damage);
    for (const { message } of damage) this.events.emit('warning', { message });
  }

  /** Another log stands in the place of the one that was read: an older copy, what a purge left, or another session that got this one's id. */
  async #replace(head: SessionHead, damage: Coded[]): Promise<void> {
    this.#state = await this.#log.reload(head, damage);
    this.#runtime.hubs.replaced(this.id);
  }

  async #acquire(): Promise<Lease> {
    const expect = this.#log.stored === 0 ? 'new' : 'existing';
    return this.#runtime.storage.acquire(this.id, { owner: this.#runtime.owner, expect });
  }

  async #store(records: readonly string[], head: SessionHead): Promise<void> {
    if (this.#lease === undefined) throw new RepriseError('INTERNAL', 'A record was appended without a lease.');
    const { first, lines } = await this.#log.store(this.#lease, head, records);
    this.#runtime.hooks.stored(this.id, first, lines);
  }

  /** The lease goes back as soon as nothing waits for it: an idle handle never holds one. */
  async #rest(linger: number): Promise<void> {
    await this.#writing;
    if (this.#waiting > 0) return;
    if (linger === 0) return this.#release();
    this.#lingering?.();
    const late = (): void =>
      void this.exclusive(async () => undefined).catch((error: unknown) => this.#runtime.report(error));
    this.#lingering = this.#runtime.clock.timer(linger, late, { unref: true });
  }

  async #release(): Promise<void> {
    const lease = this.#lease;
    this.#lease = undefined;
    this.#lingering?.();
    this.#lingering = undefined;
    await lease?.release().catch((error: unknown) => this.#runtime.report(error));
  }
}

/** A session that has no record yet. */
export function unborn(runtime: Runtime, id: string, autoSave: boolean): LiveSession {
  return new LiveSession(runtime, id, EMPTY, autoSave);
}

/** A session as the store has it, with the damage met on the way. SESSION_NOT_FOUND. */
export async function openLive(
  runtime: Runtime,
  id: string,
  autoSave: boolean,
): Promise<{ readonly live: LiveSession; readonly damage?: Coded }> {
  const head = await runtime.storage.head(id);
  if (head === undefined) throw notFound(id);
  const { state, ...damage } = await loadState(runtime.storage, id, head);
  return { live: new LiveSession(runtime, id, state, autoSave), ...damage };
}
