import { request } from 'node:http';
import { networkInterfaces } from 'node:os';
import { connect } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import manifest from '../package.json' with { type: 'json' };
import { createHealthServer, type HealthServer } from './index.ts';

let server: HealthServer;
let port: number;

beforeEach(async () => {
  server = createHealthServer({ version: '1.2.3' });
  ({ port } = await server.listen());
});
afterEach(() => server.close());

/** `fetch` sets its own Host header, so requests are made one level below. */
function ask(path: string, options: { method?: string; host?: string } = {}) {
  const { method = 'GET', host } = options;
  return new Promise<{ status?: number; type?: string; text: string }>((resolve, reject) => {
    const headers = host === undefined ? {} : { host };
    request({ host: '127.0.0.1', port, path, method, headers, agent: false }, async (response) => {
      let text = '';
      for await (const piece of response) text += piece;
      const { statusCode: status, headers } = response;
      resolve({ text, ...(status && { status }), ...(headers['content-type'] && { type: headers['content-type'] }) });
    })
      .on('error', reject)
      .end();
  });
}

test('GET /health says that it is up, and in which version', async () => {
  const { status, type, text } = await ask('/health');
  expect([status, type, JSON.parse(text)]).toEqual([200, 'application/json', { status: 'ok', version: '1.2.3' }]);
  expect(await ask('/health?verbose=1')).toMatchObject({ status: 200 });
  expect(await ask('/health', { method: 'HEAD' })).toMatchObject({ status: 200, text: '' });
});

test('without a version it names its own', async () => {
  const own = createHealthServer();
  const { url } = await own.listen();
  expect(await (await fetch(`${url}/health`)).json()).toEqual({ status: 'ok', version: manifest.version });
  await own.close();
});

test.each([
  ['/', 'GET'],
  ['/health/', 'GET'],
  ['/HEALTH', 'GET'],
  ['/../health', 'GET'],
  ['/sessions', 'GET'],
  ['/health', 'POST'],
  ['/health', 'OPTIONS'],
])('%s by %s is 404 as problem details', async (path, method) => {
  const { status, type, text } = await ask(path, { method });
  expect([status, type]).toEqual([404, 'application/problem+json']);
  expect(JSON.parse(text)).toMatchObject({ status: 404, title: 'Not Found' });
});

test.each(['localhost', 'localhost:9000', 'LOCALHOST', '127.0.0.1', '[::1]:80'])(
  'Host %s is this machine',
  async (host) => {
    expect(await ask('/health', { host })).toMatchObject({ status: 200 });
  },
);

test.each([
  'evil.example',
  'localhost.evil.example',
  '127.0.0.1.evil.example',
  'localhost:80@evil.example',
  '0.0.0.0',
  'localhost:',
])('Host %j is refused on every path', async (host) => {
  for (const path of ['/health', '/other']) {
    const { status, type, text } = await ask(path, { host });
    expect([status, type]).toEqual([403, 'application/problem+json']);
    expect(text).not.toContain('1.2.3');
  }
});

const outside = Object.values(networkInterfaces())
  .flatMap((all) => all ?? [])
  .find(({ family, internal }) => family === 'IPv4' && !internal)?.address;

test.skipIf(outside === undefined)('it does not listen on this machine’s outer address (needs one)', async () => {
  const refused = new Promise((resolve) => {
    connect({ host: outside ?? '', port })
      .on('connect', () => resolve('connected'))
      .on('error', (error: NodeJS.ErrnoException) => resolve(error.code));
  });
  expect(await refused).toBe('ECONNREFUSED');
});

test('a taken port is an error, closing frees it and may be repeated', async () => {
  const second = createHealthServer();
  await expect(second.listen(port)).rejects.toMatchObject({ code: 'EADDRINUSE' });
  await second.close();
  await server.close();
  await server.close();
  const third = createHealthServer();
  await expect(third.listen(port)).resolves.toMatchObject({ port });
  await third.close();
});

test('closing ends connections that idle', async () => {
  const idle = connect({ host: '127.0.0.1', port });
  await new Promise((resolve) => idle.once('connect', resolve));
  const ended = new Promise((resolve) => idle.on('error', () => undefined).once('close', resolve));
  await Promise.all([server.close(), ended]);
});
