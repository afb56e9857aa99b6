import type { Clock } from '../contracts/clock.ts';

interface Timer {
  readonly at: number;
  readonly fire: () => void;
}

/** Time that stands still but where everything waits for it: a wait of a minute before a second try takes none. */
export class ReplayClock implements Clock {
  #now: number;
  #timers: Timer[] = [];

  constructor(start: number) {
    this.#now = start;
  }

  now(): number {
    return this.#now;
  }

  timer(ms: number, fire: () => void): () => void {
    const timer = { at: this.#now + ms, fire };
    this.#timers.push(timer);
    return () => void (this.#timers = this.#timers.filter((other) => other !== timer));
  }

  /** Jumps to the next timer. False where there is none. */
  skip(): boolean {
    const [due] = this.#timers.toSorted((a, b) => a.at - b.at);
    if (due === undefined) return false;
    this.#timers = this.#timers.filter((other) => other !== due);
    this.#now = Math.max(this.#now, due.at);
    due.fire();
    return true;
  }
}
