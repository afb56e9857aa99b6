import { NEWLINE, parseLine } from './line.ts';
import { Order, type Found } from './order.ts';
import { Backward, Forward, type Lines } from './scan.ts';

/** What a log ends with after its last record. */
export const CLOSER = ']\n';
const EMPTY_LOG = '[]\n';
/** The closing text's `]` with more behind it: there an append was under way, and nothing from there on was acknowledged. */
const INTERRUPTED = 0x5d;

/** The closing text of a log whose records end at byte `end`. */
export function closerFor(end: number): string {
  return end === 0 ? EMPTY_LOG : CLOSER;
}

/** How a log ends. */
export interface Tail {
  /** The last number that was given out. */
  readonly tip: number;
  /** Where the closing text belongs: behind the last line that is kept. */
  readonly end: number;
  /** Whether exactly the closing text stands there. Anything else is a torn tail. */
  readonly clean: boolean;
  /** How far a reader looks: where the file is closed and not torn, to there, so that no damaged line passes for a torn one. */
  readonly readEnd: number;
}

/**
 * Finds the end of a log of `size` bytes from its last lines: two sound ones in order settle it. Only where they aren't there
 * is the whole file read.
 *
 * What a writer left behind when it was stopped is told from damage by three signs: it begins with the closing `]`, it has no line
 * break yet, or it holds NUL bytes (blocks that a power cut kept from the disk). Other unreadable lines at the end were acknowledged once: they stay in their
 * place and keep their number.
 */
export function tailOf(fd: number, size: number): Tail {
  const lines = new Backward(fd, size);
  if (!lines.next()) return { tip: 0, end: 0, clean: false, readEnd: 0 };
  if (isText(lines, EMPTY_LOG)) return { tip: 0, end: 0, clean: true, readEnd: 0 };
  const closed = isText(lines, CLOSER);
  let more = true;
  if (closed) more = lines.next();
  else while (more && torn(lines)) more = lines.next();
  if (!more) return { tip: 0, end: 0, clean: false, readEnd: 0 };
  const last = parseLine(lines.bytes, lines.start, lines.end, lines.at === 0);
  if (typeof last === 'string') return wholeTail(fd, size, closed);
  const end = lines.at + lines.end - lines.start + 1;
  const tail = { tip: last.seq, end, clean: closed, readEnd: end };
  // Back to the line before the last batch: the first line of a batch says whether it counts.
  for (let first = last; first.led;) {
    if (lines.at === 0) return first.seq === 1 ? tail : wholeTail(fd, size, closed);
    lines.next();
    const before = parseLine(lines.bytes, lines.start, lines.end, lines.at === 0);
    if (typeof before === 'string' || before.seq !== first.seq - 1) break;
    if (!before.more) return tail;
    first = before;
  }
  return wholeTail(fd, size, closed);
}

function wholeTail(fd: number, size: number, closed: boolean): Tail {
  const to = closed ? size - CLOSER.length : size;
  const lines = new Forward(fd, 0, to);
  const order = new Order(1, 0, true);
  const out: Found[] = [];
  let sound = { end: 0, bad: 0 };
  let kept = sound;
  let stopped = false;
  while (lines.next()) {
    if (lines.at > 0 && lines.bytes[lines.start] === INTERRUPTED) {
      order.finish(out);
      return { tip: order.last + order.bad, end: lines.at, clean: false, readEnd: lines.at };
    }
    const damaged = order.damage.length;
    const tornHere = torn(lines);
    order.take(lines, out);
    const here = { end: lines.at + lines.end - lines.start + 1, bad: order.bad };
    if (out.length > 0 || order.damage.length === damaged) {
      sound = here;
      stopped = false;
    } else if (tornHere) {
      kept = sound;
      stopped = true;
    }
    if (!stopped) kept = here;
    out.length = 0;
  }
  order.finish(out);
  return {
    tip: order.last + kept.bad,
    end: kept.end,
    clean: closed && kept.end === to,
    readEnd: closed && !stopped ? to : kept.end,
  };
}

function torn(lines: Lines): boolean {
  return !lines.whole || lines.bytes.subarray(lines.start, lines.end).includes('\0\0');
}

function isText(lines: Lines, text: string): boolean {
  const length = lines.end - lines.start;
  return (
    lines.whole &&
    length === text.length - 1 &&
    lines.bytes[lines.end] === NEWLINE &&
    lines.bytes.toString('latin1', lines.start, lines.end) === text.slice(0, -1)
  );
}
