import type { LanguageModelV4StreamPart } from '@ai-sdk/provider';
import { RepriseError } from '../errors.ts';
import { errorOf } from './failure.ts';
import type { Failure } from './failure.ts';
import type { Cassette, CassetteCall, CassetteRecord, CassetteRequest, Line } from './format.ts';
import { CASSETTE_FORMAT } from './format.ts';
import { fromJson } from './json.ts';
import { lengthen } from './prefixes.ts';

/** What a recording begins with. */
const BEGINNING = '{"cassette":';

interface Building {
  readonly model: CassetteCall['model'];
  readonly request: CassetteRequest;
  readonly parts: CassetteCall['parts'][number][];
  end?: NonNullable<CassetteCall['end']>;
  readonly place: number;
}

/**
 * The cassette in a text that `recordCassette` wrote. A recording that was cut is read up to there. INVALID_INPUT names the line that is none,
 * FORMAT_TOO_NEW a cassette of a newer version.
 */
export function readCassette(text: string): Cassette {
  const calls: Building[] = [];
  const models: Extract<Line, { type: 'model' }>[] = [];
  const sessions = new Map<string, Map<number, CassetteRecord>>();
  let own = new Map<number, Building>();
  const lines = text.split('\n');
  const first = lines.findIndex((line) => line.trim() !== '');
  if (lines[first]?.startsWith(BEGINNING) !== true) throw broken(Math.max(0, first), 'it should name the format');
  lines.forEach((json, at) => {
    if (json.trim() === '') return;
    const line = parsed(json, at, isTorn(lines, at));
    if (line === undefined) return;
    if ('cassette' in line) {
      own = new Map();
      return;
    }
    switch (line.type) {
      case 'model':
        models.push(line);
        return;
      case 'call': {
        const request = lengthen(line, (call) => own.get(call)?.request);
        if (request === undefined)
          throw broken(at, `call ${line.call} begins like call ${line.like}, which is not there`);
        const call = { model: line.model, request, parts: [], place: at };
        own.set(line.call, call);
        calls.push(call);
        return;
      }
      case 'part':
        callOf(own, line.call, at).parts.push({ ms: line.ms, part: partOf(line.part) });
        return;
      case 'end': {
        const { ms, error, cancelled } = line;
        const end = {
          ms,
          ...(error !== undefined && { error: errorOf(error) }),
          ...(cancelled !== undefined && { cancelled: errorOf(cancelled) }),
        };
        callOf(own, line.call, at).end = end;
        return;
      }
      case 'record': {
        const { session, seq, before = false, record } = line;
        const log = sessions.get(session) ?? new Map<number, CassetteRecord>();
        // What an earlier recording in this file holds was written then; a later one finds it there.
        if (!before || !log.has(seq)) log.set(seq, { seq, before, record, place: at });
        sessions.set(session, log);
        return;
      }
      default:
        // Lines of a type that is newer than this code.
        line satisfies never;
    }
  });
  const logs = [...sessions].map(([id, log]) => [id, [...log.values()].sort((a, b) => a.seq - b.seq)] as const);
  return { calls, models, sessions: new Map(logs) };
}

function parsed(json: string, at: number, torn: boolean): Line | undefined {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch (cause) {
    if (torn) return undefined;
    throw broken(at, 'it is not JSON', cause);
  }
  if (typeof value !== 'object' || value === null) throw broken(at, 'it is no object');
  if ('cassette' in value) {
    if (typeof value.cassette !== 'number') throw broken(at, 'it names no format');
    if (value.cassette <= CASSETTE_FORMAT) return value as Line;
    throw new RepriseError(
      'FORMAT_TOO_NEW',
      `The cassette has format ${value.cassette}; this version knows ${CASSETTE_FORMAT}.`,
      {
        hint: 'Read it with a newer version of Reprise, or record it again.',
      },
    );
  }
  if (!('type' in value) || typeof value.type !== 'string') throw broken(at, 'it has no type');
  return value as Line;
}

/** The process died while it wrote the line: the last one, or the last one before another recording begins. */
function isTorn(lines: readonly string[], at: number): boolean {
  const next = lines.slice(at + 1).find((line) => line.trim() !== '');
  return next === undefined || next.startsWith(BEGINNING);
}

function callOf(own: ReadonlyMap<number, Building>, call: number, at: number): Building {
  const found = own.get(call);
  if (found === undefined) throw broken(at, `there is no call ${call} before it`);
  return found;
}

function partOf(value: unknown): LanguageModelV4StreamPart {
  const part = value as { readonly type: string; readonly error?: Failure };
  if (part.type === 'error') return { ...part, type: 'error', error: errorOf(part.error ?? {}) };
  return fromJson(value) as LanguageModelV4StreamPart;
}

function broken(at: number, why: string, cause?: unknown): RepriseError {
  return new RepriseError('INVALID_INPUT', `Line ${at + 1} of the cassette can not be read: ${why}.`, {
    hint: 'Give what `recordCassette` or `reprise run --record` wrote.',
    ...(cause !== undefined && { cause }),
  });
}
