import { afterEach, expect, test, vi } from 'vitest';
import { systemClock } from './clock.ts';

afterEach(() => void vi.useRealTimers());

test('a timer may be longer than what setTimeout takes (25 days), and is cancelled at any time', () => {
  vi.useFakeTimers();
  let fired = 0;
  const days = 86_400_000;
  systemClock.timer(60 * days, () => (fired += 1));
  const cancel = systemClock.timer(60 * days, () => (fired += 100));
  vi.advanceTimersByTime(30 * days);
  cancel();
  vi.advanceTimersByTime(30 * days - 1);
  expect(fired).toBe(0);
  vi.advanceTimersByTime(1);
  expect(fired).toBe(1);
  expect(vi.getTimerCount()).toBe(0);
});
