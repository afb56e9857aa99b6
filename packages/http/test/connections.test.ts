import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { listen } from '../src/node/index.ts';
import type { ListenOptions, Listening } from '../src/node/index.ts';
import { TOKEN, stage } from './support/stage.ts';
import type { Stage } from './support/stage.ts';

let listening: Listening | undefined;
const sockets: Socket[] = [];
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await listening?.close(0);
});

async function serving(options: ListenOptions = {}, here: Stage = stage()) {
  listening = await listen(here.server, options);
  return { here, port: listening.port, url: listening.url };
}

/** A connection that sends a text, and what came back when it is over. */
function open(port: number, text: string): { readonly socket: Socket; readonly ended: Promise<string> } {
  const socket = connect(port, '127.0.0.1', () => socket.write(text));
  sockets.push(socket);
  const ended = new Promise<string>((resolve) => {
    let got = '';
    socket.on('data', (bytes: Buffer) => (got += bytes.toString()));
    socket.on('error', () => undefined).on('close', () => resolve(got));
  });
  return { socket, ended };
}

const HEADERS = `Host: 127.0.0.1\r\nAuthorization: Bearer ${TOKEN}\r\n`;

test('headers beyond 16 KiB are refused before anybody reads them', async () => {
  const { port } = await serving();
  const { ended } = open(port, `GET /v1/sessions HTTP/1.1\r\n${HEADERS}X-More: ${'x'.repeat(17_000)}\r\n\r\n`);
  expect(await ended).toMatch(/^HTTP\/1\.1 431 /);
});

test('who sends the headers of a request too slowly is let go', async () => {
  const { port } = await serving({ headersMs: 100 });
  const { ended } = open(port, `GET /v1/sessions HTTP/1.1\r\n${HEADERS}`);
  expect(await ended).toMatch(/^HTTP\/1\.1 408 /);
});

test('so many connections and no more', async () => {
  const { port, url } = await serving({ connections: 2 });
  const held = [open(port, ''), open(port, '')];
  await Promise.all(held.map(({ socket }) => new Promise((resolve) => socket.once('connect', resolve))));
  expect(await open(port, `GET /v1/health HTTP/1.1\r\n${HEADERS}\r\n`).ended).toBe('');
  const [first] = held;
  first?.socket.destroy();
  await first?.ended;
  await expect
    .poll(() =>
      fetch(`${url}/v1/health`).then(
        ({ status }) => status,
        () => 0,
      ),
    )
    .toBe(200);
});

test('a reader who reads nothing keeps nobody waiting, and is told to resynchronise when he reads again', async () => {
  const { here, port } = await serving();
  const id = await here.session();
  const reader = open(port, `GET /v1/sessions/${id}/events HTTP/1.1\r\n${HEADERS}\r\n`);
  await new Promise((resolve) => reader.socket.once('data', resolve));
  reader.socket.pause();
  const text = Array.from({ length: 2000 }, (_, n) => `${n} ${'y'.repeat(5000)} `);
  here.model.script.push(text);
  const { body } = await here.call('POST', `/v1/sessions/${id}/messages`, { content: 'much' });
  expect(body.message.content).toBe(text.join(''));
  reader.socket.resume();
  let got = '';
  await new Promise<void>((resolve) =>
    reader.socket.on('data', (bytes: Buffer) => {
      got += bytes.toString();
      if (got.includes('event: turn_end')) resolve();
    }),
  );
  expect(got).toContain('"reason":"lagged"');
  // The whole is told once, as it is stored; not once more in pieces that waited for him.
  expect(got.length).toBeLessThan(1.7 * text.join('').length);
}, 30_000);
