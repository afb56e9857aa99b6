import type { StoredRecord } from '../contracts/storage.ts';
import { RepriseError } from '../errors.ts';
import type { Rec } from './types.ts';
import { FORMAT } from './types.ts';

const TYPES: ReadonlySet<string> = new Set<Rec['type']>([
  'session',
  'message',
  'step',
  'result',
  'ask',
  'answer',
  'start',
  'verdict',
  'attempt',
  'reserve',
  'carry-on',
  'spawn',
  'spent',
  'repair',
  'turn-end',
  'edit',
  'delete',
  'boundary',
  'rewind',
  'undo',
  'change',
  'fork',
  'warning',
  'file-lost',
  'checkpoint',
]);

/** False for a type that a newer version writes. */
export function isKnown(type: string): type is Rec['type'] {
  return TYPES.has(type);
}

/**
 * The record in a stored line; `undefined` for a type that this code doesn't know (it is kept in the log and passed over).
 * What the store gives back was checked by its own means (a checksum), so only the outline is looked at here: this runs
 * once per record of a history. STORAGE_DAMAGED for text that is no record, FORMAT_TOO_NEW for a newer first record.
 */
export function decode(stored: StoredRecord): Rec | undefined {
  let value: unknown;
  try {
    value = JSON.parse(stored.json);
  } catch (cause) {
    throw new RepriseError('STORAGE_DAMAGED', `Record ${stored.seq} is not JSON.`, {
      cause,
      details: { damage: [{ kind: 'foreign', seq: stored.seq, note: 'not JSON' }] },
    });
  }
  if (typeof value !== 'object' || value === null || !('type' in value) || typeof value.type !== 'string') {
    throw new RepriseError('STORAGE_DAMAGED', `Record ${stored.seq} has no type.`, {
      details: { damage: [{ kind: 'foreign', seq: stored.seq, note: 'no type' }] },
    });
  }
  if (!isKnown(value.type)) return undefined;
  const record = value as Rec;
  if (record.type === 'session' && record.format > FORMAT) {
    throw new RepriseError('FORMAT_TOO_NEW', `The session has format ${record.format}; this version knows ${FORMAT}.`, {
      hint: 'Open it with a newer version of Reprise. Nothing was changed.',
    });
  }
  return record;
}

/** One line of well-formed JSON. Lone surrogates leave as escapes (`JSON.stringify` sees to it). */
export function encode(record: Rec): string {
  try {
    return JSON.stringify(record);
  } catch (cause) {
    throw new RepriseError('INVALID_INPUT', `A ${record.type} can't be stored: it is nested too deep, or in itself.`, {
      cause,
    });
  }
}
