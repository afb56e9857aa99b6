import type { Piece } from '../contracts/storage.ts';
import { UNKNOWN_OUTCOME } from '../context/compile-result.ts';
import type { Rec } from '../records/types.ts';
import type { State } from '../state/state.ts';
import { readDraft, stepKey } from './draft.ts';

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
  const records: Rec[] = [];
  const { at } = facts;
  if (open.pending.length === 0) {
    const partial = readDraft(draft, stepKey(open.turn, open.steps + 1));
    if (partial !== undefined) {
      records.push({
        type: 'step',
        id: facts.messageId,
        role: 'assistant',
        ...partial,
        timestamp: at,
        turn: open.turn,
        finishReason: 'interrupted',
        model: state.model.name,
      });
    }
  }
  for (const call of open.pending) {
    records.push({
      type: 'result',
      at,
      turn: open.turn,
      call: call.id,
      tool: call.tool,
      result: null,
      error: UNKNOWN_OUTCOME,
    });
  }
  records.push({
    type: 'turn-end',
    at,
    turn: open.turn,
    status: 'interrupted',
    finishReason: 'interrupted',
    usage: open.usage,
    steps: open.steps,
  });
  return records;
}
