import { createServer, type RequestListener, type Server } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { createNodeFetch } from '../src/node-fetch.ts';

let server: Server | undefined;
afterEach(async () => {
  server?.closeAllConnections();
  await new Promise<void>((resolve) => (server ? server.close(() => resolve()) : resolve()));
});

async function serve(handler: RequestListener): Promise<string> {
  server = createServer(handler).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Time that only the test moves; one timer is all that silence needs. */
class Clock {
  time = 0;
  timers: { readonly at: number; readonly fire: () => void }[] = [];
  now = (): number => this.time;
  timer = (ms: number, fire: () => void): (() => void) => {
    const timer = { at: this.time + ms, fire };
    this.timers.push(timer);
    return () => void (this.timers = this.timers.filter((one) => one !== timer));
  };
  advance(ms: number): void {
    this.time += ms;
    for (const timer of this.timers.filter(({ at }) => at <= this.time)) {
      this.timers = this.timers.filter((one) => one !== timer);
      timer.fire();
    }
  }
}

const given = () => {
  const clock = new Clock();
  return { clock, fetch: createNodeFetch({}, { clock }) };
};

test('two minutes without a first byte are `fetch failed` with ETIMEDOUT, and the socket is closed', async () => {
  const { clock, fetch } = given();
  const arrived = Promise.withResolvers<{ readonly closed: Promise<unknown> }>();
  const url = await serve((request) => arrived.resolve({ closed: once(request.socket, 'close') }));
  const call = fetch(url).catch((error: unknown) => error);
  const { closed } = await arrived.promise;
  clock.advance(119_999);
  expect(clock.timers).toHaveLength(1);
  clock.advance(1);
  expect(await call).toMatchObject({ message: 'fetch failed', cause: { code: 'ETIMEDOUT' } });
  await closed;
  expect(clock.timers).toEqual([]);
});

test('two minutes without a byte of the body end it; any byte in between counts', async () => {
  const { clock, fetch } = given();
  let write: (text: string) => void = () => undefined;
  const url = await serve((_, response) => {
    write = (text) => void response.write(text);
    response.writeHead(200).write('a');
  });
  const { body } = await fetch(url);
  const reader = body!.getReader();
  expect((await reader.read()).value).toHaveLength(1);
  for (let i = 0; i < 3; i += 1) {
    const next = reader.read();
    clock.advance(119_999);
    write(':');
    expect((await next).value).toHaveLength(1);
  }
  const last = reader.read().catch((error: unknown) => error);
  await new Promise((resolve) => setImmediate(resolve));
  clock.advance(119_999);
  clock.advance(120_000);
  expect(await last).toMatchObject({ message: 'terminated', cause: { code: 'ETIMEDOUT' } });
  expect(clock.timers).toEqual([]);
});

test('while nobody reads, the silence is not the server’s', async () => {
  const { clock, fetch } = given();
  const url = await serve((_, response) => {
    response.writeHead(200).end(Buffer.alloc(400_000, 'x'));
  });
  const response = await fetch(url);
  await new Promise((resolve) => setTimeout(resolve, 50));
  for (let i = 0; i < 3; i += 1) clock.advance(200_000);
  expect(await response.text()).toHaveLength(400_000);
  expect(clock.timers).toEqual([]);
});

test('an answer that ends, an abort and a refused connection leave no timer', async () => {
  const { clock, fetch } = given();
  const url = await serve((request, response) => {
    if (request.url === '/ok') response.end('ok');
  });
  await (await fetch(`${url}/ok`)).text();
  const aborter = new AbortController();
  const call = fetch(url, { signal: aborter.signal });
  setTimeout(() => aborter.abort(), 20);
  await call.catch(() => undefined);
  await fetch('http://127.0.0.1:9/').catch(() => undefined);
  await new Promise((resolve) => setImmediate(resolve));
  expect(clock.timers).toEqual([]);
});
