import { RepriseError } from '@reprise/core';
import type { Clock } from '@reprise/core';
import type { Limits } from '../options.ts';

interface Waiting {
  readonly size: number;
  readonly go: () => void;
  readonly refuse: (error: unknown) => void;
}

type SlotLimits = Pick<Limits, 'turns' | 'waiting' | 'waitingBytes' | 'perSession'>;

/**
 * Places for turns. At most `turns` run at once, one on a session; who comes later waits, in order on its session and in turn with the other
 * sessions, so that no session with many messages keeps the others waiting.
 */
export class Slots {
  readonly #limits: SlotLimits;
  readonly #clock: Clock;
  /** By session: its turn, and what waits beside it or is part of it. */
  readonly #running = new Map<string, number>();
  /** By session, the session that waits longest for its next turn first. */
  readonly #queues = new Map<string, Waiting[]>();
  #waiting = 0;
  /** Of those that wait. */
  #bytes = 0;
  #closed = false;

  constructor(limits: SlotLimits, clock: Clock) {
    this.#limits = limits;
    this.#clock = clock;
  }

  get running(): number {
    return this.#running.size;
  }

  get waiting(): number {
    return this.#waiting;
  }

  isBusy(id: string): boolean {
    return this.#running.has(id) || this.#queues.has(id);
  }

  /**
   * Resolves with what gives the place back. Rejects with the signal's reason, or with RATE_LIMIT at once where too many wait, or with this one, of
   * `size` bytes, too much.
   */
  async enter(id: string, signal: AbortSignal, size = 0): Promise<() => void> {
    signal.throwIfAborted();
    if (this.#closed) throw stopping();
    if (!this.#running.has(id) && this.#running.size < this.#limits.turns) {
      this.#running.set(id, 1);
      return this.#once(id);
    }
    const queue = this.#queues.get(id) ?? [];
    if (this.#bytes + size > this.#limits.waitingBytes)
      throw this.#tooMany('The messages that wait have as many bytes as the server takes.');
    if (this.#waiting >= this.#limits.waiting)
      throw this.#tooMany('The server has as many messages waiting as it takes.');
    if (queue.length + (this.#running.get(id) ?? 0) >= this.#limits.perSession) throw this.#tooManyHere();
    this.#queues.set(id, queue);
    this.#waiting += 1;
    this.#bytes += size;
    await new Promise<void>((resolve, reject) => {
      const leave = (): void => {
        const place = queue.indexOf(entry);
        if (place < 0) return;
        queue.splice(place, 1);
        if (queue.length === 0) this.#queues.delete(id);
        this.#left(entry);
        reject(signal.reason as Error);
      };
      const entry: Waiting = {
        size,
        go: () => {
          signal.removeEventListener('abort', leave);
          resolve();
        },
        refuse: (error) => {
          signal.removeEventListener('abort', leave);
          reject(error as Error);
        },
      };
      queue.push(entry);
      signal.addEventListener('abort', leave, { once: true });
    });
    return this.#once(id);
  }

  /** Joins what runs on a session, in its place: that is given back once all of them are over. */
  beside(id: string): () => void {
    if (this.#closed) throw stopping();
    const there = this.#running.get(id) ?? 0;
    if (there + (this.#queues.get(id)?.length ?? 0) >= this.#limits.perSession) throw this.#tooManyHere();
    this.#running.set(id, there + 1);
    return this.#once(id);
  }

  /** Nobody who waits gets a place any more. */
  close(): void {
    this.#closed = true;
    const waiting = [...this.#queues.values()].flat();
    this.#queues.clear();
    this.#waiting = 0;
    this.#bytes = 0;
    for (const { refuse } of waiting) refuse(stopping());
  }

  #once(id: string): () => void {
    let given = false;
    return () => {
      if (given) return;
      given = true;
      const left = (this.#running.get(id) ?? 1) - 1;
      if (left > 0) return void this.#running.set(id, left);
      this.#running.delete(id);
      this.#next();
    };
  }

  #next(): void {
    while (this.#running.size < this.#limits.turns) {
      const found = [...this.#queues].find(([id]) => !this.#running.has(id));
      if (found === undefined) return;
      const [id, queue] = found;
      const next = queue.shift();
      // To the end of the line, behind the other sessions.
      this.#queues.delete(id);
      if (queue.length > 0) this.#queues.set(id, queue);
      if (next === undefined) continue;
      this.#running.set(id, 1);
      this.#left(next);
      next.go();
    }
  }

  #left({ size }: Waiting): void {
    this.#waiting -= 1;
    this.#bytes -= size;
  }

  #tooManyHere(): RepriseError {
    return this.#tooMany('Too many messages wait on this session.');
  }

  #tooMany(message: string): RepriseError {
    return new RepriseError('RATE_LIMIT', message, {
      hint: 'Wait until some are answered.',
      retryAt: new Date(this.#clock.now() + 1000).toISOString(),
    });
  }
}

function stopping(): RepriseError {
  return new RepriseError('OVERLOADED', 'The server is stopping and takes no new work.', {
    hint: 'Send it again when the server is back.',
  });
}
