import type { Sessions } from '../contracts/session.ts';
import type { SessionHead, SessionStorage } from '../contracts/storage.ts';
import type { Coded } from '../errors.ts';
import { headOf } from '../state/head.ts';
import { reduce } from '../state/reduce.ts';
import { EMPTY } from '../state/state.ts';
import { Transcript } from '../state/transcript.ts';
import { readDraft, stepKey } from '../turn/draft.ts';
import { atTip, noteLostEnd, readable, records } from './load.ts';

/**
 * Everything that can be read of a session, without a lease and without a write: also while another process works on it, after a
 * crash (then with the text that was on its way), and with damage (then with what loads).
 */
export async function showSession(storage: SessionStorage, stored: SessionHead): ReturnType<Sessions['show']> {
  const { id } = stored;
  const transcript = new Transcript();
  const damage: Coded[] = [];
  let state = EMPTY;
  for await (const { seq, json } of records(storage.read(id), damage)) {
    const record = readable({ seq, json }, damage);
    transcript.add(seq, record);
    state = reduce(state, seq, record, json.length);
  }
  noteLostEnd(id, stored.seq, state.seq, damage);
  state = atTip(state, stored.seq);
  const messages = transcript.messages(1, true);
  const open = state.open;
  if (open !== undefined && open.pending.length === 0) {
    const partial = readDraft((await storage.draft?.read(id)) ?? [], stepKey(open.turn, open.steps + 1));
    if (partial !== undefined) {
      const { content } = partial;
      messages.push({
        id: 'draft',
        role: 'assistant',
        content,
        timestamp: state.lastMessage,
        finishReason: 'interrupted',
      });
    }
  }
  const head = state.createdAt === '' ? stored : headOf(id, state);
  return damage[0] === undefined ? { head, messages } : { head, messages, error: damage[0] };
}
