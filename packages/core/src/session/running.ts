import type { Turn } from '../contracts/turn.ts';
import { orAborted } from './or-aborted.ts';

/** One moment that comes once. */
class Moment {
  readonly #come = Promise.withResolvers<void>();
  come = false;

  now(): void {
    this.come = true;
    this.#come.resolve();
  }

  wait(signal: AbortSignal): Promise<void> {
    return orAborted(this.#come.promise, signal);
  }
}

interface Place {
  /** The key under which its message may wait in the inbox. */
  readonly key: string;
  /** It is in the session's queue of operations; where that is in use elsewhere, it may still go to the inbox. */
  readonly queued: Moment;
  /** It has begun, or waits in the inbox, or never will. */
  readonly settled: Moment;
}

/**
 * The turns of one session in this process that have not ended. Messages are answered in the order in which they were sent here, although files
 * are read and the inbox is written in between, and although whoever begins answers first what waits there.
 */
export class Running extends Set<Turn> {
  /** Of those that were sent here, in that order. */
  readonly #line = new Map<Turn, Place>();
  readonly #working: (whether: boolean) => void;

  /** `working` is told when the first turn begins and when the last ends. */
  constructor(working: (whether: boolean) => void) {
    super();
    this.#working = working;
  }

  /** Joins the end, in the sender's synchronous code. */
  join(turn: Turn, key: string): void {
    this.#line.set(turn, { key, queued: new Moment(), settled: new Moment() });
    this.add(turn);
  }

  queued(turn: Turn): void {
    this.#line.get(turn)?.queued.now();
  }

  settled(turn: Turn): void {
    this.queued(turn);
    this.#line.get(turn)?.settled.now();
  }

  override add(turn: Turn): this {
    super.add(turn);
    if (this.size === 1) this.#working(true);
    return this;
  }

  override delete(turn: Turn): boolean {
    this.settled(turn);
    this.#line.delete(turn);
    const deleted = super.delete(turn);
    if (this.size === 0) this.#working(false);
    return deleted;
  }

  /**
   * Before a message goes into the queue or the inbox: until those that were sent before it have done so. `undefined` where they have, so that
   * operations stay in the order in which they were asked for.
   */
  before(turn: Turn, moment: 'queued' | 'settled', signal: AbortSignal): Promise<unknown> | undefined {
    const turns = [...this.#line.keys()];
    const places = [...this.#line.values()].slice(0, turns.indexOf(turn));
    const missing = places.filter((place) => !place[moment].come);
    return missing.length === 0 ? undefined : Promise.all(missing.map((place) => place[moment].wait(signal)));
  }

  /** Keys of what was sent after this one alone: none of it is answered before it. */
  after(turn: Turn): ReadonlySet<string> {
    const keys = [...this.#line.values()].map(({ key }) => key);
    const own = [...this.#line.keys()].indexOf(turn) + 1;
    const until = new Set(keys.slice(0, own));
    return new Set(keys.slice(own).filter((key) => !until.has(key)));
  }
}
