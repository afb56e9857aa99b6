import type { Clock } from '../../src/contracts/clock.ts';

interface Timer {
  readonly at: number;
  readonly fire: () => void;
}

/** Lets everything that is ready to run do so: microtasks, and what hangs on them. */
export async function settled(rounds = 4): Promise<void> {
  for (let i = 0; i < rounds; i += 1) await new Promise((resolve) => setImmediate(resolve));
}

/** What is done on other threads (hashes, files) comes when it comes: a busy machine may need that long. */
const PATIENCE_MS = 10_000;

/** Waits, without the test's time, until `condition` holds. */
export async function until(condition: () => boolean | Promise<boolean>, what = 'the condition'): Promise<void> {
  const end = performance.now() + PATIENCE_MS;
  do {
    if (await condition()) return;
    await settled(1);
  } while (performance.now() < end);
  throw new Error(`${what} never came true`);
}

/** Time that only the test moves. */
export class ManualClock implements Clock {
  #now: number;
  #timers: Timer[] = [];

  constructor(start = Date.UTC(2026, 0, 1)) {
    this.#now = start;
  }

  now(): number {
    return this.#now;
  }

  get pending(): number {
    return this.#timers.length;
  }

  timer(ms: number, fire: () => void): () => void {
    const timer = { at: this.#now + ms, fire };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer);
    };
  }

  /** Moves time on and fires what falls due, in order. */
  async advance(ms: number): Promise<void> {
    await settled(2);
    const end = this.#now + ms;
    for (;;) {
      const due = this.#next(end);
      if (due === undefined) break;
      this.#fire(due);
      await settled(2);
    }
    this.#now = Math.max(this.#now, end);
    await settled(2);
  }

  /** Runs `work` to its end; whenever nothing else happens, time jumps to the next timer that is at most `longest` ms away. */
  async drive<T>(work: PromiseLike<T>, longest = 120_000): Promise<T> {
    let done = false;
    const result = Promise.resolve(work).finally(() => (done = true));
    result.catch(() => undefined);
    for (let idle = 0; !done && idle < 3000; idle += 1) {
      await settled(6);
      const due = done ? undefined : this.#next(this.#now + longest);
      if (due !== undefined) this.#fire(due);
    }
    return result;
  }

  #next(end: number): Timer | undefined {
    let first: Timer | undefined;
    for (const timer of this.#timers)
      if (timer.at <= end && (first === undefined || timer.at < first.at)) first = timer;
    return first;
  }

  #fire(timer: Timer): void {
    this.#timers = this.#timers.filter((other) => other !== timer);
    this.#now = Math.max(this.#now, timer.at);
    timer.fire();
  }
}
