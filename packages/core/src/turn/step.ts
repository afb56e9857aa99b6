import { compile } from '../context/compile.ts';
import type { Coded } from '../errors.ts';
import { Accumulator } from '../model/accumulate.ts';
import { classify, codeOf } from '../model/classify.ts';
import { decideRetry } from '../model/retry.ts';
import type { StepRecord } from '../records/types.ts';
import { isoNow, sleep } from '../session/clock.ts';
import type { StepFacts } from './build-step.ts';
import { codedOf, incomplete, partialStep, wholeStep } from './build-step.ts';
import type { TurnContext } from './context.ts';
import { at } from './context.ts';
import { Draft, stepKey } from './draft.ts';
import { fitWindow, pruneForOverflow, requestFacts } from './fit.ts';
import { streamInto } from './stream.ts';

/** How a model call ended: the step that was stored, whole or cut short, and the failure that cut it. */
export interface StepResult {
  readonly step: StepRecord | undefined;
  readonly error?: Coded;
}

/**
 * One model call, tried again where that makes sense; what it gave is stored when this resolves. Never rejects for what the model or
 * the network does; a storage failure throws.
 */
export async function callModel(context: TurnContext): Promise<StepResult> {
  const { runtime, live, handle, model, signal } = context;
  let waitedMs = 0;
  let pruned = false;
  for (let attempt = 1; ; attempt += 1) {
    const tooLong = await fitWindow(context);
    if (tooLong !== undefined) return { step: undefined, error: tooLong };
    const draft = new Draft(live, runtime, stepKey(handle.id, (live.state.open?.steps ?? 0) + 1), attempt);
    const accumulator = new Accumulator(sinkOf(context, draft, attempt));
    let failed: unknown;
    try {
      const request = compile(live.state, await requestFacts(context));
      const stops = live.state.settings.stopSequences;
      await streamInto(accumulator, model, request, signal, runtime.clock, stops);
    } catch (error) {
      failed = error;
    }
    const response = accumulator.response();
    failed ??= incomplete(response);
    const store = async (step: StepRecord | undefined): Promise<StepRecord | undefined> => {
      if (step !== undefined) await live.append(step);
      await draft.end();
      return step;
    };
    if (failed === undefined) return { step: await store(wholeStep(response, stepFacts(context))) };
    if (signal.aborted) {
      return { step: await store(partialStep(response, stepFacts(context))), error: signal.reason as Coded };
    }
    const failure = model.classify?.(failed) ?? classify(failed, runtime.clock.now());
    const now = runtime.clock.now();
    let waitMs = 0;
    if (failure.kind === 'overflow' && !pruned && (await pruneForOverflow(context))) pruned = true;
    else {
      const decision = decideRetry(failure, { attempt, waitedMs, random: runtime.random() });
      if (decision.kind === 'stop') {
        const step = await store(partialStep(response, stepFacts(context)));
        return { step, error: codedOf(failure, failed, decision.retryInMs, now) };
      }
      waitMs = decision.waitMs;
    }
    waitedMs += waitMs;
    await draft.end();
    await live.append({
      type: 'attempt',
      at: isoNow(runtime.clock),
      turn: handle.id,
      attempt: attempt + 1,
      code: codeOf(failure),
      message: failure.message,
      waitMs,
    });
    handle.chunk({ type: 'reset', at: at(context, attempt + 1), offset: 0, reason: 'retry', waitMs });
    try {
      if (waitMs > 0) await sleep(runtime.clock, waitMs, signal);
    } catch {
      return { step: undefined, error: signal.reason as Coded };
    }
  }
}

/** Shows each delta and keeps it in the draft. */
function sinkOf(context: TurnContext, draft: Draft, attempt: number) {
  const { handle } = context;
  let offset = 0;
  return {
    text(delta: string): void {
      draft.add('text', delta);
      handle.flow('text', delta, at(context, attempt, offset));
      offset += delta.length;
    },
    reasoning(delta: string): void {
      draft.add('reasoning', delta);
      handle.flow('reasoning', delta, at(context, attempt, offset));
    },
  };
}

function stepFacts({ runtime, live, handle, model }: TurnContext): StepFacts {
  return { turn: handle.id, state: live.state, model, at: isoNow(runtime.clock), id: runtime.ids };
}
