import type { FeedEvent } from '../contracts/feed.ts';
import type { At } from '../contracts/turn.ts';
import type { Rec, StepRecord } from '../records/types.ts';
import { endsStep, eventOf } from './events.ts';
import type { Delta, Shown, Span, SpanReader } from './span.ts';
import { NOTHING } from './span.ts';

/** Who is so many characters behind when the step ends is told to begin anew with it: its text is not kept any longer for them. */
export const LAG = 65_536;

/** Where one follower is: the records that it was told, and how much of the step in flight. All that is kept for it. */
export class Place {
  #seq: number;
  #attempt: number;
  #shown: Shown;
  #span: Span | undefined;
  #reader: SpanReader | undefined;
  #lagged = false;

  constructor({ seq, attempt, offset, reasoning = 0 }: At) {
    this.#seq = seq;
    this.#attempt = attempt;
    this.#shown = { text: offset, reasoning };
  }

  get seq(): number {
    return this.#seq;
  }

  /** New text of the step in flight. */
  *live(span: Span | undefined): Generator<FeedEvent> {
    if (this.#span === undefined && span !== undefined && span.base <= this.#seq) {
      this.#span = span;
      this.#attempt = span.attempt;
      this.#reader = span.read(this.#shown);
    }
    // A reader that was taken away in between has lagged.
    for (let delta = this.#reader?.take(); delta !== undefined; delta = this.#reader?.take()) yield this.#tell(delta);
  }

  /** A record, and before it what brings the step that it ends to what is stored. */
  *record(seq: number, record: Rec | undefined): Generator<FeedEvent> {
    if (record?.type === 'step') yield* this.#whole(record);
    else if (record?.type === 'turn-end' && this.#isShown) yield this.#reset(NOTHING, 'crash');
    this.#seq = seq;
    if (endsStep(record)) {
      this.#shown = NOTHING;
      this.#attempt = record?.type === 'attempt' ? record.attempt : 1;
      this.#span = this.#reader = undefined;
      this.#lagged = false;
    }
    const event = eventOf(record, this.#at);
    if (event !== undefined) yield event;
  }

  /** Records up to `seq` can't be read: they are passed over. */
  skip(seq: number): void {
    this.#seq = Math.max(this.#seq, seq);
  }

  /** What was shown of the step will never be stored. */
  spanVoid(span: Span): void {
    if (this.#span !== span) return;
    this.#reader = undefined;
    this.#lagged = true;
  }

  /** The step ended; who is far behind gives its text up, so that a reader who sleeps holds nothing. */
  spanEnded(span: Span): void {
    if (this.#span !== span) return;
    const { text, reasoning } = span.shown;
    if (text + reasoning - this.#shown.text - this.#shown.reasoning <= LAG) return;
    this.#reader = undefined;
    this.#lagged = true;
  }

  get #isShown(): boolean {
    return this.#shown.text > 0 || this.#shown.reasoning > 0;
  }

  get #at(): At {
    const { text, reasoning } = this.#shown;
    return { seq: this.#seq, attempt: this.#attempt, offset: text, ...(reasoning > 0 && { reasoning }) };
  }

  /** Who saw a step begin sees it to its end, piece by piece. */
  *#whole(record: StepRecord): Generator<FeedEvent> {
    if (this.#lagged) return yield this.#reset(NOTHING, 'lagged');
    yield* this.live(undefined);
    if (this.#span === undefined && !this.#isShown) return;
    const thought = (record.parts ?? []).flatMap((part) => (part.type === 'reasoning' ? part.text : [])).join('');
    const { text, reasoning } = this.#shown;
    if (text > record.content.length || reasoning > thought.length) {
      const kept = { text: Math.min(text, record.content.length), reasoning: Math.min(reasoning, thought.length) };
      yield this.#reset(kept, 'crash');
    }
    if (thought.length > reasoning) yield this.#tell({ kind: 'reasoning', content: thought.slice(reasoning) });
    if (record.content.length > text) yield this.#tell({ kind: 'text', content: record.content.slice(text) });
  }

  #tell({ kind, content }: Delta): FeedEvent {
    this.#shown = { ...this.#shown, [kind]: this.#shown[kind] + content.length };
    return { type: kind, at: this.#at, content };
  }

  #reset(shown: Shown, reason: 'crash' | 'lagged'): FeedEvent {
    this.#shown = shown;
    return { type: 'reset', at: this.#at, offset: shown.text, reason };
  }
}
