import type { Damage } from '@reprise/core';
import { parseLine, seqAt, textOf, type Bad } from './line.ts';
import type { Lines } from './scan.ts';

/** A sound line that was read, and where. */
export interface Found {
  readonly seq: number;
  readonly json: string;
  readonly at: number;
  /** Bytes of the line in the file, with its line break. */
  readonly size: number;
}

/**
 * Turns lines into records in order and everything else into damage. Neither a bad line nor a sound line in a wrong place (a
 * doubled one, one of another log) may hide its neighbours: a record whose number jumps is held back until the next one shows
 * whether records are missing or the line doesn't belong here.
 */
export class Order {
  readonly damage: Damage[] = [];
  readonly #step: 1 | -1;
  readonly #counts: boolean;
  #last: number;
  #line = 0;
  #held: { readonly record: Found; readonly line: number } | undefined;
  /** Bad lines since the last record (`ours`: those that were records of ours): as many missing numbers are reported already. */
  #bad = { all: 0, ours: 0 };

  /** `last`: the record before the first one expected; `counts`: whether lines are read from the start, so that they have numbers. */
  constructor(step: 1 | -1, last: number, counts: boolean) {
    this.#step = step;
    this.#last = last;
    this.#counts = counts;
  }

  /** The number of the last record given. */
  get last(): number {
    return this.#last;
  }

  /** Bad lines of ours behind the last record given. */
  get bad(): number {
    return this.#bad.ours;
  }

  /** Takes the current line; the records that are now certain are pushed to `out`. */
  take(lines: Lines, out: Found[]): void {
    this.#line += 1;
    const first = lines.at === 0;
    const parsed = parseLine(lines.bytes, lines.start, lines.end, first);
    if (typeof parsed === 'string') {
      this.#noteBad(parsed, lines, first);
      return;
    }
    if (!parsed.led)
      this.#note(first ? 'first-line' : 'foreign', lines.at, parsed.seq, 'begins with the wrong character');
    const size = lines.end - lines.start + 1;
    this.#place({ seq: parsed.seq, json: textOf(lines.bytes, parsed), at: lines.at, size }, out);
  }

  /** Nothing follows: a record held back was in its place. */
  finish(out: Found[]): void {
    if (this.#held !== undefined) this.#give(this.#held.record, this.#held.line, out);
  }

  /** For reading backwards that has reached the start of the file, where record 1 should have been. */
  reachStart(): void {
    if (this.#last - 1 > this.#bad.all) this.#missing(1, this.#last - 1, 0, 1);
  }

  #place(record: Found, out: Found[]): void {
    const held = this.#held;
    const next = this.#last + this.#step;
    if (record.seq === next) {
      if (held !== undefined) this.#drop(held.record, held.line);
      this.#give(record, this.#line, out);
    } else if ((record.seq - next) * this.#step < 0) {
      this.#drop(record, this.#line);
    } else if (held === undefined) {
      // As many lines were bad as numbers are missing: nothing is out of place.
      if (Math.abs(record.seq - next) <= this.#bad.all) this.#give(record, this.#line, out);
      else this.#held = { record, line: this.#line };
    } else if ((record.seq - held.record.seq) * this.#step > 0) {
      this.finish(out);
      this.#place(record, out);
    } else {
      this.#drop(held.record, held.line);
      this.#held = { record, line: this.#line };
    }
  }

  #give(record: Found, line: number, out: Found[]): void {
    this.#held = undefined;
    const missing = Math.abs(record.seq - this.#last) - 1;
    if (missing > this.#bad.all) {
      const [from, to] = this.#step > 0 ? [this.#last + 1, record.seq - 1] : [record.seq + 1, this.#last - 1];
      this.#missing(from, to, record.at, line);
    }
    this.#last = record.seq;
    this.#bad = { all: 0, ours: 0 };
    out.push(record);
  }

  #missing(from: number, to: number, byte: number, line: number): void {
    this.#note('sequence', byte, from, missing(from, to), line);
  }

  #drop(record: Found, line: number): void {
    this.#note('sequence', record.at, record.seq, `record ${record.seq} is doubled or out of place`, line);
  }

  #noteBad(bad: Bad, lines: Lines, first: boolean): void {
    const empty = lines.end === lines.start;
    const note =
      bad === 'checksum' ? 'the checksum does not match' : empty ? 'an empty line' : 'not a record of this log';
    this.#bad.all += 1;
    if (bad === 'checksum') this.#bad.ours += 1;
    const seq = seqAt(lines.bytes, lines.start, lines.end);
    this.#note(first ? 'first-line' : bad, lines.at, seq, note);
  }

  #note(kind: Damage['kind'], byte: number, seq: number | undefined, note: string, line = this.#line): void {
    this.damage.push({
      kind,
      ...(this.#counts ? { line } : {}),
      byte,
      ...(seq === undefined ? {} : { seq }),
      note,
    });
  }
}

/** Says that records are missing. */
export function missing(from: number, to: number): string {
  return from === to ? `record ${from} is missing` : `records ${from} to ${to} are missing`;
}
