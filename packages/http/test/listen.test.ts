import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { RequestEntry, ServerOptions } from '../src/index.ts';
import { listen, serve } from '../src/node/index.ts';
import { tlsFiles } from '../src/node/tls-files.ts';
import type { ServeOptions } from '../src/node/index.ts';
import { TOKEN, stage } from './support/stage.ts';

const pem = (name: string): string => readFileSync(new URL(`./support/tls/${name}.pem`, import.meta.url), 'utf8');
const tls = { cert: pem('cert'), key: pem('key') };

let folder: string;
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'reprise-listen-'))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** A request over TLS to a server whose certificate must be ours. */
function secureStatus(port: number, path: string): Promise<number | undefined> {
  const headers = { authorization: `Bearer ${TOKEN}` };
  return new Promise((resolve, reject) => {
    request({ host: '127.0.0.1', port, path, headers, ca: tls.cert, agent: false }, (answer) => {
      answer.resume();
      resolve(answer.statusCode);
    })
      .on('error', reject)
      .end();
  });
}

test('with a certificate it speaks TLS, and nothing else', async () => {
  const { server } = stage();
  const listening = await listen(server, { tls });
  expect(listening.url).toBe(`https://127.0.0.1:${listening.port}`);
  expect(await secureStatus(listening.port, '/v1/sessions')).toBe(200);
  await expect(fetch(`http://127.0.0.1:${listening.port}/v1/health`)).rejects.toThrow();
  await listening.close();
});

test('a certificate that is none is INVALID_INPUT', async () => {
  const { server } = stage();
  for (const wrong of [
    { ...tls, cert: 'x' },
    { ...tls, key: 'x' },
  ])
    await expect(listen(server, { tls: wrong })).rejects.toMatchObject({ code: 'INVALID_INPUT' });
});

test.each(['0.0.0.0', '::', '192.0.2.1', 'localhost.evil.example', '127.0.0.1.evil.example'])(
  'it does not listen on %s in the open',
  async (host) => {
    const { server } = stage();
    await expect(listen(server, { host })).rejects.toMatchObject({ code: 'INVALID_INPUT' });
  },
);

/** Options of `serve` that lack nothing for a public address. */
const PUBLIC: Partial<ServeOptions> = {
  host: '0.0.0.0',
  tokens: [{ name: 'test', token: TOKEN }],
  hosts: ['127.0.0.1'],
  tls,
};

test.each(['tokens', 'hosts', 'tls'] as const)('a public server lacks its %s, and does not start', async (name) => {
  const { [name]: _, ...options } = PUBLIC;
  const { sessions } = stage();
  await expect(serve(sessions, { tokenFile: join(folder, 'token'), ...options })).rejects.toMatchObject({
    code: 'INVALID_INPUT',
    message: expect.stringContaining('can be reached by others'),
  });
});

test('a public server with tokens, hosts and TLS starts, also behind a proxy that speaks it', async () => {
  const { sessions } = stage();
  const secure = await serve(sessions, { tokenFile: join(folder, 'token'), ...PUBLIC });
  expect(await secureStatus(secure.port, '/v1/sessions')).toBe(200);
  await secure.stop();
  const { tls: _, ...open } = PUBLIC;
  const behind = await serve(stage().sessions, { tokenFile: join(folder, 'token'), ...open, proxy: true });
  await behind.stop();
});

/** What the audit says of the address of a request with these headers. */
async function addressSeen(options: { readonly proxy?: boolean }, forwarded?: string): Promise<string | undefined> {
  const entries: RequestEntry[] = [];
  const audit: NonNullable<ServerOptions['audit']> = (entry) => entries.push(entry);
  const listening = await listen(stage({ audit }).server, options);
  const headers = forwarded === undefined ? {} : { 'x-forwarded-for': forwarded };
  await (await fetch(`${listening.url}/v1/health`, { headers })).text();
  await listening.close();
  return entries[0]?.address;
}

test('the address is that of the connection; behind a proxy, what the proxy says', async () => {
  expect(await addressSeen({})).toBe('127.0.0.1');
  expect(await addressSeen({}, '203.0.113.9')).toBe('127.0.0.1');
  expect(await addressSeen({ proxy: true }, '203.0.113.1, 203.0.113.9')).toBe('203.0.113.9');
  expect(await addressSeen({ proxy: true })).toBeUndefined();
});

test('who sends wrong tokens over a connection is stopped', async () => {
  const listening = await listen(stage().server);
  const statuses: number[] = [];
  for (let i = 0; i < 21; i += 1) {
    const answer = await fetch(`${listening.url}/v1/sessions`, {
      headers: { authorization: 'Bearer wrong-0123456789abc' },
    });
    statuses.push(answer.status);
    await answer.text();
  }
  await listening.close();
  expect(statuses.slice(-2)).toEqual([401, 429]);
});

test('the audit file gets a line for each request, and is its owner’s alone', async () => {
  const file = join(folder, 'audit.jsonl');
  writeFileSync(file, '{"old":true}\n', { mode: 0o644 });
  const serving = await serve(stage().sessions, { tokenFile: join(folder, 'token'), auditFile: file });
  await (
    await fetch(`${serving.url}/v1/sessions`, { headers: { authorization: 'Bearer wrong-0123456789abc' } })
  ).text();
  const token = readFileSync(join(folder, 'token'), 'utf8').trim();
  await (await fetch(`${serving.url}/metrics`, { headers: { authorization: `Bearer ${token}` } })).text();
  await serving.stop();
  const text = readFileSync(file, 'utf8');
  const lines = text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as unknown);
  expect(lines).toMatchObject([
    { old: true },
    { operation: 'listSessions', status: 401, address: '127.0.0.1' },
    { operation: 'getMetrics', status: 200, token: 'local' },
  ]);
  expect(text).not.toContain(token);
  expect(statSync(file).mode & 0o777).toBe(0o600);
});

test('an audit file that is a link is refused, and nothing listens', async () => {
  symlinkSync(join(folder, 'elsewhere'), join(folder, 'link'));
  const { sessions } = stage();
  const options = { tokenFile: join(folder, 'token'), auditFile: join(folder, 'link') };
  await expect(serve(sessions, options)).rejects.toMatchObject({ code: 'INVALID_INPUT' });
});

test('a file that holds something else is no audit file, and stays as it is', async () => {
  const file = join(folder, 'notes.txt');
  writeFileSync(file, 'my notes\n');
  chmodSync(file, 0o644);
  const { sessions } = stage();
  const options = { tokenFile: join(folder, 'token'), auditFile: file };
  await expect(serve(sessions, options)).rejects.toMatchObject({
    code: 'INVALID_INPUT',
    message: expect.stringContaining('notes.txt holds something else'),
  });
  expect([readFileSync(file, 'utf8'), statSync(file).mode & 0o777]).toEqual(['my notes\n', 0o644]);
});

test('what is no HTTP is dropped', async () => {
  const listening = await listen(stage().server);
  const text = await new Promise<string>((resolve) => {
    let got = '';
    const socket = connect(listening.port, '127.0.0.1', () => socket.write('nonsense\r\n\r\n'));
    socket.on('data', (bytes: Buffer) => (got += bytes.toString())).on('close', () => resolve(got));
  });
  expect(text).toMatch(/^HTTP\/1\.1 400 /);
  await listening.close();
});

test('certificate and key come from their files, both or neither', () => {
  const at = (name: string): string => fileURLToPath(new URL(`./support/tls/${name}.pem`, import.meta.url));
  expect(tlsFiles(at('cert'), at('key'))).toEqual(tls);
  expect(tlsFiles(undefined, undefined)).toBeUndefined();
  for (const [cert, key] of [
    [at('cert'), undefined],
    [undefined, at('key')],
    [at('cert'), join(folder, 'none')],
  ])
    expect(() => tlsFiles(cert, key)).toThrow(expect.objectContaining({ code: 'INVALID_INPUT' }));
});
