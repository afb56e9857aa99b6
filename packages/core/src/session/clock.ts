import type { Clock } from '../contracts/clock.ts';

/** What timers look like where `unref` exists and where it does not. */
interface Timer {
  unref?(): void;
}

/** `setTimeout` fires at once where it is told to wait longer. */
const LONGEST_MS = 2 ** 31 - 1;

/** The machine's time. */
export const systemClock: Clock = {
  now: () => Date.now(),
  timer(ms, fire, options) {
    let cancel: () => void = () => undefined;
    const arm = (left: number): void => {
      const timer = setTimeout(() => (left > LONGEST_MS ? arm(left - LONGEST_MS) : fire()), Math.min(left, LONGEST_MS));
      if (options?.unref) (timer as Timer).unref?.();
      cancel = () => clearTimeout(timer);
    };
    arm(ms);
    return () => cancel();
  },
};

/** Waits `ms`; rejects with the signal's reason. */
export function sleep(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason as Error);
    const onAbort = (): void => {
      cancel();
      reject(signal.reason as Error);
    };
    const cancel = clock.timer(ms, () => {
      signal.removeEventListener('abort', onAbort);
      resolve();
    });
    signal.addEventListener('abort', onAbort, { once: true });
  });
}

export function isoNow(clock: Clock): string {
  return new Date(clock.now()).toISOString();
}
