/** What `fetch` takes as headers, without the global class (whose first use loads all of undici, 20 ms). */
export type HeadersLike =
  Headers | readonly (readonly [string, string])[] | Readonly<Record<string, string | undefined>>;

/**
 * The part of `Headers` that provider packages use. It can stand in for the global class in a bundle (esbuild's `inject`),
 * which saves the 20 ms that the AI SDK's own `new Headers()` costs at the first request.
 */
export class NodeHeaders implements Iterable<[string, string]> {
  readonly #values = new Map<string, string>();

  constructor(init: HeadersLike = {}) {
    for (const [name, value] of pairsOf(init)) if (value !== undefined) this.append(name, value);
  }

  append(name: string, value: string): void {
    const before = this.get(name);
    this.set(name, before === null ? value : `${before}, ${value}`);
  }

  delete(name: string): void {
    this.#values.delete(name.toLowerCase());
  }

  get(name: string): string | null {
    return this.#values.get(name.toLowerCase()) ?? null;
  }

  getSetCookie(): string[] {
    const value = this.get('set-cookie');
    return value === null ? [] : [value];
  }

  has(name: string): boolean {
    return this.#values.has(name.toLowerCase());
  }

  set(name: string, value: string): void {
    this.#values.set(name.toLowerCase(), String(value).trim());
  }

  forEach(callback: (value: string, name: string, headers: NodeHeaders) => void): void {
    for (const [name, value] of this) callback(value, name, this);
  }

  /** In the order of their names, as `Headers` gives them. */
  *entries(): IterableIterator<[string, string]> {
    yield* [...this.#values].sort(([a], [b]) => (a < b ? -1 : 1));
  }

  *keys(): IterableIterator<string> {
    for (const [name] of this.entries()) yield name;
  }

  *values(): IterableIterator<string> {
    for (const [, value] of this.entries()) yield value;
  }

  [Symbol.iterator](): IterableIterator<[string, string]> {
    return this.entries();
  }
}

function pairsOf(init: HeadersLike): Iterable<readonly [string, string | undefined]> {
  return Symbol.iterator in init ? init : Object.entries(init);
}
