import type { SpawnLimits } from '../contracts/config.ts';
import { RepriseError } from '../errors.ts';

/** The sub-sessions of a turn. They end with it. */
export class Family {
  readonly #limits: SpawnLimits;
  readonly #above: Family | undefined;
  readonly #over = new AbortController();
  readonly #depth: number;
  #begun: number;
  /** Of the whole tree, at its root. */
  #running = 0;
  #own = 0;
  #entered = false;
  #ended = false;
  #idle = Promise.withResolvers<void>();

  /** `begun`: how many the turn began before, in a process that is gone. */
  constructor(limits: SpawnLimits, above: Family | undefined, begun: number) {
    this.#limits = limits;
    this.#above = above;
    this.#depth = above === undefined ? 0 : above.#depth + 1;
    this.#begun = begun;
  }

  /** Aborts once the turn is about to end. */
  get over(): AbortSignal {
    return this.#over.signal;
  }

  /** One more; the answer takes it out. BUDGET_EXCEEDED where there are too many already. */
  enter(): () => void {
    const { depth, perTurn, atOnce } = this.#limits;
    const root = this.#root();
    if (this.#ended) throw ended();
    if (this.#depth >= depth) throw tooMany('depth', depth, `Sub-sessions go ${depth} deep at most`);
    if (this.#begun >= perTurn) throw tooMany('perTurn', perTurn, `A turn begins ${perTurn} sub-sessions at most`);
    if (root.#running >= atOnce) throw tooMany('atOnce', atOnce, `At most ${atOnce} sub-sessions run at a time`);
    this.#begun += 1;
    this.#entered = true;
    if ((this.#own += 1) === 1) this.#idle = Promise.withResolvers<void>();
    root.#running += 1;
    return () => {
      root.#running -= 1;
      if ((this.#own -= 1) === 0) this.#idle.resolve();
    };
  }

  /** Tells those that still run to stop, and waits until nothing of them goes on. No other begins. */
  async end(): Promise<void> {
    this.#ended = true;
    // Most turns have none to tell, and an error takes longer to make than all of this.
    if (!this.#entered) return;
    this.#over.abort(ended());
    if (this.#own > 0) await this.#idle.promise;
  }

  #root(): Family {
    return this.#above === undefined ? this : this.#above.#root();
  }
}

function ended(): RepriseError {
  return new RepriseError('ABORTED', 'The turn that began this sub-session has ended.');
}

function tooMany(limit: keyof SpawnLimits, max: number, message: string): RepriseError {
  return new RepriseError('BUDGET_EXCEEDED', `${message}.`, {
    hint: 'Do the work in this session, or wait for one that runs.',
    details: { limit, max },
  });
}
