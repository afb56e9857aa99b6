import type { FeedEventOf } from '../contracts/feed.ts';
import type { Rec } from '../records/types.ts';
import { endsStep } from './events.ts';
import type { Place } from './place.ts';
import { Span } from './span.ts';
import type { Delta } from './span.ts';

export interface Stored {
  readonly seq: number;
  readonly record: Rec | undefined;
  /** Characters, about. */
  readonly size: number;
}

/** The records after a seq, from the log. */
export type ReadLog = (after: number) => AsyncIterable<Stored>;

export type Aside = FeedEventOf<'tool_progress'>;

/** Newest records that are kept for followers; who is further behind reads the log. */
const RECENT = 256;
const RECENT_CHARACTERS = 1 << 20;
/** Reports of progress that are kept for followers. */
const ASIDES = 100;

/**
 * Where whoever follows a session meets whoever works on it. It exists while one of them does, in this process; nothing in it grows with the
 * history, and nobody is waited for.
 */
export class Hub {
  /** The last record that is known to be stored. */
  seq: number;
  /** The step in flight. */
  span: Span | undefined;
  /** Turns that run here: then the store is not asked what others do. */
  local = 0;
  readonly places = new Set<Place>();
  #recent: Stored[] = [];
  #size = 0;
  #asides: Aside[] = [];
  /** All that ever were; the last ones are in `#asides`. */
  #asidesSeen = 0;
  #wakers = new Set<() => void>();
  /** Grows with whatever there is to tell. */
  #version = 0;
  #over: { readonly error: unknown } | undefined;

  constructor(seq: number) {
    this.seq = seq;
  }

  /** One more record is stored. What is known already is passed over. */
  stored(stored: Stored): void {
    if (stored.seq <= this.seq) return;
    if (stored.seq > this.seq + 1) this.#forget();
    this.seq = stored.seq;
    if (endsStep(stored.record)) this.#endSpan();
    // What is kept has no gaps. Who asked for the turn that runs may only be on the way to follow it.
    if (this.places.size > 0 || this.local > 0) this.#keep(stored);
    else this.#forget();
    this.#wake();
  }

  /** Records up to `seq` are stored; what they hold is read from the log. */
  noticed(seq: number): void {
    if (seq <= this.seq) return;
    this.#forget();
    this.#endSpan();
    this.seq = seq;
    this.#wake();
  }

  /** A model was asked after record `base`. `before` gives what was shown of its answer when the first follower comes. */
  begin(base: number, attempt: number, before: () => Iterable<Delta>): Span {
    this.giveUp();
    this.span = new Span(base, attempt, before);
    this.#wake();
    return this.span;
  }

  /** A delta. Hot. */
  flow(span: Span, kind: 'text' | 'reasoning', content: string): void {
    if (span.add(kind, content)) this.#wake();
  }

  /** Live only; for those who follow now. */
  aside(event: Aside): void {
    if (this.places.size === 0) return;
    this.#asides.push(event);
    this.#asidesSeen += 1;
    if (this.#asides.length > ASIDES) this.#asides.shift();
    this.#wake();
  }

  get version(): number {
    return this.#version;
  }

  get asidesSeen(): number {
    return this.#asidesSeen;
  }

  /** Aside `count` (from 0), or the oldest after it that is still kept, with its number. */
  asideFrom(count: number): { readonly event: Aside; readonly number: number } | undefined {
    const first = this.#asidesSeen - this.#asides.length;
    const number = Math.max(first, count);
    const event = this.#asides[number - first];
    return event === undefined ? undefined : { event, number };
  }

  /** The records after `seq`; `undefined` where the log has to be read. */
  recentAfter(seq: number): readonly Stored[] | undefined {
    const first = this.#recent[0];
    return first === undefined || first.seq > seq + 1 ? undefined : this.#recent.slice(seq + 1 - first.seq);
  }

  /** The session is gone, or can't be read any more: everybody is told. */
  fail(error: unknown): void {
    this.#over ??= { error };
    this.#wake();
  }

  throwIfOver(): void {
    if (this.#over !== undefined) throw this.#over.error;
  }

  /** A step that is still in flight came to nothing. */
  giveUp(): void {
    const span = this.span;
    this.span = undefined;
    if (span !== undefined) for (const place of this.places) place.spanVoid(span);
  }

  /** Resolves when there is something newer than `version`, or `signal` aborts. */
  change(version: number, signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve) => {
      if (version !== this.#version) return resolve();
      const wake = (): void => {
        signal?.removeEventListener('abort', wake);
        this.#wakers.delete(wake);
        resolve();
      };
      if (signal?.aborted) return resolve();
      signal?.addEventListener('abort', wake, { once: true });
      this.#wakers.add(wake);
    });
  }

  #keep(stored: Stored): void {
    this.#recent.push(stored);
    this.#size += stored.size;
    while (this.#recent.length > RECENT || (this.#size > RECENT_CHARACTERS && this.#recent.length > 1)) {
      this.#size -= this.#recent.shift()?.size ?? 0;
    }
  }

  #forget(): void {
    this.#recent = [];
    this.#size = 0;
  }

  #endSpan(): void {
    const span = this.span;
    this.span = undefined;
    if (span !== undefined) for (const place of this.places) place.spanEnded(span);
  }

  #wake(): void {
    this.#version += 1;
    if (this.#wakers.size === 0) return;
    for (const wake of [...this.#wakers]) wake();
  }
}
