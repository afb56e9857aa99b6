import { createServer, type RequestListener, type Server } from 'node:http';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { promisify } from 'node:util';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { anthropic, encodeEvent, startFakeProvider } from '@reprise/fake-provider';
import { createNodeFetch, NodeHeaders } from '../src/node-fetch.ts';

const fetch = createNodeFetch({});
let server: Server | undefined;
afterEach(async () => {
  server?.closeAllConnections();
  await new Promise<void>((resolve) => (server ? server.close(() => resolve()) : resolve()));
  server = undefined;
});

async function serve(handler: RequestListener): Promise<string> {
  server = createServer(handler).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

test('method, headers and body arrive; status, headers and body come back', async () => {
  const url = await serve(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    response
      .writeHead(418, 'Teapot', { 'x-a': ['1', '2'] })
      .end(JSON.stringify([request.method, request.headers['x-b'], body]));
  });
  const response = await fetch(url, { method: 'POST', headers: { 'X-B': 'c' }, body: 'ü' });
  expect([response.ok, response.status, response.statusText, response.headers.get('X-A')]).toEqual([
    false,
    418,
    'Teapot',
    '1, 2',
  ]);
  expect(Object.fromEntries([...response.headers])).toMatchObject({ 'x-a': '1, 2' });
  expect(response.bodyUsed).toBe(false);
  expect(await response.json()).toEqual(['POST', 'c', 'ü']);
  expect(response.bodyUsed).toBe(true);
  await expect(response.text()).rejects.toThrow('Body is unusable');
  const bytes = await fetch(new URL(url), { method: 'PUT', body: new TextEncoder().encode('b') });
  expect(await bytes.json()).toEqual(['PUT', null, 'b']);
});

test('a stream arrives whole, cut anywhere, and with the same text as from the global fetch', async () => {
  const fake = await startFakeProvider();
  const events = anthropic.message({ text: 'Grüße, 世界 🦊 – ein längerer Text' });
  const whole = events.map((event) => encodeEvent(event)).join('');
  for (const one of [fetch, globalThis.fetch]) {
    fake.script('anthropic', { events, cuts: { seed: 3, longest: 5 } });
    const response = await one(`${fake.url}/v1/messages`, { method: 'POST', body: '{}' });
    let text = '';
    for await (const piece of response.body!.pipeThrough(new TextDecoderStream())) text += piece;
    expect(text).toBe(whole);
  }
  await fake.close();
});

test('a redirect is given as it is', async () => {
  const url = await serve((request, response) => response.writeHead(302, { location: '/elsewhere' }).end(request.url));
  const response = await fetch(url, { method: 'POST', body: '{}' });
  expect([response.status, response.headers.get('location'), await response.text()]).toEqual([302, '/elsewhere', '/']);
});

test("a refused connection is `fetch failed` with the system's code", async () => {
  const url = await serve(() => {});
  await new Promise((resolve) => server?.close(resolve));
  server = undefined;
  const error = await fetch(url).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(TypeError);
  expect(error).toMatchObject({ message: 'fetch failed', cause: { code: 'ECONNREFUSED' } });
});

test('a connection cut in mid-body is an error, never a quiet end', async () => {
  const url = await serve((_, response) => {
    response.writeHead(200, { 'content-length': 100 }).write('some');
    setTimeout(() => response.destroy(), 20);
  });
  const response = await fetch(url);
  await expect(response.text()).rejects.toMatchObject({
    name: 'TypeError',
    message: 'terminated',
    cause: { code: 'ECONNRESET' },
  });
});

test("an abort rejects with the signal's reason: before, while waiting, in the body", async () => {
  const url = await serve((request, response) => {
    if (request.url === '/body') response.writeHead(200).write('some');
  });
  const reason = new Error('enough');
  await expect(fetch(url, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  const waiting = new AbortController();
  const call = fetch(url, { signal: waiting.signal });
  setTimeout(() => waiting.abort(reason), 20);
  await expect(call).rejects.toBe(reason);
  const reading = new AbortController();
  const response = await fetch(`${url}/body`, { signal: reading.signal });
  const text = response.text();
  reading.abort(reason);
  await expect(text).rejects.toBe(reason);
});

test('cancelling the body closes the socket', async () => {
  let closed: Promise<unknown> | undefined;
  const url = await serve((_, response) => {
    closed = once(response, 'close');
    response.writeHead(200).write('some');
  });
  const response = await fetch(url);
  await response.body!.cancel();
  await closed;
});

test('a slow reader holds the sender back', async () => {
  let sent = 0;
  const url = await serve((_, response) => {
    response.writeHead(200);
    const more = (): void => {
      while (sent < 64_000_000 && response.write(Buffer.alloc(64_000))) sent += 64_000;
      if (sent < 64_000_000) response.once('drain', more);
      else response.end();
    };
    more();
  });
  const response = await fetch(url);
  const reader = response.body!.getReader();
  await reader.read();
  for (let before = -1; before !== sent;) {
    before = sent;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  expect(sent).toBeLessThan(32_000_000);
  await reader.cancel();
});

test('connections are kept and used again', async () => {
  const ports = new Set<number | undefined>();
  const url = await serve((request, response) => {
    ports.add(request.socket.remotePort);
    response.end('ok');
  });
  for (let i = 0; i < 3; i += 1) await (await fetch(url)).text();
  expect(ports.size).toBe(1);
});

test('a request is never sent twice, on a kept connection either', async () => {
  let requests = 0;
  const url = await serve((request, response) => {
    requests += 1;
    if (requests === 2) request.socket.resetAndDestroy();
    else response.end('ok');
  });
  await (await fetch(url)).text();
  await expect(fetch(url)).rejects.toMatchObject({ message: 'fetch failed', cause: { code: 'ECONNRESET' } });
  expect(requests).toBe(2);
});

test('a kept connection does not hold the process', async () => {
  const url = await serve((_, response) => response.end('ok'));
  server!.keepAliveTimeout = 60_000;
  const file = new URL('../src/node-fetch.ts', import.meta.url).href;
  const code = `const { nodeFetch } = await import('${file}'); await (await nodeFetch('${url}')).text(); console.log('read');`;
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', code], {
    timeout: 10_000,
  });
  expect(stdout.trim()).toBe('read');
});

describe('a proxy in the environment', () => {
  /** Answers what it is asked for itself, and refuses tunnels. */
  const proxy = createServer((request, response) => {
    passed.push(`${request.method} ${request.url}`);
    response.end('through the proxy');
  }).on('connect', (request, socket) => {
    passed.push(`${request.method} ${request.url}`);
    socket.end('HTTP/1.1 403 Forbidden\r\n\r\n');
  });
  let passed: string[] = [];
  let at: string;
  beforeAll(async () => {
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
    at = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
  });
  beforeEach(() => void (passed = []));
  afterAll(() => {
    proxy.close();
    proxy.closeAllConnections();
  });

  test.each(['HTTP_PROXY', 'http_proxy'])('%s is followed', async (name) => {
    const response = await createNodeFetch({ [name]: at })('http://models.example/v1/models?a=1');
    expect([response.status, await response.text()]).toEqual([200, 'through the proxy']);
    expect(passed).toEqual(['GET http://models.example/v1/models?a=1']);
  });

  test('HTTPS_PROXY is asked for a tunnel, so that it sees no key; a refusal says so', async () => {
    const asked = createNodeFetch({ HTTPS_PROXY: at })('https://models.example/v1', { headers: { 'x-api-key': 'k' } });
    const error = (await asked.catch((thrown: unknown) => thrown)) as Error;
    expect(error.message).toBe('fetch failed');
    expect((error.cause as Error).message).toMatch(/403|tunnel/i);
    expect(passed).toEqual(['CONNECT models.example:443']);
  });

  test('each variable stands for its own protocol, NO_PROXY for exceptions, and loopback is never asked of a proxy', async () => {
    const url = await serve((_, response) => void response.end('here'));
    const here = url.replace('127.0.0.1', 'localhost');
    for (const [env, address] of [
      [{ HTTP_PROXY: at, HTTPS_PROXY: at }, url],
      [{ HTTP_PROXY: at }, here],
      [{ HTTPS_PROXY: at }, 'http://0.0.0.0:9/'],
      [{ HTTP_PROXY: at, NO_PROXY: '0.0.0.0' }, 'http://0.0.0.0:9/'],
    ] as const) {
      await createNodeFetch(env)(address).then(
        (response) => response.text(),
        () => undefined,
      );
    }
    expect(passed).toEqual([]);
  });
});

test('what it does not speak is refused', async () => {
  await expect(fetch('ftp://127.0.0.1/')).rejects.toThrow('fetch failed');
  await expect(fetch('not a url')).rejects.toThrow(TypeError);
  await expect(fetch('http://127.0.0.1:9/', { method: 'POST', body: new FormData() })).rejects.toThrow(
    'string or a Uint8Array',
  );
});

test('NodeHeaders does what Headers does', () => {
  const init: [string, string][] = [
    ['B-c', '1 '],
    ['a', '2'],
    ['b-C', '3'],
  ];
  const [ours, theirs] = [new NodeHeaders(init), new Headers(init)];
  expect([...ours]).toEqual([...theirs]);
  expect([ours.get('B-C'), ours.has('A'), ours.get('z')]).toEqual([
    theirs.get('B-C'),
    theirs.has('A'),
    theirs.get('z'),
  ]);
  for (const one of [ours, theirs]) {
    one.set('A', '9');
    one.delete('b-c');
  }
  expect([...ours.entries()]).toEqual([...theirs.entries()]);
  expect([...new NodeHeaders(theirs)]).toEqual([...theirs]);
});
