import type { Message, Outcome } from '../contracts/turn.ts';
import type { Coded } from '../errors.ts';
import type { ResultRecord, StepRecord, TurnEndRecord } from '../records/types.ts';
import type { State } from '../state/state.ts';
import { NO_USAGE } from '../state/state.ts';
import { stepMessage } from '../state/transcript.ts';

/** What the caller is told of a turn, from the state before its terminal record. */
export function outcomeOf(
  state: State,
  turn: string,
  ending: {
    readonly status: TurnEndRecord['status'];
    readonly step: StepRecord | undefined;
    readonly error?: Coded;
    readonly output?: unknown;
  },
): Outcome {
  const open = state.open?.turn === turn ? state.open : undefined;
  const output = 'output' in ending ? { output: ending.output } : {};
  const usage = open?.usage ?? NO_USAGE;
  const step = ending.step ?? lastStep(state, turn);
  const status = ending.status === 'interrupted' ? 'aborted' : ending.status;
  return {
    status,
    finishReason:
      status === 'aborted' ? 'interrupted' : status === 'failed' ? 'error' : (step?.finishReason ?? 'other'),
    ...(step !== undefined && { message: { ...lastMessage(state, step), ...output } }),
    ...output,
    ...(ending.error !== undefined && { error: ending.error }),
    tokens: usage.total,
    usage,
    steps: open?.steps ?? 0,
  };
}

/** A step as a message, with what its calls gave so far. */
export function lastMessage(state: State, step: StepRecord): Message {
  const results = new Map<string, ResultRecord>();
  for (let i = state.entries.length - 1; i >= 0; i -= 1) {
    const record = state.entries.at(i)?.record;
    if (record?.type === 'result') results.set(record.call, record);
    else if (record?.type === 'step' && record.id === step.id) break;
  }
  return stepMessage(step, (call) => results.get(call));
}

/** The turn's newest step, if it has one. */
export function lastStep(state: State, turn: string): StepRecord | undefined {
  for (let i = state.entries.length - 1; i >= 0; i -= 1) {
    const record = state.entries.at(i)?.record;
    if (record?.type === 'message') return undefined;
    if (record?.type === 'step') return record.turn === turn ? record : undefined;
  }
  return undefined;
}
