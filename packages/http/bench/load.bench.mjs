/**
 * What many clients cost and whether anything is lost under them: memory of idle sessions and of open streams, list requests over many sessions,
 * dropped streams, and mixed load for a while (BENCH_MINUTES; a short one by default). Beside lib/server.mjs's floor where there is one.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { call, row, start, stream } from './lib/client.mjs';

const SHORT = Boolean(process.env.BENCH_SHORT);
const [MANY, LISTED, DROPS, ROUNDS] = SHORT ? [20, 50, 20, 1] : [1000, 10_000, 500, 3];
const MINUTES = Number(process.env.BENCH_MINUTES ?? (SHORT ? 0.02 : 0.5));

/** kB that each of `MANY` idle sessions and open streams holds in the process that serves them. */
async function memory(server, floor) {
  const held = async (at) => (await at.ask('memory')).held;
  const open = async (at, pathOf) => {
    const before = await held(at);
    const stop = new AbortController();
    let opened = 0;
    const all = Promise.withResolvers();
    const streams = Array.from({ length: MANY }, (_, i) => {
      const first = () => ((opened += 1) === MANY ? all.resolve() : undefined);
      return stream(at.url, 'GET', pathOf(i), undefined, () => undefined, {}, { signal: stop.signal, opened: first });
    });
    await all.promise;
    const each = ((await held(at)) - before) / MANY / 1024;
    stop.abort();
    await Promise.all(streams);
    return each;
  };
  const plain = await open(floor, () => '/');
  // The first of each kind of work loads code and fills caches.
  await call(server.url, 'POST', '/v1/sessions', {});
  const before = await held(server);
  const ids = [];
  for (let i = 0; i < MANY; i += 1) ids.push((await call(server.url, 'POST', '/v1/sessions', {})).id);
  const session = ((await held(server)) - before) / MANY / 1024;
  const streams = await open(server, (i) => `/v1/sessions/${ids[i]}/events?after=now`);
  return [
    row(`memory of each of ${MANY} streams`, 'floor', 'kB', [plain], true),
    row(`memory of each of ${MANY} streams`, 'server', 'kB', [streams]),
    row(`memory of each of ${MANY} idle sessions`, 'server', 'kB', [session]),
  ];
}

/** Pages of a hundred among `LISTED` sessions, ten clients at once, beside the same bytes from memory. */
async function lists(server, floor) {
  await server.ask('fill', LISTED);
  const path = '/v1/sessions?limit=100';
  await floor.ask('tell', JSON.stringify(await call(server.url, 'GET', path)));
  const rate = async (url, at) => {
    const began = performance.now();
    let left = SHORT ? 20 : 200;
    const client = async () => {
      while (left-- > 0) await call(url, 'GET', at);
    };
    await Promise.all(Array.from({ length: 10 }, client));
    return ((SHORT ? 20 : 200) / (performance.now() - began)) * 1000;
  };
  const [plain, ours] = [[], []];
  for (let i = 0; i < ROUNDS; i += 1) {
    plain.push(await rate(floor.url, '/list'));
    ours.push(await rate(server.url, path));
  }
  const group = `list 100 of ${LISTED} sessions`;
  return [row(group, 'floor: the same bytes', '/s', plain, true), row(group, 'server', '/s', ours)];
}

/** Streams that break somewhere and go on with Last-Event-ID. Throws where anything is missed or comes twice. */
async function drops(server) {
  const sessions = Math.ceil(DROPS / 10);
  let dropped = 0;
  const one = async () => {
    const { id } = await call(server.url, 'POST', '/v1/sessions', {});
    const sent = stream(
      server.url,
      'POST',
      `/v1/sessions/${id}/messages`,
      { content: 'chunks=600 pace=5' },
      () => undefined,
    );
    let [last, text, over] = ['0', '', false];
    const messages = [];
    const take = ({ id: position, type, data }) => {
      if (position === last) throw new Error(`${id}: ${position} came twice`);
      last = position ?? last;
      if (type === 'text') text += data.content;
      if (type === 'reset') text = text.slice(0, data.offset);
      if (type === 'message') messages.push(data.message);
      over = type === 'turn_end';
    };
    for (let cut = 0; !over; cut += 1) {
      let left = cut < 10 ? 1 + Math.floor(Math.random() * 20) : Infinity;
      const path = `/v1/sessions/${id}/events`;
      await stream(server.url, 'GET', path, undefined, (event) => (take(event), !over && (left -= 1) > 0), {
        'last-event-id': last,
      });
      if (!over) dropped += 1;
    }
    await sent;
    const [, answer, ...more] = messages;
    if (more.length > 0 || messages.length !== 2) throw new Error(`${id}: ${messages.length} messages came`);
    if (answer.content !== text) throw new Error(`${id}: ${text.length} of ${answer.content.length} characters came`);
  };
  await Promise.all(Array.from({ length: sessions }, one));
  return [row('streams dropped and resumed, nothing missed or repeated', 'server', 'streams', [dropped])];
}

/** Everything at once for a while: what the process holds must not grow from the second third to the last. */
async function mixed(server) {
  const until = performance.now() + MINUTES * 60_000;
  let turns = 0;
  const client = async () => {
    while (performance.now() < until) {
      const { id } = await call(server.url, 'POST', '/v1/sessions', {});
      const follower = stream(
        server.url,
        'GET',
        `/v1/sessions/${id}/events`,
        undefined,
        ({ type }) => type !== 'turn_end',
      );
      for (let i = 0; i < 3; i += 1) {
        await stream(
          server.url,
          'POST',
          `/v1/sessions/${id}/messages`,
          { content: 'chunks=100 pace=1' },
          () => undefined,
        );
        turns += 1;
      }
      await follower;
      await call(server.url, 'GET', `/v1/sessions/${id}/messages`);
      await call(server.url, 'GET', '/v1/sessions?limit=20');
      await call(server.url, 'DELETE', `/v1/sessions/${id}`);
    }
  };
  const samples = [];
  const watch = async () => {
    while (performance.now() < until) {
      await new Promise((resolve) => setTimeout(resolve, (MINUTES * 60_000) / 12));
      samples.push((await server.ask('memory')).held / 1024 / 1024);
    }
  };
  await Promise.all([...Array.from({ length: 10 }, client), watch()]);
  const third = Math.floor(samples.length / 3);
  const group = `mixed load, ${MINUTES} min, ${turns} turns: memory`;
  return [
    row(group, 'second third', 'MB', samples.slice(third, 2 * third), true),
    row(group, 'last third', 'MB', samples.slice(2 * third)),
  ];
}

export default async function load() {
  const root = mkdtempSync(join(tmpdir(), 'reprise-http-load-'));
  const [floor, server] = [await start('floor'), await start('reprise', root)];
  try {
    const rows = [];
    for (const part of [memory, drops, mixed, lists]) {
      const began = performance.now();
      rows.push(...(await part(server, floor)));
      process.stderr.write(`  ${part.name}: ${((performance.now() - began) / 1000).toFixed(1)} s\n`);
    }
    return rows;
  } finally {
    await Promise.all([floor.close(), server.close()]);
    rmSync(root, { recursive: true, force: true });
  }
}
