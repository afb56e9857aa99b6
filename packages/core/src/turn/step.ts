import type { Coded } from '../errors.ts';
import { Accumulator } from '../model/accumulate.ts';
import type { Response } from '../model/accumulate.ts';
import { classify } from '../model/classify.ts';
import type { Spent, StepRecord } from '../records/types.ts';
import { isoNow } from '../session/clock.ts';
import type { StepFacts } from './build-step.ts';
import { incomplete, partialStep, wholeStep } from './build-step.ts';
import type { TurnContext } from './context.ts';
import { at } from './context.ts';
import { Draft, stepKey } from './draft.ts';
import { fitWindow, longestAnswer, requestOf } from './fit.ts';
import { send } from './send.ts';
import { Tries } from './tries.ts';
import type { Took } from './took.ts';
import { spentBy, tookBy } from './took.ts';

/** How a model call ended: the step that was stored, whole or cut short, and the failure that cut it, or that kept it from being made. */
export interface StepResult {
  readonly step: StepRecord | undefined;
  readonly error?: Coded;
  /** What a call took that left no step. */
  readonly spent?: Spent;
}

/**
 * One model call, tried again where that makes sense; what it gave is stored when this resolves. Never rejects for what the model or
 * the network does; a storage failure throws.
 */
export async function callModel(context: TurnContext): Promise<StepResult> {
  const { runtime, live, signal, purse } = context;
  const tries = new Tries(context);
  try {
    await tries.sitOut();
    for (;;) {
      const input = await fitWindow(context);
      if (typeof input !== 'number') return { step: undefined, error: input };
      const granted = await purse.open({ model: context.model, input, output: longestAnswer(context) });
      if (granted.refused !== undefined) return { step: undefined, error: granted.refused };
      signal.throwIfAborted();
      const { response, failed, draft } = await ask(context, tries.attempt, granted.output);
      const took = tookBy(response, context.model, input);
      const store = async (step: StepRecord | undefined, error?: Coded): Promise<StepResult> => {
        if (step !== undefined) await live.append(step);
        await draft.end();
        await purse.close();
        const spent = step === undefined ? { spent: spentBy(context.model, took) } : {};
        return { step, ...(error !== undefined && { error }), ...spent };
      };
      const facts = stepFacts(context, took);
      if (failed === undefined) {
        const step = wholeStep(response, facts);
        return await store(step, step.finishReason === 'length' ? granted.lowered : undefined);
      }
      if (signal.aborted) return await store(partialStep(response, facts), signal.reason as Coded);
      const failure = context.model.classify?.(failed) ?? classify(failed, runtime.clock.now());
      const error = await tries.react(failure, failed, draft, took);
      if (error !== undefined) return await store(partialStep(response, facts), error);
    }
  } catch (error) {
    // Somebody gave up while the turn waited.
    if (signal.aborted && error === signal.reason) return { step: undefined, error: signal.reason as Coded };
    throw error;
  }
}

interface Asked {
  readonly response: Response;
  readonly failed: unknown;
  readonly draft: Draft;
}

/** One request, to the end of its answer. */
async function ask(context: TurnContext, attempt: number, maxOutputTokens: number | undefined): Promise<Asked> {
  const { runtime, live, handle, hub } = context;
  const draft = new Draft(live, runtime, stepKey(handle.id, (live.state.open?.steps ?? 0) + 1), attempt);
  const span = hub.begin(live.state.seq, attempt, () => accumulator.shown());
  const accumulator = new Accumulator(sinkOf(context, draft, span));
  let failed: unknown;
  try {
    const request = await requestOf(context, maxOutputTokens);
    await send(context, accumulator, request, { purpose: 'step', attempt }, live.state.settings.stopSequences);
  } catch (error) {
    failed = error;
  }
  const response = accumulator.response();
  return { response, failed: failed ?? incomplete(response), draft };
}

/** Shows each delta and keeps it in the draft. */
function sinkOf(context: TurnContext, draft: Draft, span: ReturnType<TurnContext['hub']['begin']>) {
  const { handle, hub } = context;
  const { attempt } = span;
  let offset = 0;
  const here = (): ReturnType<typeof at> => at(context, attempt, offset);
  return {
    text(delta: string): void {
      draft.add('text', delta);
      handle.flow('text', delta, here);
      hub.flow(span, 'text', delta);
      offset += delta.length;
    },
    reasoning(delta: string): void {
      draft.add('reasoning', delta);
      handle.flow('reasoning', delta, here);
      hub.flow(span, 'reasoning', delta);
    },
  };
}

function stepFacts({ runtime, live, handle, model }: TurnContext, took: Took): StepFacts {
  return { turn: handle.id, state: live.state, model, at: isoNow(runtime.clock), took, id: runtime.ids };
}
