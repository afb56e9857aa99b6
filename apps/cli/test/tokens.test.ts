import { chmodSync, existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { cli } from '../src/cli.ts';
import { fakeIo } from './support/io.ts';
import { makePlace, sessionIn } from './support/reprise.ts';
import type { Place, Running } from './support/reprise.ts';

let place: Place;
let server: Running;
let url: string;
let tokens: Record<'alice' | 'bob' | 'slow' | 'ci', string>;

/** A server in a process of its own, for all tests. */
beforeAll(async () => {
  place = makePlace();
  tokens = {
    alice: await add('alice', '--owns'),
    bob: await add('bob', '--owns', '--scopes', 'read,write'),
    slow: await add('slow', '--rate', '3/h'),
    ci: await add('ci'),
  };
  server = place.start(['serve', '--model', 'demo/offline', '--port', '0']);
  url = (await server.seen('out', '\n')).trim();
});
afterAll(() => place.remove());

const file = (): string => join(place.home, 'server-tokens.json');

async function reprise(words: readonly string[], env: Record<string, string> = {}) {
  const io = fakeIo({ cwd: place.work, env: { ...place.env, ...env } });
  const code = await cli(words, io, '');
  return { code, out: io.stdout(), err: io.stderr() };
}
async function add(...words: string[]): Promise<string> {
  const { code, out, err } = await reprise(['token', 'add', ...words]);
  expect([code, err]).toEqual([0, expect.stringContaining(file())]);
  return out.trim();
}
const asToken = (token: string, ...words: string[]) => reprise([...words, '--server', url], { REPRISE_TOKEN: token });
const ask = (token: string, path: string, init: RequestInit = {}, at = url): Promise<Response> =>
  fetch(`${at}/v1${path}`, { ...init, headers: { authorization: `Bearer ${token}`, accept: 'application/json' } });
/** Once the server has seen what was changed. It lets nobody try wrong tokens as often as they like. */
const answers = (token: string, status: number): Promise<void> =>
  vi.waitFor(async () => expect((await ask(token, '/models')).status).toBe(status), {
    interval: status === 200 ? 300 : 20,
    timeout: 5000,
  });

it('a token is made, and a server that runs takes it with its scopes; once it is removed it is refused', async () => {
  const token = await add('dashboard', '--scopes', 'read');
  await answers(token, 200);
  expect((await ask(token, '/sessions', { method: 'POST' })).status).toBe(403);
  expect((await ask('wrong-token-0123456789', '/sessions')).status).toBe(401);
  expect((await reprise(['token', 'list'])).out).toContain('dashboard  read  all sessions\n');
  expect(readFileSync(file(), 'utf8')).not.toContain(token);
  expect(statSync(file()).mode & 0o777).toBe(0o600);

  // What it follows ends with it.
  const own = readFileSync(join(place.home, 'server-token'), 'utf8').trim();
  const { id } = (await (await ask(own, '/sessions', { method: 'POST' })).json()) as { id: string };
  const ended = ask(token, `/sessions/${id}/events`).then((stream) => stream.text());
  expect(await reprise(['token', 'remove', 'dashboard'])).toMatchObject({ code: 0 });
  await answers(token, 401);
  expect(await ended).toContain('event: session');
  expect((await ask(own, '/sessions')).status).toBe(200);
  expect((await reprise(['token', 'list', '--json'])).out).not.toContain('dashboard');
  expect(await reprise(['token', 'remove', 'dashboard'])).toMatchObject({ code: 2 });
});

it('a token that owns has sessions of its own, with the same commands', async () => {
  const { alice, bob } = tokens;
  const ran = await asToken(alice, 'run', 'hello');
  expect(ran.code).toBe(0);
  const id = sessionIn(ran.err);
  expect((await asToken(alice, 'session', 'list')).out).toContain(id);
  expect(await asToken(bob, 'session', 'list')).toMatchObject({ code: 0, out: '' });
  expect(await asToken(bob, 'session', 'show', id)).toMatchObject({ code: 4 });
  expect(await asToken(bob, 'run', '--session', id, 'mine now')).toMatchObject({ code: 4 });
  expect((await reprise(['session', 'list'])).out).toContain(id);
});

it('a rate is held to, and is as many at once as in a second', async () => {
  expect((await ask(tokens.slow, '/sessions')).status).toBe(200);
  const refused = await ask(tokens.slow, '/sessions');
  expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, expect.stringMatching(/^1[12]\d\d$/)]);
  expect((await reprise(['token', 'list'])).out).toContain(
    'slow  read,write,approve,admin  all sessions  1 at once, then 0.000833 a second\n',
  );
});

it('what is wrong with the file changes nothing while the server runs, and lets none start', async () => {
  const token = tokens.ci;
  await answers(token, 200);
  chmodSync(file(), 0o644);
  await server.seen('err', 'Others can read or write');
  await answers(token, 200);
  const late = await reprise(['serve', '--port', '0']);
  expect(late).toMatchObject({ code: 2, out: '', err: expect.stringContaining(`chmod 600 ${file()}`) as string });
  writeFileSync(file(), '{"tokens":[]');
  chmodSync(file(), 0o600);
  await server.seen('err', 'no JSON');
  await answers(token, 200);
  writeFileSync(file(), '{"tokens":[]}');
  await answers(token, 401);
});

it('the file is where --tokens or REPRISE_TOKENS says, and never taken from where one is', async () => {
  const mine = join(place.work, 'server-tokens.json');
  const made = await reprise(['token', 'add', 'elsewhere'], { REPRISE_TOKENS: 'server-tokens.json' });
  expect([made.code, existsSync(mine)]).toEqual([0, true]);
  const token = made.out.trim();
  expect((await reprise(['token', 'list'])).out).not.toContain('elsewhere');
  expect((await reprise(['token', 'list', '--tokens', mine])).out).toContain('elsewhere');
  for (const [words, env] of [
    [['--tokens', 'server-tokens.json'], {}],
    [[], { REPRISE_TOKENS: mine }],
  ] as const) {
    const io = fakeIo({ cwd: place.work, env: { ...place.env, ...env } });
    const ended = cli(['serve', '--port', '0', ...words], io, '');
    await vi.waitFor(() => expect(io.stdout()).toContain('\n'), { interval: 5 });
    expect((await ask(token, '/models', {}, io.stdout().trim())).status).toBe(200);
    io.signal('SIGTERM');
    expect(await ended).toBe(0);
  }
});

it.each([
  [['add', 'x', '--scopes', 'read,root'], 'read, write, approve, admin'],
  [['add', 'x', '--rate', 'often'], '300/m'],
  [['add', 'local'], 'by itself'],
  [['add'], 'NAME is missing'],
])('%j is wrong usage, with what to do', async (words, hint) => {
  const { code, err } = await reprise(['token', ...words]);
  expect([code, err]).toEqual([2, expect.stringContaining(hint)]);
});
