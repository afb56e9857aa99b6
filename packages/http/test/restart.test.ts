import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { eventsOf } from './support/sse.ts';

const PROGRAM = fileURLToPath(new URL('support/program.ts', import.meta.url));

let folder: string;
let children: ChildProcess[] = [];

beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'reprise-http-'))));
afterEach(async () => {
  await Promise.all(children.map((child) => ended(child, 'SIGKILL')));
  children = [];
  rmSync(folder, { recursive: true, force: true });
});

const tokenFile = (): string => join(folder, 'server-token');

/** A server in a process of its own, on the same sessions as every other one of the test. */
async function server(port = 0, words = 40): Promise<{ child: ChildProcess; url: string }> {
  const args = ['-C', '@reprise/source', '--no-warnings', PROGRAM, join(folder, 'sessions'), tokenFile()];
  const child = spawn(process.execPath, [...args, `${port}`, `${words}`], { stdio: ['ignore', 'pipe', 'inherit'] });
  children.push(child);
  const url = await new Promise<string>((resolve, reject) => {
    let out = '';
    child.stdout?.on('data', (bytes: Buffer) => {
      out += bytes.toString();
      if (out.includes('\n')) resolve(out.trim());
    });
    child.once('exit', (code) => reject(new Error(`The server ended with ${code}.`)));
  });
  return { child, url };
}

function ended(child: ChildProcess, signal: NodeJS.Signals): Promise<number | null> {
  return new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) return resolve(child.exitCode);
    child.once('exit', (code) => resolve(code));
    child.kill(signal);
  });
}

function ask(url: string, path: string, init: RequestInit = {}): Promise<Response> {
  const token = readFileSync(tokenFile(), 'utf8').trim();
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json', ...init.headers };
  return fetch(`${url}${path}`, { ...init, headers });
}

const post = (content: string, key: string) => ({
  method: 'POST',
  headers: { 'idempotency-key': key },
  body: JSON.stringify({ content }),
});

/** Somebody who follows a session over however many connections and servers. */
class Follower {
  last = '0';
  text = '';
  records: string[] = [];
  finals: string[] = [];
  resets = 0;

  /** One connection, dropped after `most` events or once `done`. */
  async follow(url: string, id: string, most: number, done: () => boolean): Promise<void> {
    const stop = new AbortController();
    const headers = this.last === '0' ? {} : { 'last-event-id': this.last };
    const response = await ask(url, `/v1/sessions/${id}/events`, { headers, signal: stop.signal });
    expect(response.status).toBe(200);
    let count = 0;
    for await (const { id: at, event, data } of eventsOf(response)) {
      if (event === 'text') this.text += data.content;
      else if (event === 'reset') {
        this.text = this.text.slice(0, data.offset);
        this.resets += 1;
      } else {
        this.records.push(`${data.at.seq} ${event}`);
        if (event === 'message' && data.message.role === 'assistant') {
          // What was shown is what is stored.
          if (this.text !== '') expect(data.message.content).toBe(this.text);
          this.finals.push(data.message.content);
          this.text = '';
        }
      }
      this.last = at ?? this.last;
      count += 1;
      if (count >= most || done()) break;
    }
    stop.abort();
  }
}

test('a killed server leaves a session that the next one goes on with: nothing missed, nothing twice', async () => {
  const first = await server(0, 400);
  const { id } = (await (await ask(first.url, '/v1/sessions', { method: 'POST' })).json()) as { id: string };
  const sent = await ask(first.url, `/v1/sessions/${id}/messages`, post('count', 'k1'));
  expect(sent.status).toBe(200);
  const follower = new Follower();
  await follower.follow(first.url, id, Infinity, () => follower.text.length > 300);
  await ended(first.child, 'SIGKILL');
  await sent.body?.cancel().catch(() => undefined);

  const second = await server(Number(new URL(first.url).port));
  const ends = () => follower.records.filter((record) => record.endsWith('turn_end')).length;
  await follower.follow(second.url, id, Infinity, () => ends() === 1);
  const [partial = ''] = follower.finals;
  expect(partial.length).toBeGreaterThan(0);
  expect(partial).toBe(
    Array.from({ length: 400 }, (_, i) => `w${i} `)
      .join('')
      .slice(0, partial.length),
  );

  // The same message again is the same turn; another one goes on.
  const again = await ask(second.url, `/v1/sessions/${id}/messages`, {
    ...post('count', 'k1'),
    headers: { 'idempotency-key': 'k1', accept: 'application/json' },
  });
  expect(await again.json()).toMatchObject({ status: 'aborted', message: { content: partial } });
  const next = ask(second.url, `/v1/sessions/${id}/messages`, post('go on', 'k2'));
  await follower.follow(second.url, id, Infinity, () => ends() === 2);
  await (await next).text();
  expect(follower.finals).toHaveLength(2);
  expect(follower.records).toEqual([
    '1 session',
    '2 message',
    ...follower.records.slice(2).filter((record, i, all) => all.indexOf(record) === i),
  ]);
  const seqs = follower.records.map((record) => Number(record.split(' ')[0]));
  expect(seqs).toEqual([...seqs].sort((a, b) => a - b));
  expect(new Set(seqs).size).toBe(seqs.length);
}, 40_000);

test('what a key has made is not made again by the next server: a session, a fork, imports', async () => {
  const first = await server();
  const make = async (url: string, path: string, key: string, body: unknown = {}) => {
    const init = { method: 'POST', headers: { 'idempotency-key': key }, body: JSON.stringify(body) };
    const answer = await ask(url, `/v1${path}`, init);
    const { id, code } = (await answer.json()) as { id: string; code?: string };
    return { http: answer.status, id, code };
  };
  const said = [{ role: 'user', content: 'hello', timestamp: '2030-01-01T00:00:00Z' }];
  const messages = { session: said, model: 'test/model' };
  const { id } = await make(first.url, '/sessions', 'k0', { title: 'One' });
  const exported = await (await ask(first.url, `/v1/sessions/${id}/export`)).json();
  const timed = '01980000-0000-7abc-8abc-0123456789ab';
  const all = (url: string) =>
    Promise.all([
      make(url, '/sessions', 'k0', { title: 'One' }),
      make(url, '/sessions', 'k1', { title: 'One' }),
      make(url, `/sessions/${id}/fork`, 'k1'),
      make(url, `/sessions/${id}/fork`, 'k2', { newSessionId: 'copy' }),
      make(url, '/import', 'k1', messages),
      make(url, '/import', 'k2', { session: exported, newId: true }),
      make(url, '/import', 'k3', { session: { ...(exported as object), id: 'elsewhere' } }),
      make(url, '/import', 'k4', { session: { ...(exported as object), id: 'free' }, newId: true }),
      make(url, '/sessions', timed),
      make(url, `/sessions/${id}/fork`, timed),
      make(url, '/import', timed, messages),
    ]);
  const before = await all(first.url);
  expect(before.map(({ http }) => http)).toEqual(before.map(() => 201));
  expect(new Set(before.map((one) => one.id)).size).toBe(11);
  expect(before.map((one) => one.id)).toEqual(expect.arrayContaining([id, 'copy', 'elsewhere', 'free']));
  // A key with a time gives it to the id, as the engine does.
  const time = (0x01980000_0000).toString(36).padStart(9, '0');
  for (const one of before.slice(-3)) expect(one.id).toMatch(new RegExp(`^${time}[0-9a-z]{12}$`));
  await ended(first.child, 'SIGKILL');

  const second = await server();
  expect(await all(second.url)).toEqual(before);
  // The same key for something else.
  for (const [path, key, body] of [
    ['/sessions', 'k1', { title: 'Two' }],
    [`/sessions/${id}/fork`, 'k1', { fromMessage: 'm1' }],
    ['/import', 'k1', { ...messages, model: 'other/model' }],
  ] as const)
    expect(await make(second.url, path, key, body)).toMatchObject({ http: 422, code: 'INVALID_INPUT' });
  // Another key, for what is there already.
  const taken = [
    await make(second.url, '/import', 'k9', { session: { ...(exported as object), id: 'elsewhere' } }),
    await make(second.url, `/sessions/${id}/fork`, 'k9', { newSessionId: 'copy' }),
  ];
  expect(taken).toMatchObject([{ code: 'SESSION_EXISTS' }, { code: 'SESSION_EXISTS' }]);
  const { items } = (await (await ask(second.url, '/v1/sessions')).json()) as { items: unknown[] };
  expect(items).toHaveLength(11);
}, 40_000);

test('a hundred dropped streams miss and repeat nothing', async () => {
  const { url } = await server(0, 120);
  const { id } = (await (await ask(url, '/v1/sessions', { method: 'POST' })).json()) as { id: string };
  const followers = Array.from({ length: 10 }, () => new Follower());
  const answer = ask(url, `/v1/sessions/${id}/messages`, post('count', 'k1')).then((response) => response.text());
  let drops = 0;
  await Promise.all(
    followers.map(async (follower, n) => {
      const done = () => follower.records.at(-1)?.endsWith('turn_end') === true;
      for (let most = 1 + n; !done(); most = 1 + ((most * 7) % 13)) {
        await follower.follow(url, id, most, done);
        drops += 1;
      }
    }),
  );
  await answer;
  expect(drops).toBeGreaterThan(100);
  const whole = Array.from({ length: 120 }, (_, i) => `w${i} `).join('');
  for (const { records, finals, resets } of followers) {
    expect([records, finals, resets]).toEqual([['1 session', '2 message', '3 message', '4 turn_end'], [whole], 0]);
  }
}, 40_000);

test('SIGTERM: no new work, what runs is stored with what it has, exit code 0', async () => {
  const { child, url } = await server(0, 2000);
  const { id } = (await (await ask(url, '/v1/sessions', { method: 'POST' })).json()) as { id: string };
  const sent = await ask(url, `/v1/sessions/${id}/messages`, post('count', 'k1'));
  const follower = new Follower();
  await follower.follow(url, id, Infinity, () => follower.text.length > 100);
  const begun = Date.now();
  const [code, events] = await Promise.all([ended(child, 'SIGTERM'), sent.text()]);
  expect(code).toBe(0);
  expect(Date.now() - begun).toBeLessThan(5000);
  // Who waited for the answer is told how it ended.
  expect(events).toContain('event: turn_end');
  expect(statSync(tokenFile()).mode & 0o777).toBe(0o600);

  const next = await server();
  const { items } = (await (await ask(next.url, `/v1/sessions/${id}/messages`)).json()) as { items: any[] };
  expect(items.map(({ role }) => role)).toEqual(['user', 'assistant']);
  expect(items[1]).toMatchObject({ finishReason: 'interrupted' });
  expect(items[1].content.length).toBeGreaterThanOrEqual(follower.text.length);
}, 40_000);
