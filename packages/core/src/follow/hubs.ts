import { RepriseError } from '../errors.ts';
import { notFound } from '../session/load.ts';
import { Hub } from './hub.ts';
import type { Watched } from './others.ts';
import { watchOthers } from './others.ts';

/** How long after a turn of this process its followers begin to look at what others do. */
const AFTER_TURN_MS = 50;

interface Use {
  readonly hub: Hub;
  users: number;
  followers: number;
  /** How its followers hear of what other processes do. */
  how: Omit<Watched, 'id'> | undefined;
  stop: AbortController | undefined;
  /** Ends the wait for that after a turn. */
  wait: (() => void) | undefined;
}

/** The hubs of the sessions that somebody works on or follows, in this process. */
export class Hubs {
  readonly #uses = new Map<string, Use>();

  /** Where somebody is to be told. */
  find(id: string): Hub | undefined {
    return this.#uses.get(id)?.hub;
  }

  /** For a turn that runs here, from its first record to its last. */
  enter(id: string, seq: number): { readonly hub: Hub; leave(): void } {
    const use = this.#use(id);
    use.hub.noticed(seq);
    use.hub.local += 1;
    return {
      hub: use.hub,
      leave: () => {
        use.hub.local -= 1;
        if (use.hub.local === 0) {
          use.hub.giveUp();
          // Whoever followed the turn alone is gone by then. Who stays keeps the process, as they do by watching.
          use.wait?.();
          use.wait = use.how?.clock.timer(AFTER_TURN_MS, () => this.#watch(id, use));
        }
        this.#free(id, use);
      },
    };
  }

  /** For one follower. `watch` once the hub knows where the log stands. */
  join(id: string): {
    readonly hub: Hub;
    watch(how: Omit<Watched, 'id'>): void;
    leave(): void;
  } {
    const use = this.#use(id);
    use.followers += 1;
    return {
      hub: use.hub,
      watch: (how) => {
        use.how ??= how;
        this.#watch(id, use);
      },
      leave: () => {
        use.followers -= 1;
        if (use.followers === 0) {
          use.stop?.abort('Nobody follows any more.');
          use.wait?.();
          use.stop = use.how = use.wait = undefined;
        }
        this.#free(id, use);
      },
    };
  }

  /** Looks at what others do, while somebody follows. While a turn runs here nobody else does anything, and watching isn't begun. */
  #watch(id: string, use: Use): void {
    const { hub, how, stop } = use;
    if (how === undefined || stop !== undefined || hub.local > 0) return;
    const { signal } = (use.stop = new AbortController());
    watchOthers(hub, { id, ...how }, signal).catch((error: unknown) => {
      if (!signal.aborted) hub.fail(error);
    });
  }

  /** The session is gone: whoever follows it is told. */
  gone(id: string): void {
    this.#end(id, notFound(id));
  }

  /** Another log stands where the session's was: positions in it mean nothing any more. */
  replaced(id: string): void {
    this.#end(
      id,
      new RepriseError('CONFLICT', `Another log stands in the place of the one of session ${id}.`, {
        hint: 'Follow it from the beginning.',
      }),
    );
  }

  /** Who comes later begins anew. */
  #end(id: string, error: unknown): void {
    this.#uses.get(id)?.hub.fail(error);
    this.#uses.delete(id);
  }

  #use(id: string): Use {
    let use = this.#uses.get(id);
    if (use === undefined)
      this.#uses.set(
        id,
        (use = { hub: new Hub(0), users: 0, followers: 0, how: undefined, stop: undefined, wait: undefined }),
      );
    use.users += 1;
    return use;
  }

  #free(id: string, use: Use): void {
    use.users -= 1;
    if (use.users === 0 && this.#uses.get(id) === use) this.#uses.delete(id);
  }
}
