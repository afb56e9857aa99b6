import type { LanguageModelV4StreamPart, LanguageModelV4Usage } from '@ai-sdk/provider';
import type { Capabilities } from '../contracts/model.ts';

/** Who applies which stop sequences. */
export interface Stops {
  /** By the provider. */
  readonly sent: readonly string[];
  /** By us: the API has no such setting, takes fewer, or refuses this one. */
  readonly own: readonly string[];
}

/** How many each API takes: OpenAI's chat completions 4, Gemini 5, OpenAI's responses have no such setting. */
const MOST: Readonly<Record<Capabilities['rules'], number>> = {
  anthropic: Infinity,
  'openai-responses': 0,
  'openai-chat': 4,
  google: 5,
  strictest: 0,
};

export function stopsFor(sequences: readonly string[] | undefined, rules: Capabilities['rules']): Stops {
  const wanted = [...new Set(sequences)].filter((sequence) => sequence !== '');
  // "each stop sequence must contain non-whitespace"
  const takes = (sequence: string): boolean => rules !== 'anthropic' || sequence.trim() !== '';
  const sent = wanted.filter(takes).slice(0, MOST[rules]);
  return { sent, own: wanted.filter((sequence) => !sent.includes(sequence)) };
}

/** What takes the parts of a stream. */
export interface Target {
  push(part: LanguageModelV4StreamPart): void;
}

/**
 * Ends an answer at the first stop sequence in its text: what follows is never seen, and the answer is finished with `stop`. Text
 * that may be the beginning of a sequence waits until it is known. Usage is not: the provider tells it at the end, and there is none.
 */
export class StopCutter implements Target {
  readonly #target: Target;
  readonly #sequences: readonly string[];
  #held: Extract<LanguageModelV4StreamPart, { type: 'text-delta' }> | undefined;
  #full = false;

  constructor(target: Target, sequences: readonly string[]) {
    this.#target = target;
    this.#sequences = sequences;
  }

  /** The answer has ended; nothing more is wanted. */
  get full(): boolean {
    return this.#full;
  }

  push(part: LanguageModelV4StreamPart): void {
    if (this.#full) return;
    if (part.type !== 'text-delta') {
      if (part.type !== 'ping' && part.type !== 'raw') this.#release();
      this.#target.push(part);
      return;
    }
    if (this.#held !== undefined && this.#held.id !== part.id) this.#release();
    const text = (this.#held?.delta ?? '') + part.delta;
    this.#held = undefined;
    const at = this.#first(text);
    if (at === -1) {
      const wait = this.#beginning(text);
      this.#target.push({ ...part, delta: text.slice(0, text.length - wait) });
      if (wait > 0) this.#held = { type: 'text-delta', id: part.id, delta: text.slice(text.length - wait) };
      return;
    }
    this.#full = true;
    this.#target.push({ ...part, delta: text.slice(0, at) });
    this.#target.push({ type: 'text-end', id: part.id });
    this.#target.push({ type: 'finish', finishReason: { unified: 'stop', raw: 'stop_sequence' }, usage: UNKNOWN });
  }

  #release(): void {
    if (this.#held !== undefined) this.#target.push(this.#held);
    this.#held = undefined;
  }

  /** Where the sequence begins that is complete first, as a provider would have stopped; so the deltas' cuts make no difference. */
  #first(text: string): number {
    let first = -1;
    let ended = Infinity;
    for (const sequence of this.#sequences) {
      const at = text.indexOf(sequence);
      const end = at + sequence.length;
      if (at === -1 || end > ended || (end === ended && at > first)) continue;
      [first, ended] = [at, end];
    }
    return first;
  }

  /** Characters at the end of `text` that a sequence may begin with. */
  #beginning(text: string): number {
    let most = 0;
    for (const sequence of this.#sequences) {
      for (let n = Math.min(sequence.length - 1, text.length); n > most; n -= 1) {
        if (text.endsWith(sequence.slice(0, n))) most = n;
      }
    }
    return most;
  }
}

const UNKNOWN: LanguageModelV4Usage = {
  inputTokens: { total: undefined, noCache: undefined, cacheRead: undefined, cacheWrite: undefined },
  outputTokens: { total: undefined, text: undefined, reasoning: undefined },
};
