/** Time, as far as silence needs it: what core's `Clock` offers. */
export interface SilenceClock {
  now(): number;
  timer(ms: number, fire: () => void, options?: { readonly unref?: boolean }): () => void;
}

/** Monotonic: a clock that is set must not end a connection. */
const machine: SilenceClock = {
  now: () => performance.now(),
  timer(ms, fire) {
    const timer = setTimeout(fire, ms);
    timer.unref();
    return () => clearTimeout(timer);
  },
};

/** Calls back once, after `ms` without a byte. One timer however many bytes come: it looks back when it fires. */
export class Silence {
  readonly #clock: SilenceClock;
  readonly #ms: number;
  readonly #broken: () => void;
  #last: number;
  #cancel: () => void = () => undefined;

  constructor(ms: number, broken: () => void, clock: SilenceClock = machine) {
    this.#clock = clock;
    this.#ms = ms;
    this.#broken = broken;
    this.#last = clock.now();
    this.#watch(ms);
  }

  /** Bytes came, or nobody asked for any. */
  heard(): void {
    this.#last = this.#clock.now();
  }

  /** From the callback: listens for as long again. */
  again(): void {
    this.heard();
    this.#watch(this.#ms);
  }

  stop(): void {
    this.#cancel();
  }

  #watch(ms: number): void {
    this.#cancel = this.#clock.timer(
      ms,
      () => {
        const silent = this.#clock.now() - this.#last;
        if (silent >= this.#ms) this.#broken();
        else this.#watch(this.#ms - silent);
      },
      { unref: true },
    );
  }
}
