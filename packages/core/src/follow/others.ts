import type { Clock } from '../contracts/clock.ts';
import type { Piece, SessionStorage } from '../contracts/storage.ts';
import { readable, records } from '../session/load.ts';
import { sleep } from '../session/clock.ts';
import { readFlight } from '../turn/draft.ts';
import { endsStep } from './events.ts';
import type { Hub, ReadLog, Stored } from './hub.ts';

/** How often a store that gives no hints is looked at. */
const POLL_MS = 500;

/** What a store holds of a session after a record. What can't be read is passed over: whoever opens the session is told of it. */
export async function* storedAfter(storage: SessionStorage, id: string, after: number): AsyncGenerator<Stored> {
  for await (const stored of records(storage.read(id, { after }), [])) {
    yield { seq: stored.seq, record: readable(stored, []), size: stored.json.length };
  }
}

/** What is watched, and how. */
export interface Watched {
  readonly id: string;
  readonly storage: SessionStorage;
  readonly clock: Clock;
  readonly readLog: ReadLog;
  /** Whether this process holds its lease: then it tells of each record itself, once that is stored. A log may show it before. */
  readonly isHeld: () => boolean;
}

/** Brings to the hub what other processes do, until `signal`: the records that they store, and the text of their step from its draft. */
export async function watchOthers(
  hub: Hub,
  { id, storage, clock, readLog, isHeld }: Watched,
  signal: AbortSignal,
): Promise<void> {
  const isTold = (): boolean => hub.local > 0 || isHeld();
  const look = async (): Promise<void> => lookAt(hub, (await storage.draft?.read(id)) ?? [], readLog, isTold);
  if (storage.supports.processes === 'one') return look();
  for await (const _ of hints(storage, clock, id, signal)) if (!isTold()) await look();
}

async function* hints(storage: SessionStorage, clock: Clock, id: string, signal: AbortSignal): AsyncGenerator<void> {
  if (storage.watch !== undefined) return yield* storage.watch(id, signal);
  while (!signal.aborted) {
    yield;
    await sleep(clock, POLL_MS, signal).catch(() => undefined);
  }
}

/** The draft was read first: a step that is stored in between is then known to have ended. */
async function lookAt(hub: Hub, draft: readonly Piece[], readLog: ReadLog, isTold: () => boolean): Promise<void> {
  const flight = readFlight(draft);
  for await (const stored of readLog(hub.seq)) {
    if (isTold()) return;
    hub.stored(stored);
  }
  if (flight === undefined || isTold()) return;
  const { base, attempt } = flight;
  const span = hub.span;
  if (span?.base === base) {
    const { text, reasoning } = span.shown;
    if (flight.reasoning.length > reasoning) hub.flow(span, 'reasoning', flight.reasoning.slice(reasoning));
    if (flight.text.length > text) hub.flow(span, 'text', flight.text.slice(text));
    return;
  }
  for await (const { record } of readLog(base)) if (endsStep(record)) return;
  if (isTold()) return;
  hub.begin(base, attempt, () => [
    { kind: 'reasoning', content: flight.reasoning },
    { kind: 'text', content: flight.text },
  ]);
}
