import type { Line } from './format.ts';

/** Writes the lines of a cassette until one can't be had or written. */
export class Log {
  readonly #write: (line: string) => void;
  readonly #hide: (json: string) => string;
  readonly #report: ((error: unknown) => void) | undefined;
  #broken = false;

  constructor(
    write: (line: string) => void,
    hide: (json: string) => string,
    report: ((error: unknown) => void) | undefined,
  ) {
    this.#write = write;
    this.#hide = hide;
    this.#report = report;
  }

  add(line: Line): void {
    if (this.#broken) return;
    try {
      this.#write(`${this.#hide(JSON.stringify(line))}\n`);
    } catch (error) {
      this.stop(error);
    }
  }

  stop(error: unknown): void {
    if (this.#broken) return;
    this.#broken = true;
    this.#report?.(error);
  }
}
