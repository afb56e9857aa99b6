import type { Coded } from '../errors.ts';
import type { Rec, TakeBack } from '../records/types.ts';
import { Actions } from '../state/actions.ts';
import { reduce } from '../state/reduce.ts';
import type { State } from '../state/state.ts';
import { EMPTY } from '../state/state.ts';
import type { Numbered } from '../state/taken-back.ts';
import { TakenBack, takesBack } from '../state/taken-back.ts';
import { Transcript } from '../state/transcript.ts';
import type { LiveSession } from './live.ts';
import { readable } from './load.ts';

interface Line extends Numbered<Rec | undefined> {
  readonly characters: number;
}

/** The end of a log, from a checkpoint on that nothing in it reaches behind; or all of it. */
export class Past {
  readonly transcript = new Transcript();
  readonly actions: Actions;
  readonly #start: State;
  readonly #lines: readonly Line[];

  constructor(start: State, lines: readonly Line[]) {
    this.#start = start;
    this.#lines = lines;
    this.actions = new Actions(start.open?.turn);
    for (const { seq, record } of lines) {
      this.transcript.add(seq, record);
      this.actions.add(seq, record);
    }
  }

  /** The conversation once one more record has taken something back, and how many messages of people and models are left in it. */
  after(next: Numbered<TakeBack>): { readonly talk: State; readonly messages: number } {
    const log = this.#lines.flatMap(({ seq, record }) => (takesBack(record) ? [{ seq, record }] : []));
    const taken = TakenBack.by([...log, next]);
    let talk = this.#start;
    // The deletion of what is taken back anyway takes nothing from the count.
    const gone = new Set<string>();
    for (const { seq, record, characters } of this.#lines) {
      const without = takesBack(record) || taken.has(seq, record);
      if (without && (record?.type === 'message' || record?.type === 'step')) gone.add(record.id);
      const counts = !without && !(record?.type === 'delete' && gone.has(record.message));
      talk = reduce(talk, seq, counts ? record : undefined, characters);
    }
    this.transcript.add(next.seq, next.record);
    if (this.#start.seq > 0) return { talk, messages: talk.messageCount };
    return { talk, messages: this.transcript.current().filter(({ role }) => role !== 'system').length };
  }
}

/** As much of the log as is `enough`, read backwards: what was done lately is taken back at the cost of what came since. */
export async function pastOf(live: LiveSession, enough: (past: Past) => boolean): Promise<Past> {
  const lines: Line[] = [];
  const damage: Coded[] = [];
  const reach = new Reach();
  for await (const stored of live.recordsBack(damage)) {
    const record = readable(stored, damage);
    if (record?.type === 'checkpoint' && reach.behind(stored.seq)) {
      const start = await live.stateAt(stored.seq);
      const past = start && new Past(start, lines.toReversed());
      if (past !== undefined && enough(past)) return past;
    }
    reach.older(record);
    lines.push({ seq: stored.seq, record, characters: stored.json.length });
  }
  for (const { message } of damage) live.events.emit('warning', { message });
  return new Past(EMPTY, lines.reverse());
}

/** How far back the records at the end of a log reach. */
class Reach {
  #first = Infinity;
  #counted = true;
  #spoken = false;

  older(record: Rec | undefined): void {
    if (record?.type === 'rewind') this.#first = Math.min(this.#first, record.from);
    else if (record?.type === 'undo') this.#first = Math.min(this.#first, record.of);
    // Whether a message that was cleared is counted depends on whether that clear still counts.
    else if (record?.type === 'delete' && record.cleared === true) this.#counted = false;
    else if (record?.type === 'message') this.#spoken = true;
  }

  /** Nothing after this record reaches behind it, and somebody said something since. */
  behind(seq: number): boolean {
    return this.#spoken && this.#counted && this.#first > seq;
  }
}
