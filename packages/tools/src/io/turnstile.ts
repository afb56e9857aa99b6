/** Lets callers through one at a time for each name. Tools use it for real paths, which the pure `access` can't know. */
export class Turnstile {
  readonly #last = new Map<string, Promise<unknown>>();

  async through<T>(name: string, work: () => Promise<T>): Promise<T> {
    const before = this.#last.get(name) ?? Promise.resolve();
    const mine = before.then(work, work);
    const settled = mine.catch(() => undefined);
    this.#last.set(name, settled);
    try {
      return await mine;
    } finally {
      if (this.#last.get(name) === settled) this.#last.delete(name);
    }
  }
}
