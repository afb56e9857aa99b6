import type { Rung } from '../context/repair.ts';
import { planRepair } from '../context/repair.ts';
import type { Coded } from '../errors.ts';
import { isCoded } from '../errors.ts';
import type { ModelFailure } from '../contracts/model.ts';
import { codeOf } from '../model/classify.ts';
import { decideRetry } from '../model/retry.ts';
import type { AttemptRecord, Rec, Repair, RepairRecord } from '../records/types.ts';
import { isoNow, sleep } from '../session/clock.ts';
import { codedOf } from './build-step.ts';
import type { TurnContext } from './context.ts';
import { at } from './context.ts';
import type { Draft } from './draft.ts';
import { fitOf, move, planOverflow, requestFacts, tooLong } from './fit.ts';
import type { Took } from './took.ts';
import { spentBy } from './took.ts';

/** The tries of one model call: what was done about those that failed, and what is left to do. */
export class Tries {
  readonly #context: TurnContext;
  /** Over all models; the first is 1. */
  #attempt = 1;
  /** Of the model that is asked now. */
  #own = 1;
  #waitedMs = 0;
  #compacted = false;
  #rung: Rung | undefined;
  /** As it was before the first rung. */
  readonly #before: Repair | undefined;

  constructor(context: TurnContext) {
    this.#context = context;
    this.#before = context.live.state.repair;
  }

  get attempt(): number {
    return this.#attempt;
  }

  /** A turn that was parked, by this process or by one that is gone, asks nobody before its time. Rejects with the signal's reason. */
  async sitOut(): Promise<void> {
    const { live, runtime, signal } = this.#context;
    const until = live.state.open?.until;
    const left = until === undefined ? 0 : Date.parse(until) - runtime.clock.now();
    if (left > 0) await sleep(runtime.clock, left, signal);
  }

  /** Decides what follows a failure, records it and does it. The error is for the caller: no further try makes sense. */
  async react(failure: ModelFailure, failed: unknown, draft: Draft, took: Took): Promise<Coded | undefined> {
    const context = this.#context;
    const { live, runtime, handle, fallbacks } = context;
    const boundary = failure.kind === 'overflow' && !this.#compacted ? await planOverflow(context) : undefined;
    // What another part of the program refuses is no fault of the request.
    const refused = failure.kind === 'bad-request' && (!isCoded(failed) || failed.code === 'PROVIDER');
    const repair = refused ? await this.#planRepair() : undefined;
    const fallback = await fallbacks.next();
    const can = { fallBack: fallback !== undefined, compact: boundary !== undefined, repair: repair !== undefined };
    const facts = { attempt: this.#own, waitedMs: this.#waitedMs, random: runtime.random(), can };
    const decision = decideRetry(failure, facts, runtime.retry);
    const next: AttemptRecord = {
      type: 'attempt',
      at: isoNow(runtime.clock),
      turn: handle.id,
      attempt: this.#attempt + 1,
      code: codeOf(failure),
      message: failure.message,
      waitMs: 0,
      spent: spentBy(context.model, took),
    };
    // What the failed try showed is void, unless it was the last.
    if (decision.kind !== 'stop') await draft.end();
    switch (decision.kind) {
      case 'stop':
        if (this.#rung !== undefined) await live.append(this.#repairRecord(failure.message, this.#before));
        if (failure.kind === 'overflow') return tooLong(failure, failed, context);
        return codedOf(failure, failed, decision.retryInMs, runtime.clock.now(), this.#rung !== undefined);
      case 'retry':
        this.#waitedMs += decision.waitMs;
        await this.#again([{ ...next, waitMs: decision.waitMs }]);
        if (decision.waitMs > 0) await sleep(runtime.clock, decision.waitMs, context.signal);
        return undefined;
      case 'park': {
        const until = new Date(runtime.clock.now() + decision.waitMs).toISOString();
        await this.#again([{ ...next, waitMs: decision.waitMs, until }]);
        live.events.emit('warning', { message: `The provider asks to wait: the turn is parked until ${until}.` });
        await this.sitOut();
        return undefined;
      }
      case 'fall-back':
        if (fallback === undefined) return undefined;
        fallbacks.take(fallback);
        await this.#again([{ ...next, model: { requested: fallback.requested, name: fallback.name } }]);
        live.events.emit('warning', {
          message: `${context.model.name} failed (${failure.message}); ${fallback.name} answers for the rest of this turn.`,
        });
        context.model = fallback;
        this.#own = 1;
        this.#waitedMs = 0;
        return undefined;
      case 'compact':
        if (boundary !== undefined) await move(context, boundary);
        this.#compacted = true;
        await this.#again([next]);
        return undefined;
      case 'repair':
        this.#rung = repair?.rung;
        await this.#again([this.#repairRecord(failure.message, repair?.repair), next]);
        if (this.#rung === 'attachments')
          live.events.emit('warning', {
            message: `${context.model.name} refused the attached files: ${failure.message}`,
          });
        return undefined;
      default:
        return decision satisfies never;
    }
  }

  /** Stored first; then whoever follows takes back what the failed try showed. */
  async #again(records: readonly [...Rec[], AttemptRecord]): Promise<void> {
    const { live, handle } = this.#context;
    await live.append(records);
    await this.#context.purse.close();
    const { code, waitMs, model } = records.at(-1) as AttemptRecord;
    this.#attempt += 1;
    this.#own += 1;
    handle.chunk({
      type: 'reset',
      at: at(this.#context, this.#attempt),
      offset: 0,
      reason: 'retry',
      code,
      waitMs,
      ...(model !== undefined && { model: model.name }),
    });
  }

  async #planRepair(): ReturnType<typeof plan> {
    return plan(this.#context, this.#rung);
  }

  #repairRecord(reason: string, repair: Repair | undefined): RepairRecord {
    const { runtime, handle } = this.#context;
    const record = { type: 'repair', at: isoNow(runtime.clock), turn: handle.id, reason } as const;
    return repair === undefined ? record : { ...record, repair };
  }
}

async function plan(context: TurnContext, below: Rung | undefined) {
  const facts = await requestFacts(context);
  return planRepair(context.live.state, facts, fitOf(context.live.state, facts), below);
}
