import type { ModelInfo, ResolvedModel } from '../contracts/model.ts';
import type { Limits } from '../contracts/usage.ts';
import type { Coded } from '../errors.ts';
import { affordable, worstCost } from '../model/price.ts';
import { isoNow } from '../session/clock.ts';
import type { LiveSession } from '../session/live.ts';
import type { Runtime } from '../session/runtime.ts';
import type { Spending } from '../state/ledger.ts';
import { NO_SPENDING, addSpending } from '../state/ledger.ts';
import type { Scope } from './scopes.ts';
import { exceeded, noPrice, scopesOf, timeLeft } from './scopes.ts';

/** Fewer output tokens than these are no answer: then the call isn't made. */
const LEAST = 256;
/** The estimate of a request's tokens is right within about so much. */
const MARGIN = 1.15;

/** When the time stops, and goes on. */
const ASKED = ['approval', 'answer'] as const;

/** What a model call may take. */
export interface Wanted {
  readonly model: ResolvedModel;
  /** Tokens of the request, about. */
  readonly input: number;
  /** Tokens of the answer at most. */
  readonly output: number;
}

export interface Granted {
  /** Tokens of the answer at most, where something is limited. */
  readonly output?: number;
  /** Why that is less than was wanted. */
  readonly lowered?: Coded;
  /** Nothing sensible is left, or cost can't be held: the call must not be made. */
  readonly refused?: Coded;
}

/**
 * Holds the model calls of one turn to its limits, to its session's, and to those of every turn and session above that spawned it. What a
 * call may take is reserved before it is made, in all of them, and given back once what it took is stored in all of them. So what was
 * spent goes over a limit at most by what the calls that run at that moment take beyond their reservations: an answer longer than it was
 * allowed to be, or a request of more tokens than was estimated.
 */
export class Purse {
  readonly #live: LiveSession;
  readonly #runtime: Runtime;
  readonly #turn: string;
  readonly #above: { readonly purse: Purse; readonly tell: () => Promise<void> } | undefined;
  readonly #deadline = new AbortController();
  #cancel: () => void = () => undefined;
  /** By this turn's own call and by those of turns below it. */
  #held: Spending = NO_SPENDING;
  #own: Spending | undefined;

  constructor(
    { live, runtime, turn }: { readonly live: LiveSession; readonly runtime: Runtime; readonly turn: string },
    above?: { readonly purse: Purse; readonly tell: () => Promise<void> },
  ) {
    this.#live = live;
    this.#runtime = runtime;
    this.#turn = turn;
    this.#above = above;
  }

  /** Aborts when the turn's time is up. */
  get deadline(): AbortSignal {
    return this.#deadline.signal;
  }

  /** From here on the time counts, but for the time in which people are asked. */
  start(): void {
    if (this.#scopes().every(({ limits }) => limits.maxDuration === undefined)) return;
    const { events } = this.#live;
    for (const event of ASKED) events.on(event, this.#look);
    this.#look();
  }

  stop(): void {
    this.#cancel();
    for (const event of ASKED) this.#live.events.off(event, this.#look);
    this.#release();
  }

  readonly #look = (): void => {
    this.#cancel();
    const { clock } = this.#runtime;
    const left = timeLeft(this.#scopes(), clock.now());
    if (left === undefined) return;
    if (left.ms <= 0) this.#deadline.abort(left.error(clock.now()));
    else if (this.#live.state.open?.asking !== true) this.#cancel = clock.timer(left.ms, this.#look, { unref: true });
  };

  /** INVALID_INPUT where cost has a limit that can't be held: the model has no price. `own`: the limits of the turn that is about to begin. */
  priceable({ name, info }: ResolvedModel, own: Limits = {}): Coded | undefined {
    const limited = info.price === undefined && [own, ...this.#chain().map(({ limits }) => limits)].some(isCostly);
    return limited ? noPrice(name) : undefined;
  }

  /** Reserves what a call may take, the answer shortened to what is left. */
  async open({ model, input, output }: Wanted): Promise<Granted> {
    const scopes = this.#chain();
    if (scopes.every(({ limits }) => Object.keys(limits).length === 0)) return {};
    const impossible = this.priceable(model);
    if (impossible !== undefined) return { refused: impossible };
    const worst = Math.ceil(input * MARGIN);
    const least = Math.min(LEAST, output);
    const most = Math.max(least, Math.min(output, model.info.contextWindow - input));
    const room = roomIn(scopes, model.info.price, worst, most);
    if (room.output < least) return { refused: exceeded(room.tightest as Scope, room.limit) };
    const { price } = model.info;
    const cost = price === undefined ? 0 : worstCost(worst, room.output, price);
    // No wait since the limits were looked at: calls that run side by side can't take the same room.
    this.#hold({ calls: 1, tokens: worst + room.output, cost });
    const lowered = room.output < most && room.tightest !== undefined ? exceeded(room.tightest, room.limit) : undefined;
    const metered = scopes.some(({ limits }) => isMetered(limits));
    // Time tells by itself when a process died. The session's plain step limit counts answers, so it needs no record either.
    if (!metered && scopes.every(({ limits }) => limits.maxSteps === undefined)) return {};
    const facts = { model: model.name, input: worst, output: room.output, ...(price !== undefined && { price }) };
    await this.#live.append({ type: 'reserve', at: isoNow(this.#runtime.clock), turn: this.#turn, ...facts });
    return metered ? { output: room.output, ...(lowered !== undefined && { lowered }) } : {};
  }

  /** What the call took is stored: it is told to the turns above, then its reservation is given back. */
  async close(): Promise<void> {
    for (let above = this.#above; above !== undefined; above = above.purse.#above) await above.tell();
    this.#release();
  }

  #chain(): Scope[] {
    const above = this.#above;
    return above === undefined ? this.#scopes() : [...this.#scopes(), ...above.purse.#chain()];
  }

  #scopes(): Scope[] {
    return scopesOf(this.#live, this.#turn, this.#held);
  }

  #hold(amount: Spending): void {
    this.#own = amount;
    this.#add(amount);
  }

  #release(): void {
    const own = this.#own;
    this.#own = undefined;
    if (own !== undefined) this.#add({ calls: -own.calls, tokens: -own.tokens, cost: -own.cost });
  }

  #add(amount: Spending): void {
    this.#held = addSpending(this.#held, amount);
    if (this.#above !== undefined) this.#above.purse.#add(amount);
  }
}

/** What the answer takes counts. */
function isMetered({ maxTokens, maxCost }: Limits): boolean {
  return maxTokens !== undefined || maxCost !== undefined;
}

function isCostly({ maxCost }: Limits): boolean {
  return maxCost !== undefined;
}

/** The longest answer that every limit has room for, and the one that has least. */
function roomIn(
  scopes: readonly Scope[],
  price: ModelInfo['price'],
  input: number,
  most: number,
): { readonly output: number; readonly tightest?: Scope; readonly limit: 'maxSteps' | 'maxTokens' | 'maxCost' } {
  let room: ReturnType<typeof roomIn> = { output: most, limit: 'maxTokens' };
  const narrow = (output: number, tightest: Scope, limit: typeof room.limit): void => {
    if (output < room.output) room = { output, tightest, limit };
  };
  for (const scope of scopes) {
    const { limits, spent } = scope;
    if (limits.maxSteps !== undefined && spent.calls >= limits.maxSteps) narrow(-1, scope, 'maxSteps');
    if (limits.maxTokens !== undefined) narrow(limits.maxTokens - spent.tokens - input, scope, 'maxTokens');
    if (limits.maxCost !== undefined && price !== undefined) {
      narrow(affordable(limits.maxCost - spent.cost - worstCost(input, 0, price), price), scope, 'maxCost');
    }
  }
  return room;
}
