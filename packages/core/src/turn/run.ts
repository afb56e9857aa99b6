import type { Outcome } from '../contracts/turn.ts';
import { isPaused } from '../context/compile.ts';
import type { Coded } from '../errors.ts';
import { RepriseError, toCoded } from '../errors.ts';
import type { StepRecord, TurnEndRecord } from '../records/types.ts';
import { isoNow } from '../session/clock.ts';
import { hear, takeSteering } from '../inbox/holder.ts';
import { runCalls } from './calls.ts';
import type { TurnContext } from './context.ts';
import { LoopWatch } from './loops.ts';
import { lastMessage, outcomeOf } from './outcome.ts';
import { unanswered } from './settle.ts';
import { callModel } from './step.ts';

/** Model calls in one turn. */
const STEPS = 50;

/** How the loop ended, before it is recorded. */
export interface Ending {
  readonly status: TurnEndRecord['status'];
  readonly step: StepRecord | undefined;
  readonly error?: Coded;
}

/**
 * One turn (of the message that waited under `key`, if it did), from the stored message to the one terminal record: model, tools, and again, until the model has nothing to call.
 * Runs under the lease on a settled session. Never rejects: whatever goes wrong is in the outcome.
 */
export function runTurn(context: TurnContext, input: string, key?: string): Promise<Outcome> {
  return conduct(context, async () => {
    await hear(context, [{ text: input, key }]);
    return loop(context, 1);
  });
}

/** Whatever `work` does, the turn ends with its one terminal record. */
export async function conduct(context: TurnContext, work: () => Promise<Ending>): Promise<Outcome> {
  let ending: Ending;
  try {
    ending = await work();
  } catch (error) {
    ending = { status: 'failed', step: undefined, error: toCoded(error) };
  }
  return end(context, ending);
}

/** Model, tools, and again; `first` is the number of the model call that comes next. */
export async function loop(context: TurnContext, first: number): Promise<Ending> {
  const { live, signal } = context;
  const limit = live.state.settings.maxSteps ?? STEPS;
  const watch = new LoopWatch();
  for (let steps = first; ; steps += 1) {
    await context.offerNewTools();
    await takeSteering(context);
    const { step, error } = await callModel(context);
    if (step !== undefined) told(context, step);
    if (error !== undefined) return { status: signal.aborted ? 'aborted' : 'failed', step, error };
    if (step === undefined) throw new RepriseError('INTERNAL', 'A model call gave neither a step nor an error.');
    const calls = step.toolCalls ?? [];
    const finished = calls.length === 0 && !isPaused(step);
    if (finished && (steps >= limit || !(await takeSteering(context)))) return { status: 'done', step };
    const looping = calls.length === 0 ? undefined : watch.see(await runCalls(context, step));
    if (signal.aborted) return { status: 'aborted', step, error: signal.reason as Coded };
    if (looping !== undefined) return { status: 'failed', step, error: looping };
    if (steps >= limit) return { status: 'step-limit', step, error: tooManySteps(limit) };
  }
}

/** Listeners hear of a message once it is stored. */
function told({ live }: TurnContext, step: StepRecord): void {
  live.events.emit('message', lastMessage(live.state, step));
  if (step.usage !== undefined) live.events.emit('token_usage', { ...step.usage, session: live.state.usage });
}

async function end(context: TurnContext, ending: Ending): Promise<Outcome> {
  const { live, handle, runtime } = context;
  const open = live.state.open;
  const outcome = outcomeOf(live.state, handle.id, ending);
  if (open?.turn !== handle.id) return outcome;
  const at = isoNow(runtime.clock);
  const terminal: TurnEndRecord = {
    type: 'turn-end',
    at,
    turn: handle.id,
    status: ending.status,
    finishReason: outcome.finishReason,
    usage: outcome.usage,
    steps: outcome.steps,
    ...(ending.error !== undefined && { error: { code: ending.error.code, message: ending.error.message } }),
  };
  try {
    // Calls are open here only where a result could not be stored.
    await live.append([...unanswered(open, at), terminal]);
    return outcome;
  } catch (error) {
    // The terminal record could not be stored: the next owner settles the turn, and the caller hears of it now.
    return { ...outcome, status: 'failed', error: outcome.error ?? toCoded(error) };
  }
}

function tooManySteps(limit: number): RepriseError {
  return new RepriseError('BUDGET_EXCEEDED', `The turn reached its limit of ${limit} model calls.`, {
    hint: 'Send another message to go on, or raise the limit.',
  });
}
