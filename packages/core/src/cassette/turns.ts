import type { MessageRecord, TurnEndRecord } from '../records/types.ts';
import { isOfPeople } from './people.ts';
import type { CassetteCall, CassetteRecord } from './format.ts';

/** A turn of a recorded log. */
export interface RecordedTurn {
  /** From 1, in its session. */
  readonly number: number;
  readonly opening: MessageRecord;
  /** Its records, the opening message first; without the end where the recording was cut. */
  readonly records: readonly CassetteRecord[];
  readonly end: TurnEndRecord | undefined;
  /** Calls about which people were asked. */
  readonly asked: ReadonlySet<string>;
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
    const records = all.filter(({ record: own }) => !isOfPeople(own));
    const asked = new Set(all.flatMap(({ record: own }) => (own.type === 'ask' ? [own.call] : [])));
    const end = last < 0 ? undefined : (records.at(-1)?.record as TurnEndRecord);
    const unplayable = withFiles(log.slice(0, at + all.length)) ? FILES : obstacle(records, end, calls);
    if (!before)
      turns.push({ number, opening: record, records, end, asked, ...(unplayable !== undefined && { unplayable }) });
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
  calls: readonly CassetteCall[],
): string | undefined {
  if (end?.status === 'interrupted') return 'its process died, and what ended it was the next one';
  const cut = records.findIndex(({ record }) => record.type === 'step' && record.finishReason === 'interrupted');
  const after = records.slice(cut + 1).some(({ record }) => record.type === 'step');
  if (cut >= 0 && after) return 'its process died, and another one carried it on';
  if (end?.error?.code.startsWith('STORAGE_') || end?.error?.code === 'FENCED') return 'its storage failed';
  if (calls.length === 0) return 'no model call was recorded with it';
  return undefined;
}
