import { RepriseError } from '../errors.ts';
import type { CheckpointRecord } from '../records/types.ts';
import type { State } from './state.ts';

/** A checkpoint is due after so many records or characters. */
const RECORDS = 256;
const CHARACTERS = 1_048_576;

/** Raised with every field of a state that a fold fills. A checkpoint of another number is passed over, and the next one is whole again. */
const VERSION = 5;
/** One of these is read too: what differs is told from its form (`Keys`). */
const OLD_VERSION = 4;

/** Everything of a state but the bodies. */
interface Folded extends Omit<State, 'entries' | 'tokens' | 'checkpoint' | 'since' | 'seq'> {
  /** The seqs of the entries as runs: start, length, start, length, … */
  readonly window: readonly number[];
}

export function checkpointDue(state: State): boolean {
  return state.open === undefined && (state.since.records >= RECORDS || state.since.characters >= CHARACTERS);
}

export function toCheckpoint(state: State, at: string): CheckpointRecord {
  const { entries, tokens: _tokens, checkpoint: _checkpoint, since: _since, seq: _seq, ...facts } = state;
  const folded: Folded = { ...facts, window: runsOf(entries) };
  return { type: 'checkpoint', at, version: VERSION, state: folded };
}

/** What `toCheckpoint` wrote. The record passed the store's checksum, so only its outline is checked. STORAGE_DAMAGED where it is of no use. */
export function fromCheckpoint(
  { state: value, version = 1 }: CheckpointRecord,
  seq: number,
): { state: Partial<State>; window: readonly number[] } {
  if (version !== VERSION && version !== OLD_VERSION) {
    throw new RepriseError('STORAGE_DAMAGED', `Checkpoint ${seq} holds a state of version ${version}, not ${VERSION}.`);
  }
  if (typeof value !== 'object' || value === null || !('window' in value) || !Array.isArray(value.window)) {
    throw new RepriseError('STORAGE_DAMAGED', `Checkpoint ${seq} holds no state.`, {
      details: { damage: [{ kind: 'foreign', seq, note: 'not a checkpoint' }] },
    });
  }
  const { window, ...state } = value as Folded;
  return { state: { ...state, seq }, window: seqsOf(window) };
}

function runsOf(entries: Iterable<{ readonly seq: number }>): number[] {
  const runs: number[] = [];
  let next = 0;
  for (const { seq } of entries) {
    if (seq === next) runs[runs.length - 1] = (runs.at(-1) ?? 0) + 1;
    else runs.push(seq, 1);
    next = seq + 1;
  }
  return runs;
}

function seqsOf(runs: readonly number[]): number[] {
  const seqs: number[] = [];
  for (let i = 0; i + 1 < runs.length; i += 2) {
    const start = runs[i] as number;
    for (let k = 0; k < (runs[i + 1] as number); k += 1) seqs.push(start + k);
  }
  return seqs;
}
