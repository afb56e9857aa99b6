import { systemClock } from '@reprise/core';
import type { Clock, Session, Sessions } from '@reprise/core';
import { Streams } from './events/streams.ts';
import type { StreamDoors } from './events/streams.ts';
import { Answers } from './idempotency.ts';
import { Metrics } from './metrics/metrics.ts';
import { openApi } from './openapi.ts';
import { LIMITS } from './options.ts';
import type { Limits, ServerOptions } from './options.ts';
import { Pool } from './pool/pool.ts';
import type { PoolDoors } from './guard/own-doors.ts';
import type { Route } from './route.ts';
import type { InFlight } from './turns/send.ts';

/** What every route may use. */
export interface ServerContext {
  readonly sessions: Sessions;
  readonly options: ServerOptions;
  readonly limits: Limits;
  readonly clock: Clock;
  readonly pool: PoolDoors;
  readonly streams: StreamDoors;
  readonly answers: Answers;
  readonly inFlight: InFlight;
  /** Sessions of chats that are being made: two first requests of one chat make one. */
  readonly chats: Map<string, Promise<Session>>;
  /** Sessions with a turn that a crash left open, or that runs elsewhere, as far as `recover` has found them and not ended it. */
  readonly left: Set<string>;
  readonly metrics: Metrics;
  readonly report: (error: unknown) => void;
  /** The OpenAPI document. */
  readonly document: () => unknown;
}

/** What the server itself holds beside that. */
export interface WholeContext extends ServerContext {
  readonly streams: Streams;
}

export function contextOf(sessions: Sessions, options: ServerOptions, routes: readonly Route[]): WholeContext {
  const clock = options.clock ?? systemClock;
  const limits = { ...LIMITS, ...options.limits };
  const report = options.report ?? ((error: unknown) => console.error(error));
  const metrics = new Metrics(options.tools?.map(({ name }) => name));
  let document: unknown;
  return {
    sessions,
    options,
    limits,
    clock,
    pool: new Pool(sessions, clock, limits, (turn, session) => {
      metrics.watch(turn, session?.recovering?.id === turn.id);
      try {
        if (session !== undefined) options.onTurn?.(turn, session);
      } catch (error) {
        report(error);
      }
    }),
    metrics,
    streams: new Streams(clock, limits),
    answers: new Answers(),
    inFlight: new Map(),
    chats: new Map(),
    left: new Set(),
    report,
    document: () => (document ??= openApi(routes, options.version)),
  };
}
