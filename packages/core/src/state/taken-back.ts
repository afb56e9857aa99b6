import type { Rec, TakeBack } from '../records/types.ts';

/** A record and its number. */
export interface Numbered<R> {
  readonly seq: number;
  readonly record: R;
}

export function takesBack(record: Rec | undefined): record is TakeBack {
  return record?.type === 'rewind' || record?.type === 'undo';
}

/** What the records of a log take back. They are told from the newest on: what came later decides about what came earlier. */
export class TakenBack {
  readonly #undone = new Set<number>();
  /** What was said in [from, to); the newest span first, apart from each other. */
  readonly #spans: { from: number; readonly to: number }[] = [];

  /** The records of a log that take others back, in its order. */
  static by(log: readonly Numbered<TakeBack>[]): TakenBack {
    const taken = new TakenBack();
    for (const { seq, record } of log.toReversed()) taken.older(seq, record);
    return taken;
  }

  /** The next older one. */
  older(seq: number, record: TakeBack): void {
    if (this.#undone.has(seq)) return;
    const opening = record.type === 'undo' && record.what === 'exchange' && record.redo !== true;
    if (record.type === 'rewind') this.#span(record.from, seq);
    else if (opening) this.#span(record.of, seq);
    else if (record.of < seq) this.#undone.add(record.of);
  }

  #span(from: number, to: number): void {
    const newer = this.#spans.at(-1);
    if (newer !== undefined && newer.from < to) newer.from = Math.min(newer.from, from);
    else if (from < to) this.#spans.push({ from, to });
  }

  /** Whether what was said in this record is taken back. */
  covers(seq: number): boolean {
    let [low, high] = [0, this.#spans.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#spans[middle]?.from ?? 0) > seq) low = middle + 1;
      else high = middle;
    }
    const span = this.#spans[low];
    return span !== undefined && seq < span.to;
  }

  /** Whether the change that this record made is undone. */
  undid(seq: number): boolean {
    return this.#undone.has(seq);
  }

  /** Whether this record says nothing of the conversation any more. What else belongs to a step says nothing without it; the end of a turn is a fact. */
  has(seq: number, record: Rec | undefined): boolean {
    switch (record?.type) {
      case 'edit':
      case 'delete':
      case 'rewind':
      case 'undo':
        return this.#undone.has(seq);
      case 'boundary':
        return this.#undone.has(seq) || this.covers(seq);
      case 'message':
      case 'step':
      case 'result':
      case 'repair':
        return this.covers(seq);
      default:
        return false;
    }
  }
}
