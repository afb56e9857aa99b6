import type { Outcome } from '../contracts/turn.ts';
import { isPaused } from '../context/compile.ts';
import { RepriseError } from '../errors.ts';
import type { AttemptRecord, StepRecord } from '../records/types.ts';
import { isoNow } from '../session/clock.ts';
import { runCalls } from './calls.ts';
import { again } from './again.ts';
import type { Ending } from './conduct.ts';
import { conduct } from './conduct.ts';
import type { TurnContext } from './context.ts';
import { lastStep } from './outcome.ts';
import { loop } from './run.ts';
import { shownBefore, spentUnseen } from './settle.ts';

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
    const { pending, steps } = open;
    await live.append({ type: 'carry-on', at: isoNow(context.runtime.clock), turn: handle.id });
    context.purse.start();
    const last = lastStep(live.state, handle.id);
    if (last !== undefined && pending.length > 0) await runCalls(context, again(context, last, open));
    else if (last !== undefined && complete(last)) return { status: 'done', step: last } satisfies Ending;
    else await keepShown(context);
    return loop(context, steps + 1);
  });
}

/** Nothing was left to do but to say so. */
function complete(step: StepRecord): boolean {
  return step.finishReason !== 'interrupted' && (step.toolCalls ?? []).length === 0 && !isPaused(step);
}

/** What people saw of the step in flight is stored; where nothing is left of it, it is recorded that the model is asked once more. */
async function keepShown({ live, handle, runtime }: TurnContext): Promise<void> {
  const draft = (await runtime.storage.draft?.read(live.id)) ?? [];
  const facts = { at: isoNow(runtime.clock), messageId: runtime.ids('message') };
  const { attempt = 1, until } = live.state.open ?? {};
  const again: AttemptRecord = {
    type: 'attempt',
    at: facts.at,
    turn: handle.id,
    attempt: attempt + 1,
    code: 'ABORTED',
    message: 'The process that asked the model ended before the answer.',
    waitMs: 0,
    ...(until !== undefined && { until }),
    ...spentUnseen(live.state),
  };
  await live.append(shownBefore(live.state, draft, facts) ?? again);
  await live.clearDraft();
}
