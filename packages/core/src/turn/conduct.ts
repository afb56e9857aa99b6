import type { JSONValue } from '@ai-sdk/provider';
import type { Outcome } from '../contracts/turn.ts';
import type { Coded } from '../errors.ts';
import { toCoded } from '../errors.ts';
import type { Spent, StepRecord, TurnEndRecord } from '../records/types.ts';
import { isoNow } from '../session/clock.ts';
import { jsonSafe } from '../tools/json-safe.ts';
import type { TurnContext } from './context.ts';
import { outcomeOf } from './outcome.ts';
import { unanswered } from './settle.ts';

/** How the loop ended, before it is recorded. */
export interface Ending {
  readonly status: TurnEndRecord['status'];
  readonly step: StepRecord | undefined;
  readonly error?: Coded;
  /** The value that was asked for. */
  readonly output?: unknown;
  /** What the last model call took, if it left no step. */
  readonly spent?: Spent;
}

/** Whatever `work` does, the turn ends with its one terminal record. */
export async function conduct(context: TurnContext, work: () => Promise<Ending>): Promise<Outcome> {
  let ending: Ending;
  try {
    ending = await work();
  } catch (error) {
    ending = { status: 'failed', step: undefined, error: toCoded(error) };
  }
  await context.family.end();
  context.purse.stop();
  return end(context, ending);
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
    ...(ending.spent !== undefined && { spent: ending.spent }),
    ...(ending.output !== undefined && recorded(ending.output)),
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

/** A schema may make of the answer what is no JSON; then only the caller here has it. */
function recorded(output: unknown): { readonly output?: JSONValue } {
  try {
    return { output: jsonSafe(output) };
  } catch {
    return {};
  }
}
