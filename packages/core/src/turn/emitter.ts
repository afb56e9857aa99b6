/** Listeners by event. A listener that throws is reported and never stops the others or the caller. */
export class Emitter<Events> {
  readonly #listeners = new Map<keyof Events, Set<(value: never) => void>>();
  readonly #report: (error: unknown) => void;

  constructor(report: (error: unknown) => void) {
    this.#report = report;
  }

  on<K extends keyof Events>(event: K, listener: (value: Events[K]) => void): void {
    let set = this.#listeners.get(event);
    if (set === undefined) this.#listeners.set(event, (set = new Set()));
    set.add(listener as (value: never) => void);
  }

  once<K extends keyof Events>(event: K, listener: (value: Events[K]) => void): void {
    const wrapped = (value: Events[K]): void => {
      this.off(event, wrapped);
      listener(value);
    };
    // So that `off(listener)` also finds it.
    this.#wrapped.set(listener, wrapped);
    this.on(event, wrapped);
  }

  off<K extends keyof Events>(event: K, listener: (value: Events[K]) => void): void {
    const set = this.#listeners.get(event);
    set?.delete(listener as (value: never) => void);
    const wrapped = this.#wrapped.get(listener);
    if (wrapped !== undefined) set?.delete(wrapped as (value: never) => void);
  }

  emit<K extends keyof Events>(event: K, value: Events[K]): void {
    const set = this.#listeners.get(event);
    if (set === undefined) return;
    for (const listener of [...set]) {
      try {
        const answer: unknown = (listener as (value: Events[K]) => unknown)(value);
        if (answer instanceof Promise) answer.catch((error: unknown) => this.#report(error));
      } catch (error) {
        this.#report(error);
      }
    }
  }

  readonly #wrapped = new WeakMap<object, (value: never) => void>();
}
