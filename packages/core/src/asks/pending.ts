import type { PendingAsk } from '../contracts/ask.ts';
import type { SessionHead, SessionStorage } from '../contracts/storage.ts';
import { loadState } from '../session/load.ts';
import { unansweredAsks } from '../state/asks.ts';
import type { State } from '../state/state.ts';
import { requestsIn } from '../state/verdicts.ts';

/** What people are asked in a session and have not answered. */
export function pendingAsks({ open, entries }: State): PendingAsk[] {
  if (open === undefined) return [];
  return unansweredAsks(open).map(({ answer: _answer, input, ...ask }) => ({
    ...ask,
    turn: open.turn,
    input: input ?? paramsOf(entries, ask.call),
  }));
}

/** The same from the log: while another process waits, or after one that waited was killed. */
export async function readPending(storage: SessionStorage, head: SessionHead): Promise<readonly PendingAsk[]> {
  return pendingAsks((await loadState(storage, head.id, head)).state);
}

/** What the newest step called a tool with. */
function paramsOf(entries: State['entries'], call: string): unknown {
  for (let i = entries.length - 1; i >= 0; i -= 1) {
    const record = entries.at(i)?.record;
    if (record?.type !== 'step') continue;
    const found = record.toolCalls?.find(({ id }) => id === call);
    if (found !== undefined) return found.params;
    const asked = requestsIn(record).find((one) => one.call.id === call);
    if (asked !== undefined) return asked.call.input;
  }
  return null;
}
