import type { Rec, TakeBack } from '../records/types.ts';
import { reduce } from './reduce.ts';
import type { State } from './state.ts';
import { EMPTY } from './state.ts';
import type { Numbered } from './taken-back.ts';
import { TakenBack, takesBack } from './taken-back.ts';
import { voided } from './verdicts.ts';

/**
 * Folds a log again whose records took others back: the conversation from those records alone that still count, everything else (what was
 * spent, settings, times) from all. What the window gets back that way is exactly what it was, so a request begins as it did then. Pure.
 */
export class Refold {
  readonly #taken: TakenBack;
  /** The last record that takes others back; after it a plain fold goes on. */
  readonly #last: number;
  #facts = EMPTY;
  #talk = EMPTY;

  /** All records of the log that take others back, in its order. */
  constructor(log: readonly Numbered<TakeBack>[]) {
    this.#taken = TakenBack.by(log);
    this.#last = log.at(-1)?.seq ?? 0;
  }

  /** Every record of the log, one after the other. */
  add(seq: number, record: Rec | undefined, characters: number): void {
    this.#facts = reduce(this.#facts, seq, record, characters);
    if (seq > this.#last) return;
    this.#talk = reduce(this.#talk, seq, this.#taken.has(seq, record) ? undefined : record, characters);
    if (seq === this.#last) this.#facts = joined(this.#facts, this.#talk);
  }

  get state(): State {
    return this.#facts;
  }
}

/** The state of a log that is at hand. */
export function foldLog(log: readonly (Numbered<Rec | undefined> & { readonly characters: number })[]): State {
  const refold = new Refold(log.flatMap(({ seq, record }) => (takesBack(record) ? [{ seq, record }] : [])));
  for (const { seq, record, characters } of log) refold.add(seq, record, characters);
  return refold.state;
}

/** What belongs to the conversation. All else is a fact, whatever is taken back, and is there also where the log can't be read from its start. */
type Talk = Pick<
  State,
  | 'clearedFrom'
  | 'windowFrom'
  | 'entries'
  | 'tokens'
  | 'summary'
  | 'edits'
  | 'repair'
  | 'prefixFrom'
  | 'verdicts'
  | 'grants'
>;

/** A state with the conversation of another one. */
export function joined(facts: State, other: State): State {
  const { open: _open, stale: _stale, summary: _summary, repair: _repair, verdicts: _verdicts, ...rest } = facts;
  const talk = voided({ ...other, seq: facts.seq });
  const { clearedFrom, windowFrom, entries, tokens, edits, prefixFrom, grants, summary, repair, verdicts } = talk;
  const now: Talk = {
    ...{ clearedFrom, windowFrom, entries, tokens, edits, prefixFrom, grants },
    ...(summary !== undefined && { summary }),
    ...(repair !== undefined && { repair }),
    ...(verdicts !== undefined && { verdicts }),
  };
  return { ...rest, ...now };
}
