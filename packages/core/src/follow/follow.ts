import type { FeedEvent } from '../contracts/feed.ts';
import type { At } from '../contracts/turn.ts';
import type { Aside, Hub, ReadLog } from './hub.ts';
import { Place } from './place.ts';

/** Follows one session from a position: stored records, then the text of the step in flight, for as long as nobody stops it. */
export async function* followHub(
  hub: Hub,
  readLog: ReadLog,
  after: At,
  signal: AbortSignal | undefined,
): AsyncGenerator<FeedEvent, void, void> {
  const place = new Place(after);
  const asides = new Asides(hub);
  hub.places.add(place);
  try {
    while (!signal?.aborted) {
      hub.throwIfOver();
      const { version, seq: tip } = hub;
      for (const aside of asides.until(place.seq)) yield aside;
      for (const delta of place.live(hub.span)) yield delta;
      if (place.seq >= tip) {
        await hub.change(version, signal);
        continue;
      }
      for await (const { seq, record } of hub.recentAfter(place.seq) ?? readLog(place.seq)) {
        if (signal?.aborted) return;
        if (seq <= place.seq) continue;
        // Not known to be stored yet.
        if (seq > hub.seq) break;
        for (const aside of asides.until(seq - 1)) yield aside;
        for (const event of place.record(seq, record)) yield event;
      }
      place.skip(tip);
    }
  } finally {
    hub.places.delete(place);
  }
}

/** What is live only, from now on, each after the record that it followed. */
class Asides {
  readonly #hub: Hub;
  #next: number;

  constructor(hub: Hub) {
    this.#hub = hub;
    this.#next = hub.asidesSeen;
  }

  *until(seq: number): Generator<Aside> {
    for (let aside = this.#hub.asideFrom(this.#next); aside !== undefined; aside = this.#hub.asideFrom(this.#next)) {
      if (aside.event.at.seq > seq) return;
      this.#next = aside.number + 1;
      yield aside.event;
    }
  }
}
