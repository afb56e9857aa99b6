import type { Outcome } from '../contracts/turn.ts';
import { isPaused } from '../context/compile.ts';
import type { Coded } from '../errors.ts';
import { RepriseError } from '../errors.ts';
import type { Ending } from './conduct.ts';
import { conduct } from './conduct.ts';
import type { TurnContext } from './context.ts';
import { hear, takeSteering, told } from './hear.ts';
import { LoopWatch } from './loops.ts';
import { answered } from './output.ts';
import type { Said } from './said.ts';
import { callModel } from './step.ts';
import { leavesWork, runStep } from './verdicts.ts';

/** Model calls in one turn. */
const STEPS = 50;

/**
 * One turn, from the stored message to the one terminal record: model, tools, and again, until the model has nothing to call.
 * Runs under the lease on a settled session. Never rejects: whatever goes wrong is in the outcome.
 */
export function runTurn(context: TurnContext, said: Said): Promise<Outcome> {
  return conduct(context, async () => {
    const impossible = context.purse.priceable(context.model, said.budget);
    if (impossible !== undefined) throw impossible;
    await hear(context, [said]);
    context.purse.start();
    return loop(context, 1);
  });
}

/** Model, tools, and again; `first` is the number of the model call that comes next. */
export async function loop(context: TurnContext, first: number): Promise<Ending> {
  const { live, signal } = context;
  const limit = live.state.settings.maxSteps ?? STEPS;
  const watch = new LoopWatch();
  for (let steps = first; ; steps += 1) {
    await context.offerNewTools();
    await takeSteering(context);
    const { step, error, spent } = await callModel(context);
    if (step !== undefined) told(context, step);
    if (error !== undefined) {
      // A step that its budget cut short may hold calls: each is told that it was not run.
      if (step?.toolCalls !== undefined) await runStep(context, step);
      return { status: statusOf(signal), step, error, ...(spent !== undefined && { spent }) };
    }
    if (step === undefined) throw new RepriseError('INTERNAL', 'A model call gave neither a step nor an error.');
    const work = leavesWork(step);
    const finished = !work && !isPaused(step);
    if (finished && (steps >= limit || !(await takeSteering(context)))) {
      const ending = await answered(context, step, steps >= limit);
      if (ending !== undefined) return ending;
    }
    const looping = work ? watch.see(await runStep(context, step)) : undefined;
    if (signal.aborted) return { status: statusOf(signal), step, error: signal.reason as Coded };
    if (looping !== undefined) return { status: 'failed', step, error: looping };
    if (steps >= limit) return { status: 'step-limit', step, error: tooManySteps(limit) };
  }
}

/** Somebody gave up; or the turn failed, if only because its time was over. */
function statusOf(signal: AbortSignal): 'aborted' | 'failed' {
  return signal.aborted && (signal.reason as Coded).code !== 'BUDGET_EXCEEDED' ? 'aborted' : 'failed';
}

function tooManySteps(limit: number): RepriseError {
  return new RepriseError('BUDGET_EXCEEDED', `The turn reached its limit of ${limit} model calls.`, {
    hint: 'Send another message to go on, or raise the limit.',
  });
}
