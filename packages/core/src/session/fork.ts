import type { StoredRecord } from '../contracts/storage.ts';
import type { Coded } from '../errors.ts';
import { RepriseError } from '../errors.ts';
import { reduce } from '../state/reduce.ts';
import type { State } from '../state/state.ts';
import type { ForkOptions } from '../contracts/session.ts';
import { atTip, readable, refold, startOf } from './load.ts';
import type { LiveSession } from './live.ts';
import { unborn } from './live.ts';
import { readTranscript } from './messages.ts';
import type { Runtime } from './runtime.ts';
import { isoNow } from './clock.ts';

/** A new session with the records up to a message (its results included), or with all of them. The parent is only read. */
export async function forkLive(
  runtime: Runtime,
  parent: LiveSession,
  id: string,
  { fromMessage, madeBy }: ForkOptions,
): Promise<LiveSession> {
  if (fromMessage !== undefined && typeof fromMessage !== 'string') {
    throw new RepriseError('INVALID_INPUT', '`fromMessage` must be the id of a message.');
  }
  await parent.refresh();
  const through = fromMessage === undefined ? parent.state.seq : await lastSeq(parent, fromMessage);
  const state = through === parent.state.seq ? parent.state : await stateAt(runtime, parent, through);
  const child = unborn(runtime, id, parent.autoSave);
  const lineage = { id: parent.id, seq: through };
  const mark = madeBy === undefined ? {} : { madeBy };
  await child.copyFrom(parent, through, state, { type: 'fork', at: isoNow(runtime.clock), parent: lineage, ...mark });
  return child;
}

async function lastSeq(parent: LiveSession, message: string): Promise<number> {
  const seq = (await readTranscript(parent)).lastSeqOf(message);
  if (seq !== undefined) return seq;
  throw new RepriseError('INVALID_INPUT', `There is no message ${JSON.stringify(message)} in this session.`, {
    hint: '`getMessages({ all: true })` and `reprise session show` show every message with its id.',
  });
}

/** The state after record `through`, from the newest checkpoint before it. */
async function stateAt(runtime: Runtime, parent: LiveSession, through: number): Promise<State> {
  const damage: Coded[] = [];
  const { checkpoint } = parent.state;
  const usable = checkpoint > 0 && checkpoint <= through && parent.autoSave;
  let state = await startOf(runtime.storage, parent.id, usable ? checkpoint : 0, damage);
  for await (const stored of parent.records(state.seq, damage)) {
    if (stored.seq > through) break;
    state = reduce(state, stored.seq, readable(stored, damage), stored.json.length);
  }
  if (state.stale === true) state = await refold(() => upTo(parent.records(0, []), through));
  return atTip(state, through);
}

async function* upTo(stored: AsyncIterable<StoredRecord>, through: number): AsyncGenerator<StoredRecord> {
  for await (const one of stored) {
    if (one.seq > through) return;
    yield one;
  }
}
