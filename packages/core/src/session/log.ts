import type { Lease, SessionHead, SessionStorage, StoredRecord } from '../contracts/storage.ts';
import type { Coded } from '../errors.ts';
import { KeyPages } from '../inbox/kept-keys.ts';
import type { Rec } from '../records/types.ts';
import { closed, extend } from '../state/extend.ts';
import type { State } from '../state/state.ts';
import { catchUp, loadState, notFound, readable, records, refold, stateAtCheckpoint } from './load.ts';

/** The records of one session: those that are stored, and behind them those that a session which is saved by hand (`autoSave: false`) holds back. */
export class SessionLog {
  readonly keyPages = new KeyPages((seq) => this.#at(seq));
  /** Number of the last stored record, as far as is known. */
  stored: number;
  /** The session was removed; whoever reads gets SESSION_NOT_FOUND. */
  gone = false;
  #unsaved: string[] = [];
  readonly #storage: SessionStorage;
  readonly #id: string;

  constructor(storage: SessionStorage, id: string, stored: number) {
    this.#storage = storage;
    this.#id = id;
    this.stored = stored;
  }

  /** Whether nothing is held back. */
  get saved(): boolean {
    return this.#unsaved.length === 0;
  }

  /** Every record after `after`. Damage is noted, its neighbours are given. */
  async *after(after: number, damage: Coded[]): AsyncGenerator<StoredRecord> {
    if (this.gone) throw notFound(this.#id);
    if (this.stored > after) yield* records(this.#storage.read(this.#id, { after }), damage);
    for (const held of this.#held()) if (held.seq > after) yield held;
  }

  /** Every record, the newest first. */
  async *back(damage: Coded[]): AsyncGenerator<StoredRecord> {
    if (this.gone) throw notFound(this.#id);
    yield* this.#held().reverse();
    if (this.stored > 0) yield* records(this.#storage.read(this.#id, { reverse: true }), damage);
  }

  /** The state at a stored checkpoint; `undefined` where it is of no use. */
  async stateAt(checkpoint: number): Promise<State | undefined> {
    return checkpoint > this.stored ? undefined : stateAtCheckpoint(this.#storage, this.#id, checkpoint);
  }

  /** The state after what others have appended up to record `tip`. */
  async catchUp(state: State, tip: number, damage: Coded[]): Promise<State> {
    const next = await catchUp(this.#storage, this.#id, state, tip, damage);
    this.stored = next.seq;
    return next;
  }

  /** The state where another log stands in the place of the one that was read. */
  async reload(head: SessionHead, damage: Coded[]): Promise<State> {
    const loaded = await loadState(this.#storage, this.#id, head);
    if (loaded.damage !== undefined) damage.push(loaded.damage);
    this.stored = loaded.state.seq;
    this.keyPages.clear();
    return loaded.state;
  }

  /**
   * What is appended for new facts, and the state after it. A checkpoint follows lines that take others back: who comes later need not read all that
   * was read here. `talk`: the conversation after such facts, where it is known.
   */
  async linesFor(
    before: State,
    facts: readonly Rec[],
    at: string,
    talk: State | undefined,
  ): Promise<{ readonly lines: readonly string[]; readonly state: State }> {
    const extended = extend(before, facts, at);
    if (extended.state.stale !== true) return extended;
    const log = (): AsyncGenerator<StoredRecord> => this.after(0, []);
    const whole = async function* (): AsyncGenerator<StoredRecord> {
      yield* log();
      for (const [i, json] of extended.lines.entries()) yield { seq: before.seq + 1 + i, json };
    };
    const { line, state } = closed(extended.state, talk ?? (await refold(whole)), at);
    return { lines: [...extended.lines, line], state };
  }

  /** Keeps lines back until something is stored. */
  hold(lines: readonly string[]): void {
    for (const line of lines) this.#unsaved.push(line);
  }

  /** Stores what was held back, and `more` behind it: all or none. Gives these lines, with the number of the first. */
  async store(
    lease: Lease,
    head: SessionHead,
    more: readonly string[] = [],
  ): Promise<{ readonly first: number; readonly lines: readonly string[] }> {
    const lines = this.saved ? more : [...this.#unsaved, ...more];
    const expected = this.stored;
    await this.#storage.append(lease, { expected, records: lines, head });
    this.stored = expected + lines.length;
    this.#unsaved = [];
    return { first: expected + 1, lines };
  }

  remove(): void {
    this.gone = true;
    this.#unsaved = [];
  }

  #held(): StoredRecord[] {
    return this.#unsaved.map((json, i) => ({ seq: this.stored + 1 + i, json }));
  }

  async #at(seq: number): Promise<Rec | undefined> {
    const held = this.#unsaved[seq - this.stored - 1];
    if (held !== undefined) return readable({ seq, json: held }, []);
    const range = { after: seq - 1, before: seq + 1 };
    for await (const found of records(this.#storage.read(this.#id, range), [])) return readable(found, []);
    return undefined;
  }
}
