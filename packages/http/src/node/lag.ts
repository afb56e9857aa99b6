import { monitorEventLoopDelay } from 'node:perf_hooks';

const RESOLUTION_MS = 20;

/** Measures from now on; each call tells the seconds that the event loop was late at worst since the one before. Keeps no process alive. */
export function eventLoopLag(): () => number {
  const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  delay.enable();
  return () => {
    // It measures the whole time between two ticks of its own.
    const late = delay.max / 1e9 - RESOLUTION_MS / 1000;
    delay.reset();
    return Math.max(0, late);
  };
}
