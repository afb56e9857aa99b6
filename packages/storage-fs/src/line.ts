import type { StoredRecord } from '@reprise/core';
import { checksumOf } from './checksum.ts';

/**
 * One record as one line of `messages.json`: `[` or `,`, then the record with its `seq` in front and a checksum behind:
 * `,{"seq":7,"type":"message",…,"sum":"0a1b2c3d"}`. The checksum is the CRC-32 of all bytes from `{` to before `,"sum"`:
 * it finds every single flipped bit and every burst of up to 32, at 0.25 ms a MiB. In the lines of a batch before its last the checksum
 * is called `and`: the batch goes on.
 */
const OPEN = '{"seq":';
const SUM = ',"sum":"';
const AND = ',"and":"';
const CLOSE = '"}';
const SUM_BYTES = SUM.length + 8 + CLOSE.length;

/** What stands before the records of a log and between them. */
const FIRST = 0x5b;
const NEXT = 0x2c;
export const NEWLINE = 0x0a;

/** The line for a record, without what stands before it and without its line break; `more` where its batch goes on. */
export function lineOf(seq: number, json: string, more = false): string {
  const inner = json.slice(1, -1);
  const text = `${OPEN}${seq}${inner.trim() === '' ? inner : `,${inner}`}`;
  return `${text}${more ? AND : SUM}${checksumOf(text)}${CLOSE}`;
}

/** The record in a line that was parsed as JSON, if its checksum holds for how `JSON.stringify` writes it. */
export function recordOf(value: unknown): StoredRecord | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const { sum, and = sum, ...rest } = value as Record<string, unknown>;
  const { seq } = rest;
  if (typeof seq !== 'number') return undefined;
  const text = JSON.stringify(rest).slice(0, -1);
  const begin = `${OPEN}${seq}`;
  if (!text.startsWith(begin) || checksumOf(text) !== and) return undefined;
  return { seq, json: `{${text.slice(begin.length + 1)}}` };
}

/** Where the parts of a whole line are; `led` tells whether the right character stands before it. */
export interface Parsed {
  readonly seq: number;
  readonly body: number;
  readonly bodyEnd: number;
  readonly led: boolean;
  /** Whether its batch goes on. */
  readonly more: boolean;
}

/** What a line that is no record is. */
export type Bad = 'checksum' | 'foreign';

/** Reads the line `bytes[start, end)` (without its line break); `first` for the one at the very start of the file. */
export function parseLine(bytes: Buffer, start: number, end: number, first: boolean): Parsed | Bad {
  const ours = looksOurs(bytes, start, end);
  const sum = end - SUM_BYTES;
  const seq = seqAt(bytes, start, end);
  if (seq === undefined || !ours) return ours ? 'checksum' : 'foreign';
  const rest = bytes.toString('latin1', sum, end);
  const more = rest.startsWith(AND);
  if (rest !== `${more ? AND : SUM}${checksumOf(bytes.subarray(start + 1, sum))}${CLOSE}`) return 'checksum';
  const body = start + 1 + OPEN.length + String(seq).length;
  return { seq, body, bodyEnd: sum, led: bytes[start] === (first ? FIRST : NEXT), more };
}

/** The record's text, byte for byte as it was given. */
export function textOf(bytes: Buffer, line: Parsed): string {
  const blank = bytes[line.body] !== NEXT;
  return `{${bytes.toString('utf8', blank ? line.body : line.body + 1, line.bodyEnd)}}`;
}

/** The number that a line claims, from its beginning alone: cheap, to be believed only after `parseLine`. */
export function seqAt(bytes: Buffer, start: number, end: number): number | undefined {
  let at = start + 1 + OPEN.length;
  if (bytes.toString('latin1', start + 1, Math.min(at, end)) !== OPEN) return undefined;
  let seq = 0;
  const from = at;
  for (; at < end; at += 1) {
    const digit = (bytes[at] as number) - 0x30;
    if (digit < 0 || digit > 9) break;
    seq = seq * 10 + digit;
  }
  return at === from || bytes[from] === 0x30 || !Number.isSafeInteger(seq) ? undefined : seq;
}

/** Whether a line, sound or not, is one of ours: it has our beginning or our end. */
function looksOurs(bytes: Buffer, start: number, end: number): boolean {
  if (end - start < SUM_BYTES) return false;
  return bytes.toString('latin1', start + 1, start + 1 + OPEN.length) === OPEN || endsOurs(bytes, end);
}

function endsOurs(bytes: Buffer, end: number): boolean {
  const key = bytes.toString('latin1', end - SUM_BYTES, end - SUM_BYTES + SUM.length);
  return key === SUM || key === AND;
}
