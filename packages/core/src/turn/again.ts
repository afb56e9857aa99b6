import { UNKNOWN_OUTCOME } from '../context/compile-result.ts';
import type { AttemptRecord, StepRecord } from '../records/types.ts';
import { isoNow } from '../session/clock.ts';
import { mayHaveRun } from '../state/asks.ts';
import type { OpenTurn } from '../state/state.ts';
import type { TurnContext } from './context.ts';
import { shownBefore, spentUnseen } from './settle.ts';

/** The step with only the calls that wait, those that must not run twice refused. */
export function again({ tools }: TurnContext, step: StepRecord, open: OpenTurn): StepRecord {
  const waiting = (step.toolCalls ?? []).filter((call) => open.pending.some(({ id }) => id === call.id));
  const unsafe = waiting.filter(({ id, tool }) => mayHaveRun(open, id) && tools.find(tool)?.replay !== 'safe');
  const refused = Object.fromEntries(unsafe.map(({ id }) => [id, UNKNOWN_OUTCOME]));
  return { ...step, toolCalls: waiting, refused: { ...refused, ...step.refused } };
}

/** What people saw of the step in flight is stored; where nothing is left of it, it is recorded that the model is asked once more. */
export async function keepShown({ live, handle, runtime }: TurnContext): Promise<void> {
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
  await live.draft.clear();
}
