import type { LanguageModelV4CallOptions } from '@ai-sdk/provider';
import type { ResolvedModel } from '../contracts/model.ts';
import type { Clock } from '../contracts/clock.ts';
import { RepriseError } from '../errors.ts';
import type { Accumulator } from '../model/accumulate.ts';
import { StopCutter, stopsFor } from '../model/stops.ts';

/** No part of a stream for so long, and the call has failed. Generous: reasoning models think in silence. */
export const IDLE_MS = 300_000;
/** A connection that stays open after the terminal part is closed by us so much later. */
const LINGER_MS = 1000;

/**
 * One `doStream` into the accumulator, to its end or to the first stop sequence that the provider doesn't apply itself. Rejects with
 * what the model threw, with the signal's reason, with TIMEOUT when nothing comes any more, or with NETWORK when the stream ends
 * without its terminal part; what came before is in the accumulator.
 */
export async function streamInto(
  accumulator: Accumulator,
  model: ResolvedModel,
  request: LanguageModelV4CallOptions,
  outer: AbortSignal,
  { clock, idleMs }: { readonly clock: Clock; readonly idleMs: number },
  stopSequences?: readonly string[],
): Promise<void> {
  outer.throwIfAborted();
  const { own } = stopsFor(stopSequences, model.info.capabilities.rules);
  const cutter = own.length > 0 ? new StopCutter(accumulator, own) : undefined;
  const target = cutter ?? accumulator;
  const inner = new AbortController();
  let last = clock.now();
  let cancelTimer: () => void = () => undefined;
  const watch = (ms: number): void => {
    cancelTimer = clock.timer(ms, () => {
      const silent = clock.now() - last;
      if (silent >= idleMs) inner.abort(new RepriseError('TIMEOUT', `The model sent nothing for ${idleMs / 1000} s.`));
      else watch(idleMs - silent);
    });
  };
  const onAbort = (): void => inner.abort(outer.reason);
  outer.addEventListener('abort', onAbort, { once: true });
  const stopped = Promise.withResolvers<never>();
  stopped.promise.catch(() => undefined);
  inner.signal.addEventListener('abort', () => stopped.reject(inner.signal.reason as Error), { once: true });
  watch(idleMs);
  let finished = false;
  try {
    const opened = Promise.resolve(model.model.doStream({ ...request, abortSignal: inner.signal }));
    // One that opens after the call was given up is closed.
    opened.then(
      ({ stream }) => void (inner.signal.aborted && stream.cancel(inner.signal.reason).catch(() => undefined)),
      () => undefined,
    );
    const { stream } = await Promise.race([opened, stopped.promise]);
    const reader = stream.getReader();
    // A cancelled reader answers `done` at once, so a stream that ignores the signal can't hold the turn.
    const cancel = (): void => void reader.cancel(inner.signal.reason).catch(() => undefined);
    if (inner.signal.aborted) cancel();
    else inner.signal.addEventListener('abort', cancel, { once: true });
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      // A ping says that the server is there, not that the answer goes on.
      if (value.type !== 'ping' && value.type !== 'raw') last = clock.now();
      target.push(value);
      if (cutter?.full) {
        inner.abort();
        return;
      }
      if (value.type !== 'finish') continue;
      finished = true;
      cancelTimer();
      cancelTimer = clock.timer(LINGER_MS, cancel, { unref: true });
    }
    if (inner.signal.aborted) throw inner.signal.reason as Error;
  } catch (error) {
    // The answer was whole before its connection broke.
    if (finished && !inner.signal.aborted) return;
    throw inner.signal.aborted ? (inner.signal.reason as Error) : error;
  } finally {
    cancelTimer();
    outer.removeEventListener('abort', onAbort);
  }
}
