import { UNKNOWN_OUTCOME } from '../context/compile-result.ts';
import type { StepRecord } from '../records/types.ts';
import { mayHaveRun } from '../state/asks.ts';
import type { OpenTurn } from '../state/state.ts';
import type { TurnContext } from './context.ts';

/** The step with only the calls that wait, those that must not run twice refused. */
export function again({ tools }: TurnContext, step: StepRecord, open: OpenTurn): StepRecord {
  const waiting = (step.toolCalls ?? []).filter((call) => open.pending.some(({ id }) => id === call.id));
  const unsafe = waiting.filter(({ id, tool }) => mayHaveRun(open, id) && tools.find(tool)?.replay !== 'safe');
  const refused = Object.fromEntries(unsafe.map(({ id }) => [id, UNKNOWN_OUTCOME]));
  return { ...step, toolCalls: waiting, refused: { ...refused, ...step.refused } };
}
