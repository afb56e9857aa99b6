import type { SessionHead, StoredRecord } from '../contracts/storage.ts';
import { decode } from '../records/codec.ts';
import type { Rec } from '../records/types.ts';
import { headOf } from './head.ts';
import { reduce } from './reduce.ts';
import { EMPTY } from './state.ts';

/**
 * The head of a log, for a store that lost the one it was given. Pure; records that can't be read are passed over. `undefined` where
 * no session begins.
 */
export function foldHead(id: string, records: Iterable<StoredRecord>): SessionHead | undefined {
  let state = EMPTY;
  for (const stored of records) state = reduce(state, stored.seq, lenient(stored), stored.json.length);
  return state.createdAt === '' ? undefined : headOf(id, state);
}

function lenient(stored: StoredRecord): Rec | undefined {
  try {
    return decode(stored);
  } catch {
    return undefined;
  }
}
