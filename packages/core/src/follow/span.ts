type Flowing = 'text' | 'reasoning';

export interface Delta {
  readonly kind: Flowing;
  readonly content: string;
}

/** What somebody was shown of a step, in characters. */
export interface Shown {
  readonly text: number;
  readonly reasoning: number;
}

export const NOTHING: Shown = { text: 0, reasoning: 0 };

/**
 * The text of the step in flight, shared by everybody who follows it: it is kept once, whoever reads how slowly. `base` is the last record that
 * was stored when the model was asked, and thereby the name of the step's attempt: a record stands between any two.
 */
export class Span {
  readonly base: number;
  readonly attempt: number;
  readonly #before: () => Iterable<Delta>;
  /** Only from the first reader on: a step that nobody follows is not kept twice. */
  #deltas: Delta[] | undefined;
  #text = 0;
  #reasoning = 0;

  /** `before`: what was shown so far, asked for once the first reader comes. */
  constructor(base: number, attempt: number, before: () => Iterable<Delta>) {
    this.base = base;
    this.attempt = attempt;
    this.#before = before;
  }

  /** Hot: a push where somebody follows. True if somebody does. */
  add(kind: Flowing, content: string): boolean {
    if (this.#deltas === undefined) return false;
    this.#push({ kind, content });
    return true;
  }

  get shown(): Shown {
    this.#kept();
    return { text: this.#text, reasoning: this.#reasoning };
  }

  /** From what a reader was shown already. */
  read(shown: Shown): SpanReader {
    return new SpanReader(this.#kept(), shown);
  }

  #kept(): readonly Delta[] {
    if (this.#deltas === undefined) {
      this.#deltas = [];
      for (const delta of this.#before()) this.#push(delta);
    }
    return this.#deltas;
  }

  #push(delta: Delta): void {
    this.#deltas?.push(delta);
    if (delta.kind === 'text') this.#text += delta.content.length;
    else this.#reasoning += delta.content.length;
  }
}

/** One reader's place in a span: a number, and what it need not be told again. */
export class SpanReader {
  readonly #deltas: readonly Delta[];
  readonly #skip: { text: number; reasoning: number };
  #next = 0;

  constructor(deltas: readonly Delta[], shown: Shown) {
    this.#deltas = deltas;
    this.#skip = { ...shown };
  }

  /** What is new, as far as it is of one kind; `undefined` where nothing is. */
  take(): Delta | undefined {
    let kind: Flowing | undefined;
    const pieces: string[] = [];
    for (let delta = this.#deltas[this.#next]; delta !== undefined; delta = this.#deltas[this.#next]) {
      const rest = this.#unseen(delta);
      if (rest !== '') {
        if (kind !== undefined && kind !== delta.kind) break;
        kind = delta.kind;
        pieces.push(rest);
      }
      this.#skip[delta.kind] = Math.max(0, this.#skip[delta.kind] - delta.content.length);
      this.#next += 1;
    }
    return kind === undefined
      ? undefined
      : { kind, content: pieces.length === 1 ? (pieces[0] as string) : pieces.join('') };
  }

  #unseen({ kind, content }: Delta): string {
    const skip = this.#skip[kind];
    return skip === 0 ? content : content.slice(skip);
  }
}
