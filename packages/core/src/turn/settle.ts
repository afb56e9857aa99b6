import type { Piece } from '../contracts/storage.ts';
import { UNKNOWN_OUTCOME } from '../context/compile-result.ts';
import type { Rec, ResultRecord, StepRecord } from '../records/types.ts';
import type { OpenTurn, State } from '../state/state.ts';
import { readDraft, stepKey } from './draft.ts';

/** One result for each call whose end was not stored: nobody knows what it did. */
export function unanswered({ turn, pending }: OpenTurn, at: string): ResultRecord[] {
  return pending.map(({ id, tool }) => ({
    type: 'result',
    at,
    turn,
    call: id,
    tool,
    result: null,
    error: UNKNOWN_OUTCOME,
  }));
}

/**
 * The records that end a turn which a crash left open: the text that people had seen, one result for each call that has none, one
 * terminal record. Pure; of a settled state it gives none, so settling twice changes nothing.
 */
export function settle(
  state: State,
  draft: readonly Piece[],
  facts: { readonly at: string; readonly messageId: string },
): Rec[] {
  const open = state.open;
  if (open === undefined) return [];
  const { at } = facts;
  const partial = shownBefore(state, draft, facts);
  const end: Rec = {
    type: 'turn-end',
    at,
    turn: open.turn,
    status: 'interrupted',
    finishReason: 'interrupted',
    usage: open.usage,
    steps: open.steps,
  };
  return [...(partial === undefined ? [] : [partial]), ...unanswered(open, at), end];
}

/** The text of the step in flight that people had seen when the process died. */
export function shownBefore(
  state: State,
  draft: readonly Piece[],
  facts: { readonly at: string; readonly messageId: string },
): StepRecord | undefined {
  const open = state.open;
  if (open === undefined || open.pending.length > 0) return undefined;
  const partial = readDraft(draft, stepKey(open.turn, open.steps + 1));
  if (partial === undefined) return undefined;
  return {
    type: 'step',
    id: facts.messageId,
    role: 'assistant',
    ...partial,
    timestamp: facts.at,
    turn: open.turn,
    finishReason: 'interrupted',
    model: state.model.name,
  };
}
