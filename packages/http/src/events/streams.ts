import { RepriseError } from '@reprise/core';
import type { Clock, FeedEvent } from '@reprise/core';
import type { Limits } from '../options.ts';
import { positionText } from './position.ts';
import type { SseEvent } from './stream.ts';
import { eventStream } from './stream.ts';

/** The event streams that are open. */
export class Streams {
  readonly #open = new Set<AbortController>();
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
  answer(source: (signal: AbortSignal) => AsyncIterable<SseEvent>): Response {
    if (this.#open.size >= this.#limits.streams) {
      throw new RepriseError('RATE_LIMIT', 'Too many event streams are open.', {
        hint: 'Close one that nobody reads, or come back later.',
        retryAt: new Date(this.#clock.now() + 5000).toISOString(),
      });
    }
    const stop = new AbortController();
    this.#open.add(stop);
    const { heartbeatMs, stalledMs } = this.#limits;
    const over = (): void => void this.#open.delete(stop);
    return eventStream(source(stop.signal), { clock: this.#clock, heartbeatMs, stalledMs, stop, over });
  }

  /** Ends all of them; their readers come back with the id of their last event. */
  close(): void {
    for (const stop of this.#open) stop.abort();
  }
}

/** An event of a session as it goes over the wire. */
export function feedEvent(event: FeedEvent): SseEvent {
  return { id: positionText(event.at), event: event.type, data: event };
}
