import { RepriseError } from '@reprise/core';
import type { Clock, FeedEvent } from '@reprise/core';
import { Refusal } from '../guard/body.ts';
import type { Limits } from '../options.ts';
import { positionText } from './position.ts';
import type { SseEvent } from './stream.ts';
import { eventStream } from './stream.ts';

/** What a request may do with streams. */
export type StreamDoors = Pick<Streams, 'size' | 'answer'>;

/** The event streams that are open. */
export class Streams {
  /** Each with the name of the token that it was asked for with. */
  readonly #open = new Map<AbortController, string | undefined>();
  /** How often the streams of a token were ended. */
  readonly #ends = new Map<string, number>();
  readonly #clock: Clock;
  readonly #limits: Limits;

  constructor(clock: Clock, limits: Limits) {
    this.#clock = clock;
    this.#limits = limits;
  }

  get size(): number {
    return this.#open.size;
  }

  /** An answer that tells what `source` gives until it ends, its reader goes, or the server stops. RATE_LIMIT where too many are open. */
  answer(source: (signal: AbortSignal) => AsyncIterable<SseEvent>, token?: string): Response {
    if (this.#open.size >= this.#limits.streams) {
      throw new RepriseError('RATE_LIMIT', 'Too many event streams are open.', {
        hint: 'Close one that nobody reads, or come back later.',
        retryAt: new Date(this.#clock.now() + 5000).toISOString(),
      });
    }
    const stop = new AbortController();
    this.#open.set(stop, token);
    const { heartbeatMs, stalledMs } = this.#limits;
    const over = (): void => void this.#open.delete(stop);
    return eventStream(source(stop.signal), { clock: this.#clock, heartbeatMs, stalledMs, stop, over });
  }

  /** The same for requests with a token of this name, as it is now: its streams end with it. */
  of(token: string): StreamDoors {
    const ends = this.#ends.get(token);
    const size = (): number => this.#open.size;
    return {
      get size() {
        return size();
      },
      answer: (source) => {
        // It ended while the request was on its way.
        if (this.#ends.get(token) !== ends)
          throw new Refusal(401, 'This access token is not good any more.', undefined, 'AUTH');
        return this.answer(source, token);
      },
    };
  }

  /** Ends those of tokens with these names. */
  end(tokens: ReadonlySet<string>): void {
    for (const token of tokens) this.#ends.set(token, (this.#ends.get(token) ?? 0) + 1);
    for (const [stop, token] of this.#open) if (token !== undefined && tokens.has(token)) stop.abort();
  }

  /** Ends all of them; their readers come back with the id of their last event. */
  close(): void {
    for (const stop of this.#open.keys()) stop.abort();
  }
}

/** An event of a session as it goes over the wire. */
export function feedEvent(event: FeedEvent): SseEvent {
  return { id: positionText(event.at), event: event.type, data: event };
}
