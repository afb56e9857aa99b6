import { expect, test } from 'vitest';
import type { Clock } from '@reprise/core';
import { Slots } from '../src/pool/slots.ts';
import { eventStream } from '../src/events/stream.ts';
import { read } from './support/sse.ts';
import { stage } from './support/stage.ts';

/** Time that only the test moves. */
function manualClock(): Clock & { advance(ms: number): void; readonly timers: number } {
  let now = 0;
  let timers: { at: number; fire: () => void }[] = [];
  return {
    now: () => now,
    timer(ms, fire) {
      const timer = { at: now + ms, fire };
      timers.push(timer);
      return () => void (timers = timers.filter((other) => other !== timer));
    },
    advance(ms) {
      const end = now + ms;
      for (;;) {
        const due = timers.filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0];
        if (due === undefined) break;
        timers = timers.filter((other) => other !== due);
        now = due.at;
        due.fire();
      }
      now = end;
    },
    get timers() {
      return timers.length;
    },
  };
}

const settled = () => new Promise((resolve) => setImmediate(resolve));
const never = new AbortController().signal;
const bytes = { waitingBytes: 1000 };

test('so many turns run at once; the others wait, in turn by session and in order on each', async () => {
  const slots = new Slots({ turns: 2, waiting: 100, perSession: 10, ...bytes }, manualClock());
  const order: string[] = [];
  const enter = async (id: string, name: string) => {
    const free = await slots.enter(id, never);
    order.push(name);
    return free;
  };
  const a1 = await enter('a', 'a1');
  const b1 = await enter('b', 'b1');
  const waiting = [enter('a', 'a2'), enter('a', 'a3'), enter('c', 'c1'), enter('b', 'b2')];
  await settled();
  expect([order, slots.running, slots.waiting]).toEqual([['a1', 'b1'], 2, 4]);
  a1();
  a1();
  await settled();
  expect(order.slice(2)).toEqual(['a2']);
  (await waiting[0])?.();
  await settled();
  expect(order.slice(3)).toEqual(['c1']);
  b1();
  await settled();
  expect(order.slice(4)).toEqual(['b2']);
  (await waiting[2])?.();
  await settled();
  expect(order.slice(5)).toEqual(['a3']);
  for (const free of await Promise.all(waiting)) free();
  expect([slots.running, slots.waiting, slots.isBusy('a')]).toEqual([0, 0, false]);
});

test('too many are refused at once with the time to come again, and who leaves makes room', async () => {
  const slots = new Slots({ turns: 1, waiting: 2, perSession: 2, ...bytes }, manualClock());
  const free = await slots.enter('a', never);
  const leaving = new AbortController();
  const left = slots.enter('a', leaving.signal);
  await expect(slots.enter('a', never)).rejects.toMatchObject({ code: 'RATE_LIMIT', retryAt: expect.any(String) });
  const b = slots.enter('b', never);
  await expect(slots.enter('c', never)).rejects.toMatchObject({ code: 'RATE_LIMIT' });
  leaving.abort(new Error('gone'));
  await expect(left).rejects.toThrow('gone');
  const c = slots.enter('c', never);
  free();
  (await b)();
  (await c)();
  expect(slots.waiting).toBe(0);
});

test('what waits has so many bytes in all: none for what has a place or has left', async () => {
  const slots = new Slots({ turns: 1, waiting: 9, perSession: 9, waitingBytes: 100 }, manualClock());
  const free = await slots.enter('a', never, 1000);
  const leaving = new AbortController();
  const left = slots.enter('b', leaving.signal, 60);
  const c = slots.enter('c', never, 40);
  await expect(slots.enter('d', never, 1)).rejects.toMatchObject({ code: 'RATE_LIMIT', retryAt: expect.any(String) });
  const small = slots.enter('d', never);
  leaving.abort(new Error('gone'));
  await expect(left).rejects.toThrow('gone');
  await expect(slots.enter('e', never, 61)).rejects.toMatchObject({ code: 'RATE_LIMIT' });
  const e = slots.enter('e', never, 60);
  free();
  const freeC = await c;
  const f = slots.enter('f', never, 40);
  await expect(slots.enter('g', never, 1)).rejects.toMatchObject({ code: 'RATE_LIMIT' });
  freeC();
  for (const next of [small, e, f]) (await next)();
  const last = await slots.enter('a', never);
  const all = slots.enter('a', never, 100);
  last();
  (await all)();
});

test('what joins a turn shares its place, which is free when all are over', async () => {
  const slots = new Slots({ turns: 1, waiting: 9, perSession: 3, ...bytes }, manualClock());
  const free = await slots.enter('a', never);
  const beside = slots.beside('a');
  slots.beside('a')();
  let entered = false;
  const other = slots.enter('b', never).then((done) => ((entered = true), done));
  free();
  await settled();
  expect(entered).toBe(false);
  beside();
  (await other)();
  slots.beside('x');
  slots.beside('x');
  slots.beside('x');
  expect(() => slots.beside('x')).toThrow('Too many');
});

test('over HTTP: 429 with Retry-After where too many wait; nothing of it was stored', async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  const here = stage({ limits: { turns: 1, waiting: 1 } });
  here.model.script.push([promise, 'one'], ['two']);
  const ids = [await here.session(), await here.session(), await here.session()];
  const send = (id = '') => here.call('POST', `/v1/sessions/${id}/messages`, { content: 'hi' });
  const first = send(ids[0]);
  await expect.poll(async () => (await here.call('GET', '/v1/stats')).body.turns.running).toBe(1);
  const second = send(ids[1]);
  await expect.poll(async () => (await here.call('GET', '/v1/stats')).body.turns.waiting).toBe(1);
  const third = await send(ids[2]);
  expect([third.status, third.body.code, third.headers.get('retry-after')]).toEqual([429, 'RATE_LIMIT', '1']);
  expect((await here.sessions.info(ids[2] ?? '')).seq).toBe(1);
  resolve();
  expect((await Promise.all([first, second])).map(({ status }) => status)).toEqual([200, 200]);
});

test.each([
  ['a message', (id: string) => ({ path: `/v1/sessions/${id}/messages`, body: { content: 'x'.repeat(600) } })],
  [
    'a chat',
    (id: string) => {
      const said = { id: 'm1', role: 'user', parts: [{ type: 'text', text: 'x'.repeat(600) }] };
      return { path: '/v1/chat', body: { id, messages: [said] } };
    },
  ],
])('over HTTP: 429 with Retry-After where %s is too large to wait', async (_, large) => {
  const gate = Promise.withResolvers<void>();
  const here = stage({ limits: { turns: 1, waitingBytes: 500 } });
  here.model.script.push([gate.promise, 'one'], ['two']);
  const [a, b, c] = [await here.session(), await here.session(), await here.session()];
  const post = (path: string, body: object) => here.call('POST', path, body);
  const first = post(`/v1/sessions/${a}/messages`, { content: 'hi' });
  await expect.poll(() => here.model.requests.length).toBe(1);
  const second = post(`/v1/sessions/${b}/messages`, { content: 'hi' });
  await expect.poll(async () => (await here.call('GET', '/v1/stats')).body.turns.waiting).toBe(1);
  const { path, body } = large(c);
  const third = await post(path, body);
  expect([third.status, third.body.code, third.headers.get('retry-after')]).toEqual([429, 'RATE_LIMIT', '1']);
  expect((await here.sessions.info(c)).seq).toBe(1);
  gate.resolve();
  expect((await Promise.all([first, second])).map(({ status }) => status)).toEqual([200, 200]);
});

test('sessions are kept while they are used, at most so many, and let go when idle', async () => {
  const clock = manualClock();
  const here = stage({ clock, limits: { openSessions: 2, idleMs: 1000 } });
  const open = async () => (await here.call('GET', '/v1/stats')).body.sessions.open;
  for (let n = 0; n < 4; n += 1) await here.session();
  expect(await open()).toBe(2);
  clock.advance(999);
  expect(await open()).toBe(2);
  clock.advance(1001);
  expect(await open()).toBe(0);
  expect(clock.timers).toBe(0);
});

test('a server that stops takes no new work, ends what runs with what it has, and its streams', async () => {
  const here = stage();
  here.model.script.push(['half ', new Promise(() => undefined)]);
  const id = await here.session();
  const events = read(await here.ask(`/v1/sessions/${id}/events`));
  const running = here.call('POST', `/v1/sessions/${id}/messages`, { content: 'hi' });
  await expect.poll(async () => (await here.call('GET', '/v1/stats')).body.turns.running).toBe(1);
  await expect.poll(() => here.model.requests.length).toBe(1);
  await here.server.close();
  expect(await running).toMatchObject({ status: 200, body: { status: 'aborted' } });
  expect((await events).some(({ event }) => event === 'turn_end')).toBe(true);
  expect(await here.call('POST', `/v1/sessions/${id}/messages`, { content: 'more' })).toMatchObject({
    status: 503,
    body: { code: 'OVERLOADED' },
  });
  expect((await here.call('GET', `/v1/sessions/${id}`)).status).toBe(200);
  expect((await here.call('GET', '/v1/stats')).body.streams).toBe(0);
});

async function* forever() {
  for (let n = 0; ; n += 1) yield { event: 'n', data: 'x'.repeat(1000) + n };
}

function streamed(source: AsyncIterable<{ event: string; data: unknown }>) {
  const clock = manualClock();
  const stop = new AbortController();
  let over = 0;
  const response = eventStream(source, { clock, heartbeatMs: 100, stalledMs: 500, stop, over: () => (over += 1) });
  return { clock, stop, response, over: () => over };
}

test('a stream gives nothing ahead of its reader, and a reader who reads nothing is let go', async () => {
  let given = 0;
  async function* counted() {
    for await (const event of forever()) {
      given += 1;
      yield event;
    }
  }
  const { clock, response, over, stop } = streamed(counted());
  const reader = response.body?.getReader();
  await reader?.read();
  await settled();
  expect(given).toBeLessThan(4);
  clock.advance(400);
  expect(over()).toBe(0);
  clock.advance(200);
  expect([over(), stop.signal.aborted, clock.timers]).toEqual([1, true, 0]);
  await expect(
    (async () => {
      for (;;) if ((await reader?.read())?.done) return;
    })(),
  ).rejects.toThrow('Nobody read');
});

test('a quiet stream shows that it is alive; leaving ends its source once', async () => {
  let ended = 0;
  const { promise } = Promise.withResolvers<void>();
  async function* quiet() {
    try {
      await promise;
      yield { event: 'never', data: 0 };
    } finally {
      ended += 1;
    }
  }
  const { clock, response, over, stop } = streamed(quiet());
  const reader = response.body?.getReader();
  const decoder = new TextDecoder();
  expect(decoder.decode((await reader?.read())?.value)).toBe('retry: 1000\n\n');
  const beat = reader?.read();
  clock.advance(100);
  expect(decoder.decode((await beat)?.value)).toBe(': alive\n\n');
  await reader?.cancel();
  expect([over(), stop.signal.aborted, ended]).toEqual([1, true, 0]);
});

test('so many streams and no more', async () => {
  const here = stage({ limits: { streams: 2 } });
  const id = await here.session();
  const open = () => here.ask(`/v1/sessions/${id}/events`);
  const [one] = [await open(), await open()];
  const third = await open();
  expect([third.status, third.headers.get('retry-after')]).toEqual([429, '5']);
  await one?.body?.cancel();
  expect((await open()).status).toBe(200);
});
