import { encode } from '../records/codec.ts';
import type { Rec } from '../records/types.ts';
import { checkpointDue, toCheckpoint } from './checkpoint.ts';
import { reduce } from './reduce.ts';
import { joined } from './refold.ts';
import type { State } from './state.ts';

/**
 * What is appended for new facts, and the state after it: the facts, and a checkpoint where one is due. Pure. A stale state has none: it is to be
 * `closed` once it is folded anew.
 */
export function extend(
  state: State,
  facts: readonly Rec[],
  at: string,
): { readonly lines: string[]; readonly state: State } {
  const lines: string[] = [];
  let next = state;
  const take = (record: Rec): void => {
    const json = encode(record);
    next = reduce(next, next.seq + 1, record, json.length);
    lines.push(json);
  };
  facts.forEach(take);
  if (next.stale === true) return { lines, state: next };
  if (checkpointDue(next) || facts.some((fact) => fact.type === 'boundary')) take(toCheckpoint(next, at));
  return { lines, state: next };
}

/** A stale state with the conversation that there is, and a checkpoint of it, which is appended with what led to it. */
export function closed(stale: State, talk: State, at: string): { readonly line: string; readonly state: State } {
  const state = joined(stale, talk);
  const checkpoint = toCheckpoint(state, at);
  const line = encode(checkpoint);
  return { line, state: reduce(state, state.seq + 1, checkpoint, line.length) };
}
