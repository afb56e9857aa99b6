import type { At, Chunk, ChunkOf } from '../contracts/turn.ts';

type Flowing = 'text' | 'reasoning';

/** Adjacent text of one kind: pieces while it grows, one string once it is closed. */
interface Run {
  readonly kind: Flowing;
  readonly at: At;
  pieces: string[];
  closed: boolean;
}

type Entry = Run | { readonly kind: 'chunk'; readonly chunk: Chunk } | typeof GONE;

/** How many reports of progress a late reader gets; what came before is let go. */
const PROGRESS = 100;
const GONE = { kind: 'gone' } as const;

/**
 * The chunks of one turn, kept from the start. Each reader begins at the beginning and is never waited for: one that lags gets
 * adjacent text joined, one that keeps up gets each delta as it came. What is kept is bounded by the turn's text and results: the
 * pieces of a run are joined when it ends, and of progress only the newest reports are kept.
 */
export class Feed {
  readonly #entries: Entry[] = [];
  readonly #progress: number[] = [];
  readonly #wakers = new Set<() => void>();
  #ended = false;
  #failure: unknown;

  /** A delta; `at` is where it begins. Hot: one push, and a wake where somebody sleeps. */
  flow(kind: Flowing, content: string, at: () => At): void {
    const last = this.#entries.at(-1);
    if (last !== undefined && last.kind === kind) last.pieces.push(content);
    else {
      this.#close();
      this.#entries.push({ kind, at: at(), pieces: [content], closed: false });
    }
    if (this.#wakers.size > 0) this.#wake();
  }

  push(chunk: Exclude<Chunk, ChunkOf<Flowing>>): void {
    this.#close();
    const place = this.#entries.push({ kind: 'chunk', chunk }) - 1;
    if (chunk.type === 'tool_progress' && this.#progress.push(place) > PROGRESS) {
      this.#entries[this.#progress.shift() as number] = GONE;
    }
    this.#wake();
  }

  /** No chunk follows. A failure is thrown to every reader after the last chunk. */
  end(failure?: unknown): void {
    this.#close();
    this.#ended = true;
    this.#failure = failure;
    this.#wake();
  }

  async *read(): AsyncGenerator<Chunk, void, void> {
    let entry = 0;
    let piece = 0;
    let taken = 0;
    for (;;) {
      const current = this.#entries[entry];
      if (current === undefined) {
        if (this.#ended) break;
        await this.#change();
        continue;
      }
      if (current.kind === 'gone') {
        entry += 1;
        continue;
      }
      if (current.kind === 'chunk') {
        entry += 1;
        yield current.chunk;
        continue;
      }
      const content = current.closed ? (current.pieces[0] ?? '').slice(taken) : current.pieces.slice(piece).join('');
      if (content === '') {
        if (current.closed) {
          entry += 1;
          piece = 0;
          taken = 0;
        } else await this.#change();
        continue;
      }
      const at = { ...current.at, offset: current.at.offset + (current.kind === 'text' ? taken : 0) };
      piece = current.pieces.length;
      taken += content.length;
      yield { type: current.kind, at, content };
    }
    if (this.#failure !== undefined) throw this.#failure;
  }

  #close(): void {
    const last = this.#entries.at(-1);
    if (last === undefined || last.kind === 'chunk' || last.kind === 'gone' || last.closed) return;
    last.pieces = [last.pieces.join('')];
    last.closed = true;
  }

  #wake(): void {
    const wakers = [...this.#wakers];
    this.#wakers.clear();
    for (const wake of wakers) wake();
  }

  #change(): Promise<void> {
    return new Promise((resolve) => this.#wakers.add(resolve));
  }
}
