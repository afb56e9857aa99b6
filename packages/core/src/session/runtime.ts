import type { RetryPolicy, SessionsConfig, SpawnLimits } from '../contracts/config.ts';
import type { Clock } from '../contracts/clock.ts';
import type { Owner } from '../contracts/storage.ts';
import { Hubs } from '../follow/hubs.ts';
import { HookRunner } from '../hooks/runner.ts';
import { masked } from '../keys.ts';
import { FileCache } from '../files/cache.ts';
import { RETRY } from '../model/retry.ts';
import { CALL_MS } from '../tools/execute.ts';
import { IDLE_MS } from '../turn/stream.ts';
import { systemClock } from './clock.ts';
import { makeIds } from './ids.ts';

export type { SessionsConfig };

/** A `SessionsConfig` with everything filled in that has a default. */
export interface Runtime extends Omit<SessionsConfig, 'hooks'> {
  readonly clock: Clock;
  readonly ids: NonNullable<SessionsConfig['ids']>;
  readonly retry: RetryPolicy;
  readonly spawn: SpawnLimits;
  readonly idleMs: number;
  readonly askTimeoutMs: number;
  readonly callMs: number;
  readonly random: () => number;
  readonly report: (error: unknown) => void;
  readonly owner: Owner;
  readonly hubs: Hubs;
  readonly files: FileCache;
  readonly hooks: HookRunner;
}

const SPAWN: SpawnLimits = { depth: 3, perTurn: 32, atOnce: 8 };
/** People may be at lunch. */
const ASK_TIMEOUT_MS = 3_600_000;

/** A report that throws has nobody to tell, and must not end what it reports about. */
function reporter(report: (error: unknown) => void): (error: unknown) => void {
  return (error) => {
    try {
      report(error);
    } catch {
      // Nothing is left to do.
    }
  };
}

/** Without causes: those of the SDKs hold whole requests. */
function printed(error: unknown): void {
  console.error(masked(error instanceof Error ? (error.stack ?? error.message) : String(error)));
}

export function runtimeOf(config: SessionsConfig): Runtime {
  const clock = config.clock ?? systemClock;
  const report = reporter(config.report ?? printed);
  return {
    ...config,
    clock,
    ids: config.ids ?? makeIds(() => clock.now()),
    retry: { ...RETRY, ...config.retry },
    spawn: { ...SPAWN, ...config.spawn },
    idleMs: config.idleMs ?? IDLE_MS,
    askTimeoutMs: config.askTimeoutMs ?? ASK_TIMEOUT_MS,
    callMs: config.callMs ?? CALL_MS,
    random: config.random ?? Math.random,
    report,
    files: new FileCache(),
    owner: config.owner ?? { name: 'reprise' },
    hubs: new Hubs(),
    hooks: new HookRunner(config.hooks, { clock, report }),
  };
}
