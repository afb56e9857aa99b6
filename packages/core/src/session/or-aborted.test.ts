import { expect, test } from 'vitest';
import { orAborted } from './or-aborted.ts';

test('gives what the work gives, and its failure', async () => {
  const { signal } = new AbortController();
  expect(await orAborted(Promise.resolve(1), signal)).toBe(1);
  await expect(orAborted(Promise.reject(new Error('no')), signal)).rejects.toThrow('no');
});

test('does not wait for work that ignores the signal', async () => {
  const aborter = new AbortController();
  const waiting = orAborted(new Promise(() => undefined), aborter.signal);
  aborter.abort(new Error('over'));
  await expect(waiting).rejects.toThrow('over');
});

test('a failure after the signal is heard by nobody, and harms nobody', async () => {
  const work = Promise.withResolvers<void>();
  const waiting = orAborted(work.promise, AbortSignal.abort(new Error('over')));
  work.reject(new Error('late'));
  // An unhandled rejection fails the run.
  await expect(waiting).rejects.toThrow('over');
});
