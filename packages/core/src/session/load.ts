import type { SessionHead, SessionStorage, StoredRecord } from '../contracts/storage.ts';
import type { Coded } from '../errors.ts';
import { RepriseError, isCoded } from '../errors.ts';
import { decode } from '../records/codec.ts';
import type { BodyRecord, Rec, TakeBack } from '../records/types.ts';
import { reduce, startAt, withWindow } from '../state/reduce.ts';
import { Refold } from '../state/refold.ts';
import type { State } from '../state/state.ts';
import { EMPTY } from '../state/state.ts';
import type { Numbered } from '../state/taken-back.ts';
import { takesBack } from '../state/taken-back.ts';

export interface Loaded {
  readonly state: State;
  /** Damage met on the way; what could be read is in the state. */
  readonly damage?: Coded;
}

/** Folds what lies between the newest checkpoint and the tip: the cost follows the window, not the history. */
export async function loadState(storage: SessionStorage, id: string, head: SessionHead): Promise<Loaded> {
  const damage: Coded[] = [];
  const start = await startOf(storage, id, head.checkpoint, damage);
  const state = await catchUp(storage, id, start, head.seq, damage);
  if (state.createdAt === '') throw damage[0] ?? noStart(id);
  return damage[0] === undefined ? { state } : { state, damage: damage[0] };
}

/** The state after every record that follows it in the store, whose last one is `tip` as far as is known. */
export async function catchUp(
  storage: SessionStorage,
  id: string,
  from: State,
  tip: number,
  damage: Coded[],
): Promise<State> {
  let state = from;
  for await (const { seq, json } of records(storage.read(id, { after: from.seq }), damage)) {
    const record = readable({ seq, json }, damage);
    state = reduce(state, seq, record, json.length);
    // Whoever took something back left a checkpoint of what was there then.
    if (state.stale === true && record?.type === 'checkpoint')
      state = (await usable(checkpointState(storage, id, seq, damage))) ?? state;
  }
  noteLostEnd(id, tip, state.seq, damage);
  if (state.stale === true) state = await refold(() => records(storage.read(id), []));
  return atTip(state, tip);
}

/** Records that take others back, as texts; the others are told from them without being parsed. */
const TAKES_BACK = /"type":"(?:rewind|undo)"/;

/** The state after all records of a log in which some took others back; it is read twice. */
export async function refold(read: () => AsyncIterable<StoredRecord>): Promise<State> {
  const log: Numbered<TakeBack>[] = [];
  for await (const stored of read()) {
    const record = TAKES_BACK.test(stored.json) ? readable(stored, []) : undefined;
    if (takesBack(record)) log.push({ seq: stored.seq, record });
  }
  const fold = new Refold(log);
  for await (const stored of read()) fold.add(stored.seq, readable(stored, []), stored.json.length);
  return fold.state;
}

/** Last records that can't be read keep their numbers: what is appended comes behind them, so the state stands behind them too. */
export function atTip(state: State, tip: number): State {
  return state.seq < tip ? reduce(state, tip, undefined, 0) : state;
}

/** Single records of a paged read. Damage is noted, not thrown: its neighbours are there. */
export async function* records(
  pages: AsyncIterable<readonly StoredRecord[]>,
  damage: Coded[],
): AsyncGenerator<StoredRecord> {
  try {
    for await (const page of pages) yield* page;
  } catch (error) {
    if (!isCoded(error) || error.code !== 'STORAGE_DAMAGED') throw error;
    damage.push(error);
  }
}

/**
 * Notes that the log ends before the last record that was acknowledged, where nothing that is left of it tells so: a file that
 * was cut between two records looks whole.
 */
export function noteLostEnd(id: string, tip: number, last: number, damage: Coded[]): void {
  if (last >= tip || damage.length > 0) return;
  const note = `records up to ${tip} were stored, the log ends at ${last}`;
  damage.push(
    new RepriseError('STORAGE_DAMAGED', `The end of session ${id} is lost: ${note}.`, {
      hint: '`reprise session verify` names the place, `reprise session repair` brings back what it can. What is left can be gone on with.',
      details: { damage: [{ kind: 'sequence', seq: last + 1, note }] },
    }),
  );
}

/** Stands in a copy for a record that can't be read, so that all others keep their numbers. */
const LOST = '{"type":"lost","note":"could not be read when the session was copied"}';

/** Records 1…through as texts, without gaps. */
export async function wholeLines(stored: AsyncIterable<StoredRecord>, through: number): Promise<string[]> {
  const lines: string[] = [];
  const fill = (tip: number): void => {
    while (lines.length < tip) lines.push(LOST);
  };
  for await (const { seq, json } of stored) {
    if (seq > through) break;
    fill(seq - 1);
    lines.push(json);
  }
  fill(through);
  return lines;
}

export function readable(stored: StoredRecord, damage: Coded[]): Rec | undefined {
  try {
    return decode(stored);
  } catch (error) {
    if (!isCoded(error) || error.code !== 'STORAGE_DAMAGED') throw error;
    damage.push(error);
    return undefined;
  }
}

/** Where a fold begins: at `checkpoint`, or before the first record where there is none or it can't be used. */
export async function startOf(
  storage: SessionStorage,
  id: string,
  checkpoint: number,
  damage: Coded[],
): Promise<State> {
  if (checkpoint === 0) return EMPTY;
  return (await usable(checkpointState(storage, id, checkpoint, damage))) ?? EMPTY;
}

/** `undefined` where a checkpoint is of no use: only a shortcut is lost, the log is the truth. */
async function usable(state: Promise<State>): Promise<State | undefined> {
  try {
    return await state;
  } catch (error) {
    if (!isCoded(error) || error.code !== 'STORAGE_DAMAGED') throw error;
    return undefined;
  }
}

/** The same of a checkpoint that may be of no use: then `undefined`. */
export function stateAtCheckpoint(storage: SessionStorage, id: string, seq: number): Promise<State | undefined> {
  return usable(checkpointState(storage, id, seq, []));
}

/** The state at a checkpoint, with the bodies of its window. */
async function checkpointState(storage: SessionStorage, id: string, seq: number, damage: Coded[]): Promise<State> {
  let state: State | undefined;
  let wanted: readonly number[] = [];
  for await (const stored of records(storage.read(id, { after: seq - 1, before: seq + 1 }), damage)) {
    ({ state, window: wanted } = startAt(seq, decode(stored)));
  }
  if (state === undefined) throw noStart(id);
  const bodies: { seq: number; record: BodyRecord }[] = [];
  for (const [first, last] of spans(wanted)) {
    const inWindow = new Set(wanted);
    for await (const stored of records(storage.read(id, { after: first - 1, before: last + 1 }), damage)) {
      if (!inWindow.has(stored.seq)) continue;
      const record = readable(stored, damage);
      if (record?.type === 'message' || record?.type === 'step' || record?.type === 'result')
        bodies.push({ seq: stored.seq, record });
    }
  }
  return withWindow(state, bodies);
}

/** Neighbouring seqs are read together; a gap this small costs less than another read. */
const GAP = 64;

function spans(seqs: readonly number[]): [number, number][] {
  const found: [number, number][] = [];
  for (const seq of seqs) {
    const last = found.at(-1);
    if (last !== undefined && seq - last[1] <= GAP) last[1] = seq;
    else found.push([seq, seq]);
  }
  return found;
}

function noStart(id: string): RepriseError {
  return new RepriseError('STORAGE_DAMAGED', `Session ${id} has no readable first record.`, {
    hint: 'Its files were left as they are. `reprise session verify` names the places, `reprise session repair` brings back what it can.',
    details: { damage: [{ kind: 'first-line', seq: 1, note: 'no session record' }] },
  });
}

export function notFound(id: string): RepriseError {
  return new RepriseError('SESSION_NOT_FOUND', `There is no session ${id}.`, {
    hint: '`reprise session list` shows the ids that exist.',
  });
}
