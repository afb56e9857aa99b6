import { spawn, spawnSync } from 'node:child_process';
import { cpSync, existsSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { anthropic, startFakeProvider } from '@reprise/fake-provider';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makePlace } from './support/reprise.ts';
import type { Place } from './support/reprise.ts';

const APP = join(import.meta.dirname, '..');
const PROGRAM = join(APP, 'bin/reprise.mjs');

/** Writes the URL of every module that is loaded to the file in LOADED. */
const SPY = `import { appendFileSync } from 'node:fs';
import { registerHooks } from 'node:module';
process.on('exit', () => {
  for (const name of process.moduleLoadList.filter((name) => /undici|sqlite/.test(name))) appendFileSync(process.env.LOADED, 'node:' + name + '\\n');
});
registerHooks({ load: (url, context, next) => (appendFileSync(process.env.LOADED, url + '\\n'), next(url, context)) });`;

describe.skipIf(!existsSync(join(APP, 'dist/main.js')))('the built program (needs a build)', () => {
  let place: Place;
  beforeEach(() => void (place = makePlace()));
  afterEach(() => place.remove());

  const run = (...words: string[]) =>
    spawnSync(process.execPath, [PROGRAM, ...words], { cwd: place.work, env: place.env, encoding: 'utf8' });

  /** The files of the bundle that these words load, and the built-in modules. */
  function loaded(...words: string[]) {
    return loadedBy(words, 0);
  }

  function loadedBy(words: readonly string[], code: number) {
    const spy = join(place.home, 'spy.mjs');
    const log = join(place.home, 'loaded');
    writeFileSync(spy, SPY);
    writeFileSync(log, '');
    const env = { ...place.env, LOADED: log };
    expect(spawnSync(process.execPath, ['--import', spy, PROGRAM, ...words], { cwd: place.work, env }).status).toBe(
      code,
    );
    const urls = readFileSync(log, 'utf8').trim().split('\n');
    const files = urls.filter((url) => url.startsWith('file:')).map((url) => fileURLToPath(url));
    const texts = files.filter((file) => file.startsWith(APP)).map((file) => readFileSync(file, 'utf8'));
    return {
      bytes: texts.reduce((sum, text) => sum + text.length, 0),
      text: texts.join('\n'),
      builtIns: urls.filter((url) => url.startsWith('node:')),
      outside: files.filter((file) => !file.startsWith(APP)),
    };
  }

  it('has the version of its package', () => {
    const { version } = JSON.parse(readFileSync(join(APP, 'package.json'), 'utf8'));
    expect(run('--version')).toMatchObject({ status: 0, stdout: `${version}\n`, stderr: '' });
  });

  it.each([['--version'], ['--help'], ['run', '--help']])(
    '%s %s loads next to nothing: no engine, no zod, no SDK, no built-in module',
    (...words) => {
      const { bytes, builtIns, outside } = loaded(...words);
      expect(bytes).toBeLessThan(40_000);
      expect(builtIns).toEqual([]);
      expect(outside).toEqual([]);
    },
  );

  it('loads no provider for a turn offline, and nothing from outside of the bundle', () => {
    const { text, outside } = loaded('run', '--model', 'demo/offline', 'list this folder');
    expect(text).toContain('demo/offline');
    expect(text).not.toContain('anthropic-version');
    expect(outside).toEqual([]);
  });

  it.each([
    ['list', [], 0],
    ['search', ['hello'], 0],
    ['gc', [], 0],
    ['tree', ['none'], 4],
  ] as const)(
    'session %s loads neither the engine nor a model: only the store and what reads it',
    (name, words, code) => {
      const { text, outside } = loadedBy(['session', name, ...words], code);
      expect(text).toContain('messages.json');
      expect(text).not.toContain('.doStream(');
      expect(text).not.toContain('ANTHROPIC_BASE_URL');
      expect(outside).toEqual([]);
    },
  );

  it('loads the client for --server alone, and then neither the engine nor a store', () => {
    const client = 'Last-Event-ID';
    // There is no token, which is found out once everything is there.
    for (const words of [['session', 'list'], ['run', 'hi'], ['models']]) {
      const { text, outside } = loadedBy([...words, '--server', 'http://127.0.0.1:9'], 3);
      expect(text).toContain(client);
      expect(text).not.toMatch(/\.doStream\(|draft-inbox|createAdaptorServer/);
      expect(outside).toEqual([]);
    }
    expect(loaded('run', '--model', 'demo/offline', 'list this folder').text).not.toContain(client);
    expect(loaded('session', 'list').text).not.toContain(client);
  });

  /** The built server until `work` is done: it must end well then. Gives what it wrote to standard error. */
  async function served(
    [...words]: readonly string[],
    env: Record<string, string>,
    work: (url: string) => Promise<void>,
  ): Promise<string> {
    const options = { cwd: place.work, env: { ...place.env, ...env } };
    const child = spawn(process.execPath, [PROGRAM, 'serve', '--port', '0', ...words], options);
    let told = '';
    child.stderr.on('data', (bytes: Buffer) => (told += bytes.toString()));
    const ended = new Promise((resolve) => child.once('close', resolve));
    const url = new Promise<string>((resolve) =>
      child.stdout.once('data', (bytes: Buffer) => resolve(`${bytes}`.trim())),
    );
    await work(await Promise.race([url, ended.then(() => Promise.reject(new Error(told)))]));
    child.kill('SIGTERM');
    expect(await ended).toBe(0);
    return told;
  }

  it.each([
    [['--log'], true],
    [[], false],
  ])('serve %j logs: %j, out of the bundle alone', async (words, logs) => {
    const spy = join(place.home, 'spy.mjs');
    const log = join(place.home, 'loaded');
    writeFileSync(spy, SPY);
    const told = await served(words, { LOADED: log, NODE_OPTIONS: `--import ${spy}` }, async (url) => {
      expect((await fetch(`${url}/v1/sessions`)).status).toBe(401);
    });
    expect(told.includes('"operation":"listSessions"')).toBe(logs);
    const files = (readFileSync(log, 'utf8').match(/^file:.*/gm) ?? []).map((file) => fileURLToPath(file));
    expect(files.filter((file) => !file.startsWith(APP))).toEqual([]);
    expect(files.some((file) => readFileSync(file, 'utf8').includes('pino'))).toBe(logs);
  });

  it('gives spans to an SDK that brought its own copy of the API', async () => {
    const spans = join(place.home, 'spans.jsonl');
    const otel = join(APP, '../server/test/support/otel.ts');
    const env = { SPANS: spans, NODE_OPTIONS: `--no-warnings --import ${otel}` };
    await served(['--model', 'demo/offline', '--otel'], env, async (url) => {
      const token = readFileSync(join(place.home, 'server-token'), 'utf8').trim();
      const headers = {
        authorization: `Bearer ${token}`,
        accept: 'application/json',
        'content-type': 'application/json',
      };
      const { id } = (await (await fetch(`${url}/v1/sessions`, { method: 'POST', headers })).json()) as { id: string };
      const body = '{"content":"hello"}';
      await (await fetch(`${url}/v1/sessions/${id}/messages`, { method: 'POST', headers, body })).text();
    });
    expect(readFileSync(spans, 'utf8').match(/"name":"[^"]*"/g)).toContain('"name":"invoke_agent reprise"');
  });

  it('has the vendors’ own SDKs in it, for live lists alone', () => {
    const nowhere = { baseURL: 'http://127.0.0.1:9/v1' };
    const local = { ollama: nowhere, lmstudio: nowhere, vllm: nowhere, 'llama-server': nowhere };
    const providers = { ...local, compatible: nowhere };
    writeFileSync(join(place.home, 'config.json'), JSON.stringify({ providers }));
    const { text, outside } = loadedBy(['models', '--live'], 5);
    expect(text).toContain('X-Stainless-');
    expect(outside).toEqual([]);
    expect(loaded('models').text).not.toContain('X-Stainless-');
  });

  describe('while it is being built', () => {
    const copy = (...parts: string[]) => {
      for (const part of ['package.json', 'bin', ...parts])
        cpSync(join(APP, part), join(place.home, 'copy', part), { recursive: true });
      return join(place.home, 'copy');
    };
    const start = (app: string, ...words: string[]) =>
      spawnSync(process.execPath, [join(app, 'bin/reprise.mjs'), ...words], { env: place.env, encoding: 'utf8' });

    it('or before that, says so', () => {
      const { status, stderr } = start(copy(), '--version');
      expect({ status, stderr }).toEqual({
        status: 1,
        stderr: expect.stringMatching(/^reprise: not built.*npm start or pnpm build.*\n$/),
      });
    });

    it('and half written, says the same', () => {
      const app = copy('dist');
      writeFileSync(join(app, 'dist/main.js'), 'import { a ');
      expect(start(app, '--version')).toMatchObject({
        status: 1,
        stderr: expect.stringMatching(/^reprise: not built/),
      });
    });

    it('a program that is running says that a part of it is gone', () => {
      const app = copy('dist');
      for (const name of readdirSync(join(app, 'dist'))) if (name.startsWith('list-')) rmSync(join(app, 'dist', name));
      expect(start(app, 'session', 'list')).toMatchObject({
        status: 1,
        stderr: expect.stringMatching(/^reprise: A part of reprise is gone.*\n {2}Run it again.*\n$/),
      });
    });
  });

  it('does without undici for a turn with a provider', async () => {
    const fake = await startFakeProvider();
    fake.script('anthropic', anthropic.message({ text: 'Hello.' }));
    const spy = join(place.home, 'spy.mjs');
    const log = join(place.home, 'loaded');
    writeFileSync(spy, SPY);
    const env = { ...place.env, LOADED: log, ANTHROPIC_BASE_URL: fake.url, ANTHROPIC_API_KEY: 'k' };
    const words = ['run', '--model', 'anthropic/claude-sonnet-4-5', 'hi'];
    const child = spawn(process.execPath, ['--import', spy, PROGRAM, ...words], {
      cwd: place.work,
      env,
      stdio: 'ignore',
    });
    const code = await new Promise((resolve) => child.once('close', resolve));
    await fake.close();
    expect(code).toBe(0);
    expect(readFileSync(log, 'utf8')).toContain('sqlite');
    expect(readFileSync(log, 'utf8')).not.toContain('undici');
  });

  it('finds its ripgrep', () => {
    writeFileSync(join(place.work, 'a.txt'), 'a needle in here\n');
    const { status, stdout } = run('run', '--model', 'demo/offline', 'search for "needle"');
    expect({ status, stdout }).toEqual({ status: 0, stdout: expect.stringContaining('a needle in here') });
  });

  it('keeps its compiled code where nobody else can write', () => {
    run('--version');
    expect(statSync(join(place.env['HOME'] ?? '', '.cache/reprise')).mode & 0o777).toBe(0o700);
  });

  it('says which Node it needs', () => {
    const old = "Object.defineProperty(process.versions, 'node', { value: '20.1.0' });";
    const early = ['--import', `data:text/javascript,${encodeURIComponent(old)}`];
    const { status, stderr } = spawnSync(process.execPath, [...early, PROGRAM, '--version'], { encoding: 'utf8' });
    expect({ status, stderr }).toEqual({ status: 1, stderr: expect.stringContaining('needs Node.js 24 or later') });
  });
});
