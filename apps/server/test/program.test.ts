import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, readFileSync, realpathSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import * as surface from '../src/index.ts';
import packageJson from '../package.json' with { type: 'json' };
import { optionsOf } from '../src/environment.ts';

const OTEL = fileURLToPath(new URL('support/otel.ts', import.meta.url));
const MAIN = fileURLToPath(new URL('../src/main.ts', import.meta.url));

/** The sources start in half the time where Node keeps what it made of them. */
const KEPT = { NODE_COMPILE_CACHE: fileURLToPath(new URL('../node_modules/.cache/compiled', import.meta.url)) };

let home: string;
let child: ChildProcess | undefined;

beforeEach(() => void (home = mkdtempSync(join(tmpdir(), 'reprise-server-'))));
afterEach(async () => {
  if (child !== undefined && child.exitCode === null && child.signalCode === null) {
    const gone = new Promise((resolve) => child?.once('exit', resolve));
    child.kill('SIGKILL');
    await gone;
  }
  rmSync(home, { recursive: true, force: true });
});

function start(env: Record<string, string>, ...first: string[]) {
  const options = ['-C', '@reprise/source', '--no-warnings', ...first, MAIN];
  const made = spawn(process.execPath, options, {
    cwd: home,
    env: { PATH: process.env['PATH'] ?? '', HOME: home, REPRISE_HOME: home, REPRISE_PORT: '0', ...KEPT, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  child = made;
  let out = '';
  let err = '';
  made.stdout.on('data', (bytes: Buffer) => (out += bytes.toString()));
  made.stderr.on('data', (bytes: Buffer) => (err += bytes.toString()));
  const exit = new Promise<number | null>((resolve) => made.once('exit', resolve));
  const url = new Promise<string>((resolve, reject) => {
    made.stdout.on('data', () => out.includes('\n') && resolve(out.trim()));
    void exit.then((code) => reject(new Error(`It ended with ${code}: ${err}`)));
  });
  url.catch(() => undefined);
  return { child: made, url, exit, err: () => err };
}

test('what can be imported is what the README lists', () => {
  expect(Object.keys(surface)).toEqual(['startServer']);
});

test('it says where it is and where the token is, answers, and stops in order', async () => {
  const {
    url,
    exit,
    err,
    child: server,
  } = start({ REPRISE_MODEL: 'demo/offline', REPRISE_LOG: '1', REPRISE_AUDIT: 'audit.jsonl' });
  const base = await url;
  expect(base).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
  const file = join(home, 'server-token');
  expect(statSync(file).mode & 0o777).toBe(0o600);
  const token = readFileSync(file, 'utf8').trim();
  const headers = { authorization: `Bearer ${token}`, accept: 'application/json', 'content-type': 'application/json' };
  expect((await fetch(`${base}/v1/sessions`)).status).toBe(401);
  const { id } = (await (await fetch(`${base}/v1/sessions`, { method: 'POST', headers })).json()) as { id: string };
  const answer = await fetch(`${base}/v1/sessions/${id}/messages`, {
    method: 'POST',
    headers,
    body: JSON.stringify({ content: 'hello' }),
  });
  expect(await answer.json()).toMatchObject({ status: 'done', session: id });
  expect(await (await fetch(`${base}/v1/stats`, { headers })).json()).toMatchObject({ version: packageJson.version });
  server.kill('SIGTERM');
  expect(await exit).toBe(0);
  expect(err()).toContain(`the access token is in ${file}`);
  expect(err()).toContain('"operation":"sendMessage"');
  const audit = readFileSync(join(home, 'audit.jsonl'), 'utf8');
  expect(audit.split('\n').map((line) => /"operation":"(\w+)"/.exec(line)?.[1])).toEqual([
    'listSessions',
    'createSession',
    'sendMessage',
    'getStats',
    undefined,
  ]);
  for (const hidden of [token, 'hello']) expect(err() + audit).not.toContain(hidden);
}, 30_000);

test.each([
  ['REPRISE_OTEL', false],
  ['REPRISE_OTEL_CONTENT', true],
])(
  'with %s turns are spans of the SDK that is set up, all of which are there at the end',
  async (name, content) => {
    const spans = join(home, 'spans.jsonl');
    const env = { REPRISE_MODEL: 'demo/offline', [name]: '1', SPANS: spans };
    const { url, exit, child: server } = start(env, '--import', OTEL);
    const base = await url;
    const token = readFileSync(join(home, 'server-token'), 'utf8').trim();
    const headers = {
      authorization: `Bearer ${token}`,
      accept: 'application/json',
      'content-type': 'application/json',
    };
    const { id } = (await (await fetch(`${base}/v1/sessions`, { method: 'POST', headers })).json()) as { id: string };
    const body = JSON.stringify({ content: 'a secret question' });
    await (await fetch(`${base}/v1/sessions/${id}/messages`, { method: 'POST', headers, body })).text();
    server.kill('SIGTERM');
    expect(await exit).toBe(0);
    const text = readFileSync(spans, 'utf8');
    const told = text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { name: string; attributes: Record<string, unknown> });
    expect(told.map((span) => span.name).toSorted()).toEqual(['chat offline', 'invoke_agent reprise']);
    for (const { attributes } of told) expect(attributes['gen_ai.conversation.id']).toBe(id);
    expect(text.includes('a secret question')).toBe(content);
  },
  30_000,
);

test('traces that nobody would get are refused at the start, with what to do', async () => {
  const { exit, err } = start({ REPRISE_OTEL: '1' });
  expect(await exit).toBe(2);
  expect(err()).toContain('No OpenTelemetry SDK is set up');
  expect(err()).toContain('NODE_OPTIONS="--import');
}, 30_000);

test('it does not start on a public address that is not made safe', async () => {
  const { exit, err } = start({ REPRISE_HOST: '0.0.0.0' });
  expect(await exit).toBe(2);
  expect(err()).toContain('can be reached by others, and lacks tokens of its own');
}, 30_000);

test.each([
  { REPRISE_PORT: '70000' },
  { REPRISE_PORT: 'x' },
  { REPRISE_RECOVER: 'x' },
  { REPRISE_RATE: '10' },
  { REPRISE_RATE: '0/s' },
  { REPRISE_BEHIND_PROXY: 'yes' },
  { REPRISE_TLS_CERT: '/none' },
  { REPRISE_PERMISSION: 'yolo' },
  { REPRISE_CWD: '/none' },
])('the environment %j is INVALID_INPUT, which names it', (env) => {
  const [name = ''] = Object.keys(env);
  const said = expect.stringContaining(name === 'REPRISE_TLS_CERT' ? 'both' : name);
  expect(() => optionsOf(env, '/')).toThrow(expect.objectContaining({ code: 'INVALID_INPUT', message: said }));
});

const VALUES: Record<string, string> = {
  REPRISE_HOST: '::1',
  REPRISE_PORT: '1234',
  REPRISE_ALLOW_HOSTS: 'a.example, b.example',
  REPRISE_ALLOW_ORIGINS: 'https://a.example',
  REPRISE_BEHIND_PROXY: '1',
  REPRISE_TLS_CERT: 'cert.pem',
  REPRISE_TLS_KEY: 'key.pem',
  REPRISE_AUDIT: 'audit.jsonl',
  REPRISE_RATE: '300/m',
  REPRISE_RECOVER: 'continue',
  REPRISE_MODEL: 'demo/offline',
  REPRISE_PERMISSION: 'auto',
  REPRISE_STORAGE: './store.js',
  REPRISE_TOKEN_FILE: 'token',
  REPRISE_CWD: '.',
};

test('each variable says what its option says; one that is empty says nothing', () => {
  for (const name of ['cert', 'key']) writeFileSync(join(home, `${name}.pem`), name);
  expect(optionsOf(VALUES, home)).toEqual({
    host: '::1',
    port: 1234,
    hosts: ['a.example', 'b.example'],
    origins: ['https://a.example'],
    proxy: true,
    tls: { cert: 'cert', key: 'key' },
    auditFile: join(home, 'audit.jsonl'),
    rate: { burst: 5, perSecond: 5 },
    recover: 'continue',
    model: 'demo/offline',
    permission: 'auto',
    storage: './store.js',
    tokenFile: 'token',
    cwd: realpathSync(home),
  });
  const empty = Object.fromEntries(Object.keys(VALUES).map((name) => [name, '']));
  expect(optionsOf(empty, home)).toEqual({ ...optionsOf({}, home), cwd: home });
});

/** Read where they are used. */
const ELSEWHERE = [
  'REPRISE_TOKENS',
  'REPRISE_SERVER_TOKEN',
  'REPRISE_HOME',
  'REPRISE_LOG',
  'REPRISE_OTEL',
  'REPRISE_OTEL_CONTENT',
];

test('the README lists every variable, with the option of "reprise serve" that says the same', () => {
  const rows = readFileSync(join(import.meta.dirname, '../README.md'), 'utf8')
    .split('\n')
    .map((line) => /^\| `(REPRISE_\w+)` +\| (?:`(--[\w-]+)`)? *\|/.exec(line)?.slice(1) ?? [])
    .filter((row) => row.length > 0);
  expect(rows.map(([name]) => name).toSorted()).toEqual([...Object.keys(VALUES), ...ELSEWHERE].toSorted());
  for (const [name, option] of rows)
    if (option !== undefined) expect(name).toBe(`REPRISE_${option.slice(2).replaceAll('-', '_').toUpperCase()}`);
});
