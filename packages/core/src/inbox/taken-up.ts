import type { Outcome } from '../contracts/turn.ts';
import { RepriseError } from '../errors.ts';
import type { Parts } from '../session/parts.ts';
import { nothing } from '../session/perform.ts';
import { NO_USAGE } from '../state/state.ts';
import { lastMessage } from '../turn/outcome.ts';

/** How the turn ended that somebody else answered the message in. */
export function takenUp({ live }: Parts, key: string): Outcome {
  const entries = live.state.entries.toArray();
  const at = entries.findIndex(({ record }) => record.type === 'message' && record.key === key);
  const record = entries[at]?.record;
  const turn = record?.type === 'message' ? record.turn : undefined;
  const last = entries
    .slice(at + 1)
    .findLast((entry) => entry.record.type === 'step' && entry.record.turn === turn)?.record;
  if (at < 0) return nothing('aborted', new RepriseError('ABORTED', 'The message was taken back.'));
  const message = last?.type === 'step' ? { message: lastMessage(live.state, last) } : {};
  const finishReason = last?.type === 'step' ? last.finishReason : 'other';
  return { status: 'done', finishReason, ...message, tokens: 0, usage: NO_USAGE, steps: 0 };
}
