type Listener = (value: never) => unknown;

/** Listeners by event. A listener that throws is reported and never stops the others or the caller. */
export class Emitter<Events> {
  /** By event: each listener, and what is called for it. */
  readonly #listeners = new Map<keyof Events, Map<Listener, Listener>>();
  /** By event: who is called, in order. Not made anew for each event, and never changed: one that is being told goes on with whom it began. */
  readonly #called = new Map<keyof Events, readonly Listener[]>();
  readonly #report: (error: unknown) => void;

  constructor(report: (error: unknown) => void) {
    this.#report = report;
  }

  on<K extends keyof Events>(event: K, listener: (value: Events[K]) => void): void {
    this.#add(event, listener, listener);
  }

  once<K extends keyof Events>(event: K, listener: (value: Events[K]) => void): void {
    this.#add(event, listener, (value: Events[K]) => {
      this.off(event, listener);
      return listener(value);
    });
  }

  off<K extends keyof Events>(event: K, listener: (value: Events[K]) => void): void {
    if (this.#listeners.get(event)?.delete(listener)) this.#called.delete(event);
  }

  /** Somebody would be called: a hot caller needs to make nothing where not. */
  hears(event: keyof Events): boolean {
    return (this.#listeners.get(event)?.size ?? 0) > 0;
  }

  emit<K extends keyof Events>(event: K, value: Events[K]): void {
    for (const listener of this.#called.get(event) ?? this.#all(event)) {
      try {
        const answer = (listener as (value: Events[K]) => unknown)(value);
        if (answer instanceof Promise) answer.catch((error: unknown) => this.#report(error));
      } catch (error) {
        this.#report(error);
      }
    }
  }

  #add(event: keyof Events, listener: Listener, call: Listener): void {
    let listeners = this.#listeners.get(event);
    if (listeners === undefined) this.#listeners.set(event, (listeners = new Map()));
    listeners.set(listener, call);
    this.#called.delete(event);
  }

  #all(event: keyof Events): readonly Listener[] {
    const listeners = this.#listeners.get(event);
    if (listeners === undefined) return [];
    const called = [...listeners.values()];
    this.#called.set(event, called);
    return called;
  }
}
