/** Time, as an argument. Milliseconds since the epoch. */
export interface Clock {
  now(): number;
  /** Calls back once, later; the answer cancels. `unref`: does not keep a process alive. */
  timer(ms: number, fire: () => void, options?: { readonly unref?: boolean }): () => void;
}
