import type { MessageRecord, StepRecord, TurnEndRecord } from '../records/types.ts';
import { isAside } from './aside.ts';
import type { CassetteCall, CassetteRecord } from './format.ts';
import type { People } from './people.ts';
import { peopleOf, UNASKED } from './people.ts';

/** A turn of a recorded log. */
export interface RecordedTurn {
  /** From 1, in its session. */
  readonly number: number;
  readonly opening: MessageRecord;
  /** Its records, the opening message first; without the end where the recording was cut. */
  readonly records: readonly CassetteRecord[];
  readonly end: TurnEndRecord | undefined;
  readonly people: People;
  /** Why it can not be played again. */
  readonly unplayable?: string;
}

/** The turns that the recording saw from their beginning. */
export function turnsOf(log: readonly CassetteRecord[], calls: readonly CassetteCall[]): RecordedTurn[] {
  const turns: RecordedTurn[] = [];
  let number = 0;
  for (let at = 0; at < log.length; at += 1) {
    const { record, before } = log[at] as CassetteRecord;
    if (record.type !== 'message' || record.turn === undefined || record.role !== 'user') continue;
    number += 1;
    const { turn } = record;
    const last = log.findIndex(({ record: other }, i) => i > at && other.type === 'turn-end' && other.turn === turn);
    const all = log.slice(at, last < 0 ? log.length : last + 1);
    const records = all.filter(({ record: own }) => !isAside(own));
    const end = last < 0 ? undefined : (records.at(-1)?.record as TurnEndRecord);
    const people = peopleOf(
      all.map(({ record: own }) => own),
      end,
    );
    const unplayable = withFiles(log.slice(0, at + all.length)) ? FILES : obstacle(records, end, people, calls);
    if (!before)
      turns.push({ number, opening: record, records, end, people, ...(unplayable !== undefined && { unplayable }) });
    if (last >= 0) at = last;
  }
  return turns;
}

const FILES = 'it saw attachments, whose bytes are on no cassette';

function withFiles(log: readonly CassetteRecord[]): boolean {
  return log.some(({ record }) => 'attachments' in record && (record.attachments?.length ?? 0) > 0);
}

function obstacle(
  records: readonly CassetteRecord[],
  end: TurnEndRecord | undefined,
  people: People,
  calls: readonly CassetteCall[],
): string | undefined {
  if (end?.status === 'interrupted') return 'its process died, and what ended it was the next one';
  const cut = records.findIndex(({ record }) => record.type === 'step' && record.finishReason === 'interrupted');
  const after = records.slice(cut + 1).some(({ record }) => record.type === 'step');
  if ((cut >= 0 && after) || records.some(({ record }) => record.type === 'carry-on'))
    return 'its process died, and another one carried it on';
  if (askedWithin(records, end, people)) return 'it ended because something within a tool needed a person';
  if (end?.error?.code.startsWith('STORAGE_') || end?.error?.code === 'FENCED') return 'its storage failed';
  if (calls.length === 0) return 'no model call was recorded with it';
  return undefined;
}

/** The turn was not to wait for people, and what needed one was no call of its own: a tool's question, or a call of a sub-session. */
function askedWithin(records: readonly CassetteRecord[], end: TurnEndRecord | undefined, { needed }: People): boolean {
  if (end?.error?.code !== 'PERMISSION_DENIED') return false;
  if (needed === undefined) return end.error.message.includes(' asks a person: ');
  const step = records.findLastIndex(({ record }) => record.type === 'step');
  const results = records.slice(step).flatMap(({ record }) => (record.type === 'result' ? [record] : []));
  const { parts = [] } = records[step]?.record as StepRecord;
  const own = results.some(({ tool, error }) => tool === needed.tool && error === UNASKED);
  return !own && !parts.some((part) => part.type === 'provider-call' && part.tool === needed.tool);
}
