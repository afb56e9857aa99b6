import { ENGINE } from '../asks/words.ts';
import type { Piece } from '../contracts/storage.ts';
import { UNKNOWN_OUTCOME } from '../context/compile-result.ts';
import { estimateTokens } from '../context/estimate.ts';
import { unreported } from '../model/price.ts';
import type { AnswerRecord, AttemptRecord, Rec, ResultRecord, StepRecord, Unreported } from '../records/types.ts';
import { mayHaveRun, unansweredAsks } from '../state/asks.ts';
import { lost } from '../state/account.ts';
import type { OpenTurn, State } from '../state/state.ts';
import { readDraft, stepKey } from './draft.ts';

type Seen = NonNullable<ReturnType<typeof readDraft>>;

const NEVER_BEGUN = 'Not run: the turn ended before this call began.';

/** One answer for each question that has none, and one result for each call whose end was not stored: nobody knows what it did, if it began. */
export function unanswered(open: OpenTurn, at: string): (AnswerRecord | ResultRecord)[] {
  const { turn, pending } = open;
  const answers = unansweredAsks(open).map(({ id }): AnswerRecord => ({
    type: 'answer',
    at,
    ask: id,
    verdict: 'cancelled',
    by: ENGINE,
  }));
  const results = pending.map(({ id, tool }): ResultRecord => {
    const error = mayHaveRun(open, id) ? UNKNOWN_OUTCOME : NEVER_BEGUN;
    return { type: 'result', at, turn, call: id, tool, result: null, error };
  });
  return [...answers, ...results];
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
  const { reserved } = open;
  return {
    type: 'step',
    id: facts.messageId,
    role: 'assistant',
    ...partial,
    timestamp: facts.at,
    turn: open.turn,
    finishReason: 'interrupted',
    model: reserved?.model ?? state.model.name,
    ...(reserved !== undefined && { unreported: lostBy(reserved, partial) }),
  };
}

/** What the call took of which this was seen. */
function lostBy({ input, price }: NonNullable<OpenTurn['reserved']>, { content, parts = [] }: Seen): Unreported {
  const thought = parts.flatMap((part) => (part.type === 'reasoning' ? [part.text] : []));
  const output = [content, ...thought].reduce((sum, text) => sum + estimateTokens(text), 0);
  return unreported(input, output, price);
}

/** What is known to have been taken by the call that was under way, if nothing was seen of its answer. */
export function spentUnseen({ open }: State): Pick<AttemptRecord, 'spent'> {
  return open?.reserved === undefined ? {} : { spent: lost(open.reserved) };
}
