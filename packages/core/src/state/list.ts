/**
 * A list that only grows at its end and is shared between states: `append` costs the same at length 10 and 100,000, and
 * a state that is kept goes on seeing what it saw. The store behind is pushed to while the newest list appends, and
 * copied only when an older one does.
 */
export class List<T> implements Iterable<T> {
  readonly #store: T[];
  readonly length: number;

  private constructor(store: T[], length: number) {
    this.#store = store;
    this.length = length;
  }

  static of<T>(items: readonly T[]): List<T> {
    return new List([...items], items.length);
  }

  append(item: T): List<T> {
    const store = this.#store.length === this.length ? this.#store : this.#store.slice(0, this.length);
    store.push(item);
    return new List(store, this.length + 1);
  }

  at(index: number): T | undefined {
    const place = index < 0 ? this.length + index : index;
    return place < this.length ? this.#store[place] : undefined;
  }

  *[Symbol.iterator](): Iterator<T> {
    for (let i = 0; i < this.length; i += 1) yield this.#store[i] as T;
  }

  toArray(): T[] {
    return this.#store.slice(0, this.length);
  }
}
