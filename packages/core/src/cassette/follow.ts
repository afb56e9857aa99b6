import type { SessionStorage } from '../contracts/storage.ts';
import { letterEntry } from '../inbox/entries.ts';
import type { RecordedTools, TurnScene } from './scene.ts';

/**
 * What came from outside while the turn ran comes again at its place: messages that steered it, the order of results, an abort. To be told of
 * each append, with how many records it stored.
 */
export function followed(
  { session, turn, cassette }: TurnScene,
  tools: RecordedTools,
  abort: (reason?: string) => void,
): (storage: SessionStorage, count: number) => Promise<void> {
  const { records, end } = turn;
  let stored = 0;
  return async (storage, count) => {
    stored += count;
    const last = records[stored - 1];
    const next = records[stored];
    tools.next(next?.record.type === 'result' ? next.record.call : undefined);
    for (const { record } of records.slice(stored)) {
      // What the engine says itself it says again.
      if (record.type !== 'message' || record.correction) break;
      const key = record.key ?? record.id;
      await storage.inbox?.put(session, letterEntry({ kind: 'message', key, mode: 'steer', text: record.content }));
    }
    if (last === undefined) return;
    // The recording was cut here: nobody knows what came next.
    if (next === undefined && end === undefined) abort();
    if (next === undefined || next.record !== end || end.status !== 'aborted') return;
    // An abort in the middle of an answer comes with that answer.
    const asked = cassette.calls.some(({ place }) => place > last.place && place < next.place);
    if (!asked) abort(end.error?.message);
  };
}
