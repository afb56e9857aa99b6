import type { Lease, SessionHead, StoredRecord } from '../contracts/storage.ts';
import type { SessionEvents } from '../contracts/session.ts';
import type { Coded } from '../errors.ts';
import { RepriseError, isCoded } from '../errors.ts';
import type { Rec } from '../records/types.ts';
import { closed, extend } from '../state/extend.ts';
import { headOf } from '../state/head.ts';
import type { State } from '../state/state.ts';
import { EMPTY } from '../state/state.ts';
import { KeyPages } from '../inbox/kept-keys.ts';
import { Emitter } from '../turn/emitter.ts';
import { catchUp, loadState, notFound, readable, records, refold, stateAtCheckpoint, wholeLines } from './load.ts';
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
  readonly keyPages = new KeyPages((seq) => this.#recordAt(seq));
  readonly #runtime: Runtime;
  #state: State;
  #lease: Lease | undefined;
  /** Stored so far; with `autoSave: false` it lags behind the state. */
  #storedSeq: number;
  #unsaved: string[] = [];
  #autoSave: boolean;
  #queue: Promise<unknown> = Promise.resolve();
  #waiting = 0;
  #writing: Promise<unknown> = Promise.resolve();
  #gone = false;
  #lingering: (() => void) | undefined;

  constructor(runtime: Runtime, id: string, state: State, autoSave: boolean) {
    this.id = id;
    this.#runtime = runtime;
    this.#state = state;
    this.#storedSeq = state.seq;
    this.#autoSave = autoSave;
    this.events = new Emitter<SessionEvents>(runtime.report);
    const beside = besideOf(runtime, id, autoSave ? () => this.#lease : undefined);
    ({ blobs: this.blobs, inbox: this.inbox, draft: this.draft } = beside);
  }

  get state(): State {
    return this.#state;
  }

  get head(): SessionHead {
    return headOf(this.id, this.#state);
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
      if (this.#gone) throw notFound(this.id);
      let before = Infinity;
      try {
        await this.#begin();
        before = this.#storedSeq;
        return await work();
      } finally {
        await this.#rest(linger);
        if (this.#storedSeq > before) this.#saved();
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
      const at = isoNow(this.#runtime.clock);
      const extended = extend(this.#state, facts, at);
      const { lines, state } = extended.state.stale === true ? await this.#closed(extended, at, talk) : extended;
      if (this.#autoSave) await this.#store(lines, headOf(this.id, state));
      else this.#unsaved.push(...lines);
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

  /** A checkpoint follows lines that take others back: who comes later need not read all that was read here. */
  async #closed(
    { lines: given, state: stale }: { readonly lines: readonly string[]; readonly state: State },
    at: string,
    talk: State | undefined,
  ): Promise<{ lines: string[]; state: State }> {
    const log = this.records.bind(this, 0, []);
    const first = this.#state.seq + 1;
    const whole = async function* (): AsyncGenerator<StoredRecord> {
      yield* log();
      for (const [i, json] of given.entries()) yield { seq: first + i, json };
    };
    const { line, state } = closed(stale, talk ?? (await refold(whole)), at);
    return { lines: [...given, line], state };
  }

  /** Every record, the newest first. */
  async *recordsBack(damage: Coded[]): AsyncGenerator<StoredRecord> {
    if (this.#gone) throw notFound(this.id);
    const unsaved = this.#unsaved.map((json, i) => ({ seq: this.#storedSeq + 1 + i, json }));
    yield* unsaved.reverse();
    if (this.#storedSeq > 0) yield* records(this.#runtime.storage.read(this.id, { reverse: true }), damage);
  }

  /** The state at a stored checkpoint; `undefined` where it is of no use. */
  async stateAt(checkpoint: number): Promise<State | undefined> {
    if (checkpoint > this.#storedSeq) return undefined;
    return stateAtCheckpoint(this.#runtime.storage, this.id, checkpoint);
  }

  /** Every record after `after`, stored or not yet saved. Damage is noted, its neighbours are given. */
  async *records(after: number, damage: Coded[]): AsyncGenerator<StoredRecord> {
    if (this.#gone) throw notFound(this.id);
    if (this.#storedSeq > after) yield* records(this.#runtime.storage.read(this.id, { after }), damage);
    for (const [i, json] of this.#unsaved.entries()) {
      const seq = this.#storedSeq + 1 + i;
      if (seq > after) yield { seq, json };
    }
  }

  async #recordAt(at: number): Promise<Rec | undefined> {
    const unsaved = this.#unsaved[at - this.#storedSeq - 1];
    if (unsaved !== undefined) return readable({ seq: at, json: unsaved }, []);
    const range = { after: at - 1, before: at + 1 };
    for await (const stored of records(this.#runtime.storage.read(this.id, range), [])) return readable(stored, []);
    return undefined;
  }

  /** Reads what others appended, without a lease. SESSION_NOT_FOUND where they removed the session. */
  async refresh(): Promise<void> {
    // Under the lease nobody else appends, and a turn that runs is not waited for.
    if (this.#lease !== undefined && !this.#gone) return;
    const run = async (): Promise<void> => {
      if (this.#gone) throw notFound(this.id);
      if (this.#lease !== undefined || this.#storedSeq === 0 || this.#unsaved.length > 0) return;
      const head = await this.#runtime.storage.head(this.id);
      if (head === undefined) throw notFound(this.id);
      this.#state = await catchUp(this.#runtime.storage, this.id, this.#state, head.seq, []);
      this.#storedSeq = this.#state.seq;
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
      const copies = this.#autoSave && storage.copy !== undefined && parent.#unsaved.length === 0;
      if (copies && (await this.#copied({ id: parent.id, through }, head))) this.#storedSeq = through;
      else {
        const lines = await wholeLines(parent.records(0, []), through);
        await this.blobs.copyFrom(parent.blobs, lines);
        if (this.#autoSave) await this.#store(lines, head);
        else this.#unsaved = lines;
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
      if (this.#unsaved.length === 0) return this.#saved();
      this.#lease ??= await this.#acquire();
      await this.blobs.save(this.#lease);
      await this.#store(this.#unsaved, this.head);
      this.#unsaved = [];
    });
  }

  /** Ends with the session gone from the store, `before` it what hangs on it; every handle then answers SESSION_NOT_FOUND. */
  async remove(before: () => Promise<void>): Promise<void> {
    await this.exclusive(async () => {
      await before();
      this.#gone = true;
      this.#unsaved = [];
      if (this.#storedSeq > 0) {
        this.#lease ??= await this.#acquire();
        await this.#runtime.storage.remove(this.#lease);
        this.#lease = undefined;
      }
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
    if (head === undefined || head.seq === this.#state.seq) return;
    const { storage } = this.#runtime;
    const damage: Coded[] = [];
    if (head.seq > this.#state.seq) {
      this.#state = await catchUp(storage, this.id, this.#state, head.seq, damage);
      this.#runtime.hubs.find(this.id)?.noticed(head.seq);
    } else {
      // Another log stands in the place of the one that was read: an older copy, or what a purge left.
      const loaded = await loadState(storage, this.id, head);
      this.#state = loaded.state;
      this.keyPages.clear();
      if (loaded.damage !== undefined) damage.push(loaded.damage);
      this.#runtime.hubs.replaced(this.id);
    }
    this.#storedSeq = head.seq;
    for (const { message } of damage) this.events.emit('warning', { message });
  }

  async #acquire(): Promise<Lease> {
    const expect = this.#storedSeq === 0 ? 'new' : 'existing';
    return this.#runtime.storage.acquire(this.id, { owner: this.#runtime.owner, expect });
  }

  async #store(records: readonly string[], head: SessionHead): Promise<void> {
    if (this.#lease === undefined) throw new RepriseError('INTERNAL', 'A record was appended without a lease.');
    const expected = this.#storedSeq;
    await this.#runtime.storage.append(this.#lease, { expected, records, head });
    this.#storedSeq = expected + records.length;
    this.#runtime.hooks.stored(this.id, expected + 1, records);
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
