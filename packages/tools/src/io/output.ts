import type { Spill } from './spill.ts';
import { MAX_BYTES, MAX_LINES } from './limits.ts';

const HALF = 24_000;
const NEWLINE = 10;
const EMPTY = Buffer.alloc(0);

export interface Collected {
  readonly text: string;
  readonly lines: number;
  readonly bytes: number;
  /** Present and true when `text` is not everything. */
  readonly truncated?: true;
  /** The file with everything. */
  readonly spill?: string;
}

export interface OutputOptions {
  /** Called once, when the output grows too long. */
  readonly spill: () => Promise<Spill>;
  /** `both` shows the beginning and the end, `head` the beginning only. */
  readonly keep: 'both' | 'head';
}

/**
 * Takes text of any length in constant memory: keeps the first 50,000 bytes and the last 24,000, and writes everything
 * to a spill file once it is more than the model is shown.
 */
export class Output {
  readonly #options: OutputOptions;
  readonly #head = Buffer.allocUnsafe(MAX_BYTES);
  readonly #tail = Buffer.allocUnsafe(2 * HALF);
  #headLength = 0;
  #tailLength = 0;
  #bytes = 0;
  #newlines = 0;
  #last = NEWLINE;
  #spill: Spill | undefined;
  #spillFailed: string | undefined;
  #queue: Promise<void> = Promise.resolve();

  constructor(options: OutputOptions) {
    this.#options = options;
  }

  /** Resolves when the piece (UTF-8) is stored: until then its memory is in use, and a caller who waits is slowed down to the disk's speed. */
  push(piece: string | Buffer): Promise<void> {
    if (piece.length === 0) return this.#queue;
    const bytes = typeof piece === 'string' ? Buffer.from(piece, 'utf8') : piece;
    return (this.#queue = this.#queue.then(() => this.#take(bytes)));
  }

  get bytes(): number {
    return this.#bytes;
  }

  async end(): Promise<Collected> {
    await this.#queue;
    const dropped = (await this.#spill?.close())?.dropped ?? 0;
    const lines = this.#newlines + (this.#last === NEWLINE ? 0 : 1);
    const facts = { lines, bytes: this.#bytes };
    if (!this.#over()) return { ...facts, text: this.#head.toString('utf8', 0, this.#headLength) };

    const head = firstPart(this.#head.subarray(0, this.#headLength), this.#options.keep === 'both' ? 1 : 2);
    const tail = this.#options.keep === 'both' ? lastPart(this.#tail.subarray(0, this.#tailLength)) : EMPTY;
    const leftOut = this.#bytes - head.length - tail.length;
    const shownLines = count(head);
    const what = `${group(leftOut)} of ${group(this.#bytes)} bytes (${group(lines)} lines in all) left out`;
    const where =
      this.#spill === undefined
        ? `They could not be kept (${this.#spillFailed ?? 'no file'}).`
        : `The ${dropped > 0 ? `first ${group(this.#bytes - dropped)} bytes are` : 'whole output is'} in ${this.#spill.path}: ` +
          `read it with offset ${shownLines + 1}, or search it with grep.`;
    const gap = head.length > 0 && head[head.length - 1] !== NEWLINE ? '\n' : '';
    const text = `${head.toString('utf8')}${gap}[… ${what}. ${where}]\n${tail.toString('utf8')}`;
    return { ...facts, text, truncated: true, ...(this.#spill && { spill: this.#spill.path }) };
  }

  #over(): boolean {
    return this.#bytes > MAX_BYTES || this.#newlines + (this.#last === NEWLINE ? 0 : 1) > MAX_LINES;
  }

  async #take(bytes: Buffer): Promise<void> {
    const wasOver = this.#over();
    // While nothing is spilled, everything so far lies in the head.
    const before = wasOver ? EMPTY : Buffer.from(this.#head.subarray(0, this.#headLength));
    this.#bytes += bytes.length;
    this.#newlines += count(bytes);
    this.#last = bytes[bytes.length - 1] ?? this.#last;
    this.#headLength += bytes.copy(this.#head, this.#headLength);
    this.#roll(bytes);
    if (!this.#over()) return;
    if (!wasOver) await this.#open(before);
    await this.#spill?.write(bytes);
  }

  async #open(before: Buffer): Promise<void> {
    try {
      this.#spill = await this.#options.spill();
      await this.#spill.write(before);
    } catch (error) {
      this.#spillFailed = error instanceof Error ? error.message : String(error);
    }
  }

  /** Keeps at least the last HALF bytes at the end of a buffer twice that size, so that bytes move seldom. */
  #roll(bytes: Buffer): void {
    const fresh = bytes.subarray(Math.max(0, bytes.length - HALF));
    if (this.#tailLength + fresh.length > this.#tail.length) {
      const kept = Math.min(this.#tailLength, HALF);
      this.#tail.copyWithin(0, this.#tailLength - kept, this.#tailLength);
      this.#tailLength = kept;
    }
    this.#tailLength += fresh.copy(this.#tail, this.#tailLength);
  }
}

/** The beginning: `halves` of the budget, ending after a line where one ends near, else after a whole character. */
function firstPart(bytes: Buffer, halves: number): Buffer {
  let end = Math.min(bytes.length, halves * HALF);
  for (let lines = 0, at = 0; (at = bytes.indexOf(NEWLINE, at) + 1) > 0 && at <= end;)
    if (++lines === halves * (MAX_LINES / 2) - 1) return bytes.subarray(0, at);
  const lineEnd = bytes.lastIndexOf(NEWLINE, end - 1) + 1;
  if (end - lineEnd < 2_000) end = lineEnd;
  else while (end > 0 && continues(bytes[end])) end--;
  return bytes.subarray(0, end);
}

/** The end, in the same way. */
function lastPart(bytes: Buffer): Buffer {
  let start = Math.max(0, bytes.length - HALF);
  const lineStart = bytes.indexOf(NEWLINE, start) + 1;
  if (lineStart > 0 && lineStart < bytes.length && lineStart - start < 2_000) start = lineStart;
  else while (start < bytes.length && continues(bytes[start])) start++;
  for (let lines = 0, at = bytes.length - 1; at > start && (at = bytes.lastIndexOf(NEWLINE, at - 1)) >= start;)
    if (++lines === MAX_LINES / 2) return bytes.subarray(at + 1);
  return bytes.subarray(start);
}

/** A byte inside a UTF-8 character, not its first. */
function continues(byte: number | undefined): boolean {
  return byte !== undefined && (byte & 0xc0) === 0x80;
}

function count(bytes: Buffer): number {
  let lines = 0;
  // A plain loop: 1 GB/s, and a search per line is slow when lines are short (`yes`).
  for (let at = 0; at < bytes.length; at++) if (bytes[at] === NEWLINE) lines++;
  return lines;
}

function group(value: number): string {
  return value.toLocaleString('en-US');
}
