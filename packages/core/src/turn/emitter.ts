type Listener = (value: never) => unknown;

/** Listeners by event. A listener that throws is reported and never stops the others or the caller. */
export class Emitter<Events> {
  /** By event: each listener, and what is called for it. */
  readonly #listeners = new Map<keyof Events, Map<Listener, Listener>>();
  readonly #report: (error: unknown) => void;

  constructor(report: (error: unknown) => void) {
    this.#report = report;
  }

  on<K extends keyof Events>(event: K, listener: (value: Events[K]) => void): void {
    this.#of(event).set(listener, listener);
  }

  once<K extends keyof Events>(event: K, listener: (value: Events[K]) => void): void {
    this.#of(event).set(listener, (value: Events[K]) => {
      this.off(event, listener);
      return listener(value);
    });
  }

  off<K extends keyof Events>(event: K, listener: (value: Events[K]) => void): void {
    this.#listeners.get(event)?.delete(listener);
  }

  emit<K extends keyof Events>(event: K, value: Events[K]): void {
    const listeners = this.#listeners.get(event);
    if (listeners === undefined || listeners.size === 0) return;
    for (const listener of [...listeners.values()]) {
      try {
        const answer = (listener as (value: Events[K]) => unknown)(value);
        if (answer instanceof Promise) answer.catch((error: unknown) => this.#report(error));
      } catch (error) {
        this.#report(error);
      }
    }
  }

  #of(event: keyof Events): Map<Listener, Listener> {
    let listeners = this.#listeners.get(event);
    if (listeners === undefined) this.#listeners.set(event, (listeners = new Map()));
    return listeners;
  }
}
