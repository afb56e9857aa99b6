import { encode } from '../records/codec.ts';
import type { Rec } from '../records/types.ts';
import type { CassetteRecord } from './format.ts';
import { firstDifference } from './request.ts';
import { toJson } from './json.ts';
import type { TurnDifference } from './scene.ts';

/** Of a record: what is another thing each time. */
const CHANGING = new Set(['at', 'timestamp', 'id', 'turn', 'key', 'waitMs', 'until', 'spent', 'unreported']);
/** What a model is shown of a result is cut there by the engine. */
const SHOWN = 200_000;
/** The words of a schema's complaint are the schema's. */
const WRONG = 'The arguments of ';

/** Shortcuts and bookkeeping: what a call may take is reckoned from prices and estimates, which are not on every cassette. */
const NO_FACTS: ReadonlySet<Rec['type']> = new Set<Rec['type']>(['checkpoint', 'reserve']);

/** The first record that is another one. `whole`: neither has more than the other. */
export function sameRecords(
  recorded: readonly CassetteRecord[],
  found: readonly Rec[],
  whole: boolean,
): TurnDifference | undefined {
  const wanted = recorded.filter(({ record }) => !NO_FACTS.has(record.type));
  const given = found.filter(({ type }) => !NO_FACTS.has(type));
  const length = whole ? Math.max(wanted.length, given.length) : wanted.length;
  const first = recorded[0]?.seq ?? 0;
  for (let i = 0; i < length; i += 1) {
    const [a, b] = [wanted[i], given[i]];
    const difference = firstDifference(comparable(a?.record), comparable(b));
    if (difference !== undefined) return { in: { seq: a?.seq ?? first + i }, ...difference };
  }
  return undefined;
}

function comparable(record: Rec | undefined): unknown {
  if (record === undefined) return undefined;
  const plain = JSON.parse(encode(record)) as Record<string, unknown>;
  const kept = Object.entries(plain).filter(([key]) => !CHANGING.has(key));
  return toJson(Object.fromEntries(kept.map(([key, value]) => [key, settled(record, key, value)])));
}

function settled(record: Rec, key: string, value: unknown): unknown {
  // What it cost hangs on the price.
  if (key === 'usage') return { ...Object(value), cost: undefined };
  if (record.type !== 'result' || typeof value !== 'string') return value;
  if (key === 'shown') return value.slice(0, SHOWN);
  return key === 'error' && value.startsWith(WRONG) ? WRONG : value;
}
