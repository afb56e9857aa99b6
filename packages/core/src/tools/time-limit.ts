import type { Clock } from '../contracts/clock.ts';
import { sleep } from '../session/clock.ts';

/** How often a limit looks whether a person has answered. */
const LOOK_MS = 1000;

/** The time that a call may take by itself. While people are asked, it stands still. */
export class TimeLimit {
  readonly #clock: Clock;
  #end: number;
  #asking = 0;
  #since = 0;

  constructor(clock: Clock, ms: number) {
    this.#clock = clock;
    this.#end = clock.now() + ms;
  }

  /** Time that `work` takes doesn't count. */
  async without<T>(work: () => Promise<T>): Promise<T> {
    if (this.#asking === 0) this.#since = this.#clock.now();
    this.#asking += 1;
    try {
      return await work();
    } finally {
      this.#asking -= 1;
      if (this.#asking === 0) this.#end += this.#clock.now() - this.#since;
    }
  }

  /** Resolves when the time is up; rejects with the signal's reason. */
  async over(signal: AbortSignal): Promise<void> {
    for (;;) {
      const left = this.#end - (this.#asking > 0 ? this.#since : this.#clock.now());
      if (left <= 0) return;
      await sleep(this.#clock, this.#asking > 0 ? Math.max(left, LOOK_MS) : left, signal);
    }
  }
}
