import { RepriseError } from '@reprise/core';
import type { Clock } from '@reprise/core';
import type { Rate } from '../options.ts';

interface Bucket {
  tokens: number;
  at: number;
}

/** Names that are remembered; the ones that were quiet longest are forgotten, and begin with a full bucket. */
const MOST = 10_000;

/** A token bucket for each name. */
export class Buckets {
  readonly #rate: Rate;
  readonly #clock: Clock;
  /** The one that was used last at the end. */
  readonly #buckets = new Map<string, Bucket>();

  constructor(rate: Rate, clock: Clock) {
    const { burst, perSecond } = rate;
    if (!(burst >= 1) || !(perSecond > 0) || !Number.isFinite(burst + perSecond)) {
      throw new RepriseError('INVALID_INPUT', 'A rate needs a burst of at least 1, and more than 0 a second.');
    }
    this.#rate = rate;
    this.#clock = clock;
  }

  /** Milliseconds until there is one again; 0 where there is. */
  wait(name: string): number {
    const missing = 1 - this.#now(name).tokens;
    return missing <= 0 ? 0 : Math.ceil((missing / this.#rate.perSecond) * 1000);
  }

  /** Takes one, if there is. */
  take(name: string): void {
    const bucket = this.#now(name);
    if (bucket.tokens >= 1) bucket.tokens -= 1;
    this.#buckets.delete(name);
    this.#buckets.set(name, bucket);
    if (this.#buckets.size > MOST) this.#buckets.delete(this.#buckets.keys().next().value as string);
  }

  #now(name: string): Bucket {
    const { burst, perSecond } = this.#rate;
    const at = this.#clock.now();
    const { tokens, at: then } = this.#buckets.get(name) ?? { tokens: burst, at };
    // A clock that was set back gives nothing and takes nothing.
    const gained = (Math.max(0, at - then) / 1000) * perSecond;
    return { tokens: Math.min(burst, tokens + gained), at };
  }
}
