import type { LanguageModelV4StreamPart } from '@ai-sdk/provider';
import type { ExportedSession } from '../contracts/history.ts';
import { RepriseError } from '../errors.ts';
import type { AttemptRecord, BoundaryRecord, Rec, StepRecord, TurnEndRecord } from '../records/types.ts';
import { partsOf } from './derive-parts.ts';
import type { Cassette, CassetteCall, ModelId } from './format.ts';

/** A time that no turn sits out. */
const LONG_MS = '172800000';
/** Failures of a model call that end a turn. */
const BY_MODEL = new Set<string>([
  'RATE_LIMIT',
  'OVERLOADED',
  'NETWORK',
  'TIMEOUT',
  'AUTH',
  'MODEL_NOT_FOUND',
  'CONTENT_FILTER',
  'CONTEXT_LENGTH_EXCEEDED',
  'PROVIDER',
]);
/** That the engine says itself, without a call. */
const OWN_WORDS = 'The request needs about ';

type End = NonNullable<CassetteCall['end']>;

/**
 * The cassette that the log of an exported session amounts to, for a session that nobody recorded: an answer for each step, a failure for each try that failed.
 * What was asked is not in a log, so no request is compared; answers come in one piece, and a failed try has none of its text.
 */
export function cassetteOf({ id, records: given = [] }: Pick<ExportedSession, 'id' | 'records'>): Cassette {
  const records = given as readonly Rec[];
  const calls: CassetteCall[] = [];
  const log = records.map((record, at) => ({ seq: at + 1, before: false, record, place: at }));
  let name = '';
  let summing = false;
  let turn: Rec[] = [];
  const add = (place: number, parts: readonly LanguageModelV4StreamPart[], end: End, model = modelOf(name)): void =>
    void calls.push({ model, parts: parts.map((part) => ({ ms: 0, part })), place, end });
  records.forEach((record, at) => {
    // A call stands before what it led to.
    const place = at - 0.5;
    if (record.type === 'message' && record.turn !== undefined && idOf(turn) !== record.turn) turn = [];
    if (record.type === 'message' || turn.length > 0) turn.push(record);
    switch (record.type) {
      case 'session':
      case 'change':
        name = record.model?.name ?? name;
        summing =
          record.settings?.pruneStrategy === undefined ? summing : record.settings.pruneStrategy === 'summarize';
        return;
      case 'step': {
        if (record.turn === undefined || record.turn !== idOf(turn)) return;
        const { provider } = record;
        const model =
          provider === undefined ? modelOf(name) : { provider, modelId: modelOf(record.model ?? name).modelId };
        add(place, partsOf(record), endOf(record, records, at, turn), model);
        return;
      }
      case 'boundary':
        if (turn.length > 0 && summing && record.reason !== 'clear') add(place, ...summaryOf(record));
        return;
      case 'attempt':
        add(record.code === 'CONTEXT_LENGTH_EXCEEDED' ? beforeMove(records, at) : place, [], failedTry(record, turn));
        return;
      case 'turn-end': {
        const end = record.turn === idOf(turn) ? lastCall(record, turn) : undefined;
        if (end !== undefined) add(place, [], end);
        turn = [];
        return;
      }
      default:
        return;
    }
  });
  calls.sort((a, b) => a.place - b.place);
  return { calls, models: [], sessions: new Map([[id, log]]) };
}

/** As it stands in the log: `provider/model`. */
function modelOf(name: string): ModelId {
  const [provider = '', ...rest] = name.split('/');
  return { provider, modelId: rest.join('/') };
}

function idOf([opening]: readonly Rec[]): string | undefined {
  return opening?.type === 'message' ? opening.turn : undefined;
}

/** An answer that was cut ended as its turn did. */
function endOf(step: StepRecord, records: readonly Rec[], at: number, turn: readonly Rec[]): End {
  if (step.finishReason !== 'interrupted') return { ms: 0 };
  const end = records.slice(at).find((record) => record.type === 'turn-end');
  return (end?.type === 'turn-end' && failureOf(end, turn)) || { ms: 0 };
}

/** The last call of a turn, where it gave nothing and its failure ended the turn. */
function lastCall(end: TurnEndRecord, turn: readonly Rec[]): End | undefined {
  const { status, error } = end;
  if (status !== 'failed' || error === undefined || !BY_MODEL.has(error.code)) return undefined;
  if (error.message.startsWith(OWN_WORDS)) return undefined;
  const before = turn.at(-2);
  return before?.type === 'step' ? undefined : failureOf(end, turn);
}

function failureOf({ status, error }: TurnEndRecord, turn: readonly Rec[]): End | undefined {
  if (error === undefined) return undefined;
  if (status === 'aborted') return { ms: 0, cancelled: new RepriseError(error.code, error.message) };
  const tried = turn.some(({ type }) => type === 'attempt') && !turn.some(({ type }) => type === 'repair');
  // However many tries are left, it was the last.
  return { ms: 0, error: withHeader(thrown(error.code, error.message, tried), LONG_MS) };
}

/** What failed, so that the same is done about it. */
function failedTry({ code, message, waitMs, until, model }: AttemptRecord, turn: readonly Rec[]): End {
  const error = thrown(code, message, turn.at(-2)?.type !== 'repair');
  const told = until !== undefined ? String(waitMs) : model !== undefined ? LONG_MS : undefined;
  return { ms: 0, error: told === undefined ? error : withHeader(error, told) };
}

/** An answer that could not be read is no refusal, though both have one code. */
function thrown(code: RepriseError['code'], message: string, unreadable: boolean): Error {
  return code === 'PROVIDER' && unreadable ? new Error(message) : new RepriseError(code, message);
}

function withHeader(error: Error, ms: string): Error {
  return Object.assign(error, { responseHeaders: { 'retry-after-ms': ms } });
}

/** A request that was too long was sent before the window was moved for it, and before what left it was summed up. */
function beforeMove(records: readonly Rec[], at: number): number {
  let place = at - 1;
  while (records[place]?.type === 'checkpoint') place -= 1;
  return records[place]?.type === 'boundary' ? place - 0.75 : at - 0.5;
}

function summaryOf({ summary, usage }: BoundaryRecord): [LanguageModelV4StreamPart[], End] {
  if (summary === undefined) return [[], { ms: 0, error: new Error('The summary failed.') }];
  const step = { type: 'step', id: '', role: 'assistant', timestamp: '', finishReason: 'stop' } as const;
  return [partsOf({ ...step, content: summary, ...(usage && { usage }) }), { ms: 0 }];
}
