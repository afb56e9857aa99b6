import { SESSION_ID, type InboxEntry, type Range, type SessionHead } from '../contracts/storage.ts';
import { RepriseError } from '../errors.ts';

/** Most text of one page of `read`, in bytes of UTF-8. */
export const PAGE_BYTES = 1 << 20;

const INBOX_KEY = /^[A-Za-z0-9_-]{1,128}$/;

/** INVALID_INPUT unless `id` is a session id. An id is also a folder name, so this is what keeps names inside a store. */
export function assertSessionId(id: string): void {
  if (typeof id === 'string' && SESSION_ID.test(id)) return;
  throw new RepriseError('INVALID_INPUT', `${JSON.stringify(String(id).slice(0, 140))} is not a session id`, {
    hint: 'Use 1 to 128 lower-case letters, digits, "-" and "_", beginning with a letter or a digit.',
  });
}

/** INVALID_INPUT unless `json` is what `StoredRecord` asks for: one line, well-formed Unicode, a JSON object without `seq`. */
export function assertRecordText(json: string): void {
  const problem = recordProblem(json);
  if (problem === undefined) return;
  throw new RepriseError('INVALID_INPUT', `a record ${problem}`, {
    hint: 'Give each record as the text that JSON.stringify makes of an object.',
  });
}

function recordProblem(json: string): string | undefined {
  if (typeof json !== 'string') return 'must be text';
  if (json[0] !== '{' || json.at(-1) !== '}') return 'must be a JSON object, without space around it';
  if (json.includes('\n') || json.includes('\r')) return 'holds a raw line break';
  if (!json.isWellFormed()) return 'holds half of a surrogate pair';
  try {
    if (Object.hasOwn(JSON.parse(json) as object, 'seq')) return 'has a field seq, which only the store gives';
  } catch {
    return 'is not valid JSON';
  }
  return undefined;
}

/** INVALID_INPUT unless `head` belongs to session `id` and stands at `seq`, so that a stored head never leads the log. */
export function assertHead(head: SessionHead, id: string, seq: number): void {
  if (head.id === id && head.seq === seq && head.checkpoint <= seq) return;
  throw new RepriseError(
    'INVALID_INPUT',
    `the head names session ${head.id} at record ${head.seq}, not ${id} at ${seq}`,
    {
      hint: 'Hand over the head as it is after the batch.',
    },
  );
}

/** INVALID_INPUT unless the entry's key can be a file name and its text can be stored without loss. */
export function assertInboxEntry(entry: InboxEntry): void {
  if (INBOX_KEY.test(entry.key) && typeof entry.json === 'string' && entry.json.isWellFormed()) return;
  throw new RepriseError('INVALID_INPUT', 'an inbox entry needs a key and well-formed text', {
    hint: 'Keys have 1 to 128 characters of A-Z, a-z, 0-9, "_" and "-".',
  });
}

/** A range with every bound filled in; `first` > `last` when it is empty. */
export interface Bounds {
  readonly first: number;
  readonly last: number;
  readonly reverse: boolean;
  readonly limit: number;
}

/** The bounds that `range` means in a log that ends at `tip`. INVALID_INPUT for anything but whole numbers ≥ 0. */
export function boundsOf(range: Range, tip: number): Bounds {
  for (const name of ['after', 'before', 'limit'] as const) {
    const value = range[name];
    if (value === undefined || (Number.isInteger(value) && value >= 0)) continue;
    throw new RepriseError('INVALID_INPUT', `${name} must be a whole number from 0 on, not ${String(value)}`);
  }
  return {
    first: (range.after ?? 0) + 1,
    last: Math.min(tip, (range.before ?? Infinity) - 1),
    reverse: range.reverse === true,
    limit: range.limit ?? Infinity,
  };
}

/** INVALID_INPUT unless a copy may end at `through` in a log of `tip` records. */
export function assertThrough(through: number, tip: number): void {
  if (Number.isInteger(through) && through >= 1 && through <= tip) return;
  throw new RepriseError('INVALID_INPUT', `cannot copy through record ${through} of ${tip}`);
}
