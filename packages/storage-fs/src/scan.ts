import { readWhole } from './files.ts';
import { NEWLINE } from './line.ts';

/** Bytes of one read: large enough that the call costs little, small enough that a seek stays cheap. */
const CHUNK = 64 * 1024;

/**
 * Lines of a file region, one at a time. After `next()` the current line is `bytes[start, end)`, without its line break; `at` is
 * its offset in the file; `whole` is false for a last line that has no line break.
 */
export interface Lines {
  bytes: Buffer;
  start: number;
  end: number;
  at: number;
  whole: boolean;
  next(): boolean;
}

/** The lines of `[from, to)`, first to last. `from` must be the start of a line. `chunk`: bytes of one read, fewer for a mere look. */
export class Forward implements Lines {
  bytes: Buffer;
  start = 0;
  end = 0;
  at = 0;
  whole = true;
  readonly #fd: number;
  readonly #to: number;
  #base: number;
  #fill = 0;
  #next = 0;
  readonly #chunk: number;

  constructor(fd: number, from: number, to: number, chunk = CHUNK) {
    this.bytes = Buffer.allocUnsafe(chunk);
    this.#chunk = chunk;
    this.#fd = fd;
    this.#base = from;
    this.#to = to;
  }

  next(): boolean {
    let search = this.#next;
    for (;;) {
      const found = this.bytes.indexOf(NEWLINE, search);
      if (found >= 0 && found < this.#fill) return this.#give(found, found + 1, true);
      const pending = this.#fill - this.#next;
      if (!this.#more()) return pending > 0 && this.#give(this.#fill, this.#fill, false);
      search = pending;
    }
  }

  #give(end: number, next: number, whole: boolean): boolean {
    this.start = this.#next;
    this.end = end;
    this.at = this.#base + this.start;
    this.whole = whole;
    this.#next = next;
    return true;
  }

  /** Reads on behind what is left of the buffer, which grows only for a line longer than itself. */
  #more(): boolean {
    const rest = this.#fill - this.#next;
    const position = this.#base + this.#fill;
    const wanted = Math.min(this.#to - position, Math.max(this.#chunk, rest));
    if (wanted <= 0) return false;
    const target = rest + wanted > this.bytes.length ? Buffer.allocUnsafe(rest + wanted) : this.bytes;
    this.bytes.copy(target, 0, this.#next, this.#fill);
    this.bytes = target;
    this.#base += this.#next;
    this.#next = 0;
    const count = readWhole(this.#fd, target.subarray(rest, rest + wanted), position);
    this.#fill = rest + count;
    return count > 0;
  }
}

/** The lines of `[0, to)`, last to first. */
export class Backward implements Lines {
  bytes: Buffer = Buffer.alloc(0);
  start = 0;
  end = 0;
  at = 0;
  whole = true;
  readonly #fd: number;
  readonly #to: number;
  #base: number;
  /** End of the line to give next, with its line break, in the file. */
  #cursor: number;

  constructor(fd: number, to: number) {
    this.#fd = fd;
    this.#to = to;
    this.#base = to;
    this.#cursor = to;
  }

  next(): boolean {
    if (this.#cursor <= 0) return false;
    if (this.#base >= this.#cursor) this.#load();
    this.whole = this.#cursor < this.#to || this.bytes[this.#cursor - 1 - this.#base] === NEWLINE;
    for (;;) {
      const end = this.#cursor - this.#base - (this.whole ? 1 : 0);
      const found = end === 0 ? -1 : this.bytes.lastIndexOf(NEWLINE, end - 1);
      if (found >= 0 || this.#base === 0) {
        this.start = found + 1;
        this.end = end;
        this.at = this.#base + this.start;
        this.#cursor = this.at;
        return true;
      }
      this.#load();
    }
  }

  /** Reads what lies before the cursor, twice as much when the line before it is longer than the buffer. */
  #load(): void {
    const size = Math.min(this.#cursor, Math.max(CHUNK, 2 * (this.#cursor - this.#base)));
    this.#base = this.#cursor - size;
    this.bytes = Buffer.allocUnsafe(size);
    readWhole(this.#fd, this.bytes, this.#base);
  }
}
