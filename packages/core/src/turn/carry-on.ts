import type { Outcome } from '../contracts/turn.ts';
import { isPaused } from '../context/compile.ts';
import { RepriseError } from '../errors.ts';
import type { StepRecord } from '../records/types.ts';
import { isoNow } from '../session/clock.ts';
import { again, keepShown } from './again.ts';
import { conduct } from './conduct.ts';
import type { TurnContext } from './context.ts';
import { lastStep } from './outcome.ts';
import { answered } from './output.ts';
import { loop } from './run.ts';
import { isWaiting, leavesWork, runStep } from './verdicts.ts';

/**
 * Goes on with the turn that a crash left open, as its process would have: what was shown is kept; calls that have no result are run where they
 * are known not to have begun (people are asked, or were asked and have answered), run again where their tool says that this is safe, and are
 * otherwise told to the model as unknown; then the model is asked again. What has a result is never run again.
 */
export function carryOn(context: TurnContext): Promise<Outcome> {
  const { live, handle } = context;
  return conduct(context, async () => {
    const open = live.state.open;
    if (open?.turn !== handle.id) {
      throw new RepriseError('CONFLICT', 'The open turn was ended by somebody else meanwhile.', {
        hint: 'Send the next message; nothing was lost.',
      });
    }
    const { steps } = open;
    await live.append({ type: 'carry-on', at: isoNow(context.runtime.clock), turn: handle.id });
    context.purse.start();
    const last = lastStep(live.state, handle.id);
    if (last !== undefined && isWaiting(live.state)) await runStep(context, again(context, last, open));
    else if (last !== undefined && complete(last)) {
      const ending = await answered(context, last, false);
      if (ending !== undefined) return ending;
    } else await keepShown(context);
    return loop(context, steps + 1);
  });
}

/** Nothing was left to do but to say so. */
function complete(step: StepRecord): boolean {
  return step.finishReason !== 'interrupted' && !leavesWork(step) && !isPaused(step);
}
