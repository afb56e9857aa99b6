import type { TracerProvider } from '@opentelemetry/api';
import { afterEach, expect, test, vi } from 'vitest';
import { traced } from '../src/node/index.ts';

/** What an SDK leaves behind, by which any copy of the API finds it. */
const REGISTERED = Symbol.for('opentelemetry.js.api.1');
const register = (trace: object): void => void Reflect.set(globalThis, REGISTERED, { version: '1.0.0', trace });
const provider = (more: object = {}): TracerProvider => ({ getTracer: () => ({}) as never, ...more });

afterEach(() => {
  Reflect.deleteProperty(globalThis, REGISTERED);
  vi.doUnmock('../src/otel/index.ts');
  vi.resetModules();
  vi.useRealTimers();
});

test('without an SDK, or without the API, a program is told what to do', async () => {
  const hint = expect.stringContaining('NODE_OPTIONS="--import') as string;
  await expect(traced()).rejects.toMatchObject({ code: 'INVALID_INPUT', message: /No OpenTelemetry SDK/, hint });
  register(provider());
  vi.doMock('../src/otel/index.ts', () => {
    throw new Error('Cannot find package');
  });
  await expect(traced()).rejects.toMatchObject({ code: 'INVALID_INPUT', message: /@opentelemetry\/api is not/, hint });
});

test('spans go to what an older copy of the API has registered, which is asked for what it has collected, for 2 s at most', async () => {
  const asked: string[] = [];
  const getTracer = (name: string): never => (asked.push(name), {}) as never;
  const delegates = [
    {},
    { forceFlush: async () => void asked.push('flush') },
    { forceFlush: () => Promise.reject(new Error('down')) },
  ];
  for (const delegate of delegates) {
    register(provider({ getTracer, getDelegate: () => delegate }));
    await (await traced()).flush();
  }
  expect(asked).toEqual(['@reprise/http', '@reprise/http', 'flush', '@reprise/http']);
  register(provider({ getDelegate: () => ({ forceFlush: () => new Promise(() => undefined) }) }));
  const { flush } = await traced();
  vi.useFakeTimers();
  let done = false;
  const flushed = flush().then(() => (done = true));
  await vi.advanceTimersByTimeAsync(1999);
  expect(done).toBe(false);
  await vi.advanceTimersByTimeAsync(1);
  await flushed;
});
