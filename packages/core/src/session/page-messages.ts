import type { MessagePage, MessageQuery } from '../contracts/history.ts';
import type { Range, SessionHead, SessionStorage } from '../contracts/storage.ts';
import type { Message } from '../contracts/turn.ts';
import type { Coded } from '../errors.ts';
import { RepriseError } from '../errors.ts';
import type { Rec, ResultRecord } from '../records/types.ts';
import { edited } from '../state/reduce.ts';
import type { Change } from '../state/state.ts';
import { TakenBack, takesBack } from '../state/taken-back.ts';
import { stepMessage, userMessage } from '../state/transcript.ts';
import { noteLostEnd, readable, records } from './load.ts';

const USUAL = 50;
const MOST = 1000;

/**
 * A page of messages as people see them, read from the log without opening the session: backwards from its end (or from `before`), so that the
 * newest page costs what it holds, or forwards from `after`.
 */
export async function pageMessages(
  storage: SessionStorage,
  { id, seq: tip }: Pick<SessionHead, 'id' | 'seq'>,
  { before, after, limit = USUAL, all = false }: MessageQuery,
): Promise<MessagePage> {
  if (before !== undefined && after !== undefined) throw invalid('Give `before` or `after`, not both.');
  for (const [name, value] of Object.entries({ before, after }))
    if (value !== undefined && !(Number.isSafeInteger(value) && value >= 0))
      throw invalid(`\`${name}\` must be the number of a record.`);
  if (!Number.isSafeInteger(limit) || limit < 1 || limit > MOST)
    throw invalid(`\`limit\` must be a whole number from 1 to ${MOST}.`);
  const log: Log = { storage, id, tip, damage: [] };
  const page = await (after === undefined
    ? backwards(log, before ?? Infinity, limit, all)
    : forwards(log, after, limit, all));
  const [error] = log.damage;
  return error === undefined ? page : { ...page, error };
}

/** What is read, and what could not be. */
interface Log {
  readonly storage: SessionStorage;
  readonly id: string;
  /** The last record that was stored. */
  readonly tip: number;
  readonly damage: Coded[];
}

/** What later records say of earlier messages. */
class Later {
  readonly #changes = new Map<string, Change>();
  readonly #deleted = new Set<string>();
  readonly #taken = new TakenBack();
  readonly #all: boolean;
  /** What is shown starts here. */
  from = 1;

  constructor(all: boolean) {
    this.#all = all;
  }

  /** Newest first: what was said last counts. */
  addOlder(seq: number, record: Rec | undefined): void {
    if (takesBack(record)) this.#taken.older(seq, record);
    else if (this.#taken.has(seq, record)) return;
    else if (record?.type === 'delete') this.#deleted.add(record.message);
    else if (record?.type === 'edit') {
      const { message, content, important } = record;
      const older = { ...(content !== undefined && { content }), ...(important !== undefined && { important }) };
      this.#changes.set(message, { ...older, ...this.#changes.get(message) });
    } else if (record?.type === 'boundary' && record.reason === 'clear' && !this.#all) {
      this.from = Math.max(this.from, record.from);
    }
  }

  message(
    seq: number,
    record: Rec | undefined,
    resultOf: (call: string) => ResultRecord | undefined,
  ): Message | undefined {
    if (record?.type !== 'message' && record?.type !== 'step') return undefined;
    const taken = this.#taken.covers(seq);
    if (this.#deleted.has(record.id) || (taken && !this.#all)) return undefined;
    const change = this.#changes.get(record.id) ?? {};
    const message =
      record.type === 'message' ? userMessage(edited(record, change)) : stepMessage(edited(record, change), resultOf);
    return taken ? { ...message, takenBack: true } : message;
  }
}

type Placed = MessagePage['items'][number];

/** `turn`: absent of what was imported. */
function placed(message: Message, seq: number, record: Rec | undefined): Placed {
  const turn = record?.type === 'message' || record?.type === 'step' ? record.turn : undefined;
  return { ...message, seq, ...(turn !== undefined && { turn }) };
}

async function backwards(log: Log, before: number, limit: number, all: boolean): Promise<MessagePage> {
  const later = new Later(all);
  const results = new Map<string, ResultRecord>();
  const found: Placed[] = [];
  let last = 0;
  let lowest = Infinity;
  let gap = false;
  for await (const { seq, record } of decoded(log, { reverse: true })) {
    last = Math.max(last, seq);
    gap ||= seq < lowest - 1 && lowest !== Infinity;
    lowest = seq;
    if (seq < later.from) break;
    later.addOlder(seq, record);
    if (record?.type === 'result') results.set(record.call, record);
    const message = later.message(seq, record, (call) => results.get(call));
    // Ids of calls may repeat over a long history: a result belongs to the nearest step before it.
    if (record?.type === 'step') for (const { id: call } of record.toolCalls ?? []) results.delete(call);
    if (message === undefined || seq >= before) continue;
    if (found.length === limit) {
      if (gap) await noteDamage(log, { after: lowest - 1 });
      noteLostEnd(log.id, log.tip, last, log.damage);
      return { items: found.toReversed(), before: found.at(-1)?.seq as number };
    }
    found.push(placed(message, seq, record));
  }
  noteLostEnd(log.id, log.tip, last, log.damage);
  return { items: found.toReversed() };
}

async function forwards(log: Log, after: number, limit: number, all: boolean): Promise<MessagePage> {
  const later = new Later(all);
  for await (const { seq, record } of decoded({ ...log, damage: [] }, { reverse: true, after }, ABOUT_OTHERS))
    later.addOlder(seq, record);
  const found: Placed[] = [];
  let waiting: { readonly seq: number; readonly record: Rec; readonly results: Map<string, ResultRecord> } | undefined;
  const settle = (): void => {
    if (waiting === undefined) return;
    const { seq, record, results } = waiting;
    waiting = undefined;
    const message = later.message(seq, record, (call) => results.get(call));
    if (message !== undefined) found.push(placed(message, seq, record));
  };
  const start = Math.max(after, later.from - 1);
  let last = start;
  let gap = false;
  for await (const { seq, record } of decoded(log, { after: start })) {
    gap ||= seq > last + 1;
    last = seq;
    if (record?.type === 'result') waiting?.results.set(record.call, record);
    if (record?.type !== 'message' && record?.type !== 'step') continue;
    settle();
    if (found.length === limit) {
      if (gap) await noteDamage(log, { after: start, before: seq });
      return { items: found, after: found.at(-1)?.seq as number };
    }
    waiting = { seq, record, results: new Map() };
  }
  settle();
  noteLostEnd(log.id, log.tip, last, log.damage);
  // The last one may have been one too many.
  return found.length > limit
    ? { items: found.slice(0, limit), after: found[limit - 1]?.seq as number }
    : { items: found };
}

/** A store tells of damage at the end of a range. Where it was left before that, the places are asked for alone. */
async function noteDamage({ storage, id, damage }: Log, range: Range): Promise<void> {
  if (damage.length === 0) for await (const _ of records(storage.read(id, range), damage));
}

/** Texts of records that say something of others; most records are told from them without being parsed. */
const ABOUT_OTHERS = /"type":"(?:edit|delete|boundary|rewind|undo)"/;

async function* decoded(
  { storage, id, damage }: Log,
  range: Range,
  only?: RegExp,
): AsyncGenerator<{ readonly seq: number; readonly record: Rec | undefined }> {
  for await (const stored of records(storage.read(id, range), damage)) {
    if (only === undefined || only.test(stored.json)) yield { seq: stored.seq, record: readable(stored, damage) };
  }
}

function invalid(message: string): RepriseError {
  return new RepriseError('INVALID_INPUT', message);
}
