import type { Part } from '../records/types.ts';
import type { Piece } from '../contracts/storage.ts';
import type { LiveSession } from '../session/live.ts';
import type { Runtime } from '../session/runtime.ts';

/** Shown text reaches the store at most so late. */
const LATE_MS = 250;

export function stepKey(turn: string, step: number): string {
  return `${turn}:${step}`;
}

/** Keeps the text of the step in flight where a crash can't take it. */
export class Draft {
  readonly #live: LiveSession;
  readonly #runtime: Runtime;
  readonly #step: string;
  readonly #attempt: number;
  /** The last record when the model was asked. */
  readonly #base: number;
  #text: string[] = [];
  #reasoning: string[] = [];
  #stored = 0;
  #pending = 0;
  #cancel: (() => void) | undefined;
  #writing: Promise<void> = Promise.resolve();
  #used = false;

  constructor(live: LiveSession, runtime: Runtime, step: string, attempt: number) {
    this.#live = live;
    this.#runtime = runtime;
    this.#step = step;
    this.#attempt = attempt;
    this.#base = live.state.seq;
  }

  /** Hot: a push, and a timer for the first of a batch. */
  add(kind: 'text' | 'reasoning', delta: string): void {
    if (kind === 'text') {
      this.#text.push(delta);
      this.#pending += delta.length;
    } else this.#reasoning.push(delta);
    this.#cancel ??= this.#runtime.clock.timer(LATE_MS, () => this.#flush(), { unref: true });
  }

  /** The step is stored, or its attempt is void. */
  async end(): Promise<void> {
    this.#cancel?.();
    this.#cancel = undefined;
    this.#text = [];
    this.#reasoning = [];
    await this.#writing;
    if (this.#used) await this.#live.draft.clear();
    this.#used = false;
  }

  #flush(): void {
    this.#cancel = undefined;
    const body = {
      seq: this.#base,
      ...(this.#text.length > 0 && { text: this.#text.join('') }),
      ...(this.#reasoning.length > 0 && { reasoning: this.#reasoning.join('') }),
    };
    const piece: Piece = { step: this.#step, attempt: this.#attempt, offset: this.#stored, json: JSON.stringify(body) };
    this.#stored += this.#pending;
    this.#pending = 0;
    this.#text = [];
    this.#reasoning = [];
    this.#used = true;
    this.#writing = this.#writing.then(() => this.#live.draft.add(piece));
  }
}

/** What a draft holds of one step's newest attempt. Pieces that can't be read end it there. */
export function readDraft(
  pieces: readonly Piece[],
  step: string,
): { content: string; parts?: readonly Part[] } | undefined {
  const { text: content, reasoning } = newest(pieces.filter((piece) => piece.step === step));
  if (content === '' && reasoning === '') return undefined;
  if (reasoning === '') return { content };
  return {
    content,
    parts: [
      { type: 'reasoning', text: reasoning },
      { type: 'text', length: content.length },
    ],
  };
}

/** The step in flight as a draft tells it; `base` is the last record that was stored when its model was asked. */
export interface Flight {
  readonly base: number;
  readonly attempt: number;
  readonly text: string;
  readonly reasoning: string;
}

/** The newest step that a draft holds text of, whether it has ended since or not. */
export function readFlight(pieces: readonly Piece[]): Flight | undefined {
  const step = pieces.at(-1)?.step;
  const { base, ...flight } = newest(pieces.filter((piece) => piece.step === step));
  return base === undefined ? undefined : { base, ...flight };
}

function newest(mine: readonly Piece[]): Omit<Flight, 'base'> & { readonly base: number | undefined } {
  const attempt = Math.max(0, ...mine.map((piece) => piece.attempt));
  let text = '';
  let reasoning = '';
  let base: number | undefined;
  for (const piece of mine) {
    if (piece.attempt !== attempt) continue;
    if (piece.offset !== text.length) break;
    const body = bodyOf(piece.json);
    base = body.seq ?? base;
    text += body.text;
    reasoning += body.reasoning;
  }
  return { base, attempt, text, reasoning };
}

function bodyOf(json: string): { text: string; reasoning: string; seq?: number } {
  try {
    const { text, reasoning, seq } = JSON.parse(json) as { text?: unknown; reasoning?: unknown; seq?: unknown };
    return {
      text: typeof text === 'string' ? text : '',
      reasoning: typeof reasoning === 'string' ? reasoning : '',
      ...(typeof seq === 'number' && { seq }),
    };
  } catch {
    return { text: '', reasoning: '' };
  }
}
