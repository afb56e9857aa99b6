import type { Clock } from '@reprise/core';

interface Timer {
  readonly at: number;
  readonly fire: () => void;
}

/** Waits for what really takes time: sockets, and what hangs on them. */
export const really = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Time that only the test moves, for engine and transport alike. */
export class TestClock implements Clock {
  #now = Date.UTC(2026, 0, 1);
  #timers: Timer[] = [];

  now(): number {
    return this.#now;
  }

  get pending(): number {
    return this.#timers.length;
  }

  timer(ms: number, fire: () => void): () => void {
    const timer = { at: this.#now + ms, fire };
    this.#timers.push(timer);
    return () => void (this.#timers = this.#timers.filter((other) => other !== timer));
  }

  /** Fires what falls due within `ms`, in order. */
  advance(ms: number): void {
    const end = this.#now + ms;
    while (this.jump(end - this.#now));
    this.#now = end;
  }

  /** Jumps to the next timer that is at most `longest` ms away. */
  jump(longest: number): boolean {
    const due = this.#timers.toSorted((a, b) => a.at - b.at)[0];
    if (due === undefined || due.at > this.#now + longest) return false;
    this.#timers = this.#timers.filter((other) => other !== due);
    this.#now = Math.max(this.#now, due.at);
    due.fire();
    return true;
  }
}
