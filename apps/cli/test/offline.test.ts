import { spawnSync } from 'node:child_process';
import {
  closeSync,
  constants,
  cpSync,
  existsSync,
  openSync,
  readFileSync,
  readSync,
  readdirSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { samplePng } from '@reprise/fake-provider';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { lines, makePlace, sessionIn } from './support/reprise.ts';
import type { Place, RunOptions } from './support/reprise.ts';

const hasMkfifo = spawnSync('mkfifo', ['--version']).status === 0;

/** What a non-blocking descriptor holds now; 0 bytes where that is nothing. */
function readNow(fd: number, into: Buffer): number {
  try {
    return readSync(fd, into);
  } catch (error) {
    if (Object(error).code === 'EAGAIN') return 0;
    throw error;
  }
}

let place: Place;
beforeEach(() => {
  place = makePlace();
  writeFileSync(join(place.work, 'hello.txt'), 'Hello from a file.\n');
});
afterEach(() => place.remove());

const run = (words: string[], options?: RunOptions) => place.run(['run', '--model', 'demo/offline', ...words], options);
const session = (...words: string[]) => place.run(['session', ...words]);
const begin = async () => sessionIn((await run(['read hello.txt'])).err);
const folder = (id: string) => join(place.home, 'sessions', id);
const list = async () => JSON.parse((await session('list', '--json')).out);

describe('without a key', () => {
  it('leaves no session behind for a file that no request could hold', async () => {
    writeFileSync(join(place.work, 'wide.png'), samplePng(9000));
    const { code, out, err } = await run(['--attach', 'wide.png', 'look']);
    expect({ code, out, err }).toMatchObject({
      code: 2,
      out: '',
      err: expect.stringContaining('"wide.png" has an edge of 9000 pixels'),
    });
    expect(existsSync(join(place.home, 'sessions')) ? readdirSync(join(place.home, 'sessions')) : []).toEqual([]);
  });

  it('runs a whole turn with tools: the answer on standard output, the rest on standard error', async () => {
    const { code, out, err } = await run(['read hello.txt']);
    expect(code).toBe(0);
    expect(out).toContain('Hello from a file.');
    expect(out).not.toContain('→ read');
    expect(err).toContain('→ read hello.txt');
    expect(err).toContain('To go on: reprise run --session ');
    expect(out + err).not.toContain('\u001b');
  });

  it('makes exactly one folder with its three files, for nobody else to read', async () => {
    const id = await begin();
    expect(readdirSync(join(place.home, 'sessions'))).toEqual([id]);
    expect(readdirSync(folder(id))).toEqual(expect.arrayContaining(['messages.json', 'metadata.json', 'state.json']));
    expect(statSync(folder(id)).mode & 0o777).toBe(0o700);
    for (const name of readdirSync(folder(id))) expect(statSync(join(folder(id), name)).mode & 0o077).toBe(0);
  });

  it('--continue goes on with the newest session of this directory only', async () => {
    const id = await begin();
    const { code, err } = await run(['--continue', 'list this folder']);
    expect(code).toBe(0);
    expect(sessionIn(err)).toBe(id);
    expect(await list()).toMatchObject([{ id, messageCount: expect.any(Number) }]);
    expect(await run(['--continue', 'hi'], { cwd: place.home })).toMatchObject({ code: 4, out: '' });
  });

  it('--fork goes on in a copy', async () => {
    const id = await begin();
    const { code, err } = await run(['--session', id, '--fork', 'list this folder']);
    expect(code).toBe(0);
    const heads = await list();
    expect(heads).toHaveLength(2);
    expect(heads[0]).toMatchObject({ id: sessionIn(err), parent: { id } });
  });

  it('appends standard input to the prompt', async () => {
    const id = sessionIn((await run(['what is this:'], { input: 'piped text\n' })).err);
    const { messages } = JSON.parse((await session('show', id, '--json')).out);
    expect(messages[0]).toMatchObject({ role: 'user', content: 'what is this:\n\npiped text' });
  });

  it('does not wait for ever for a pipe that stays open and silent', async () => {
    const { code, err } = await run(['hello'], { input: { open: true } });
    expect(code).toBe(0);
    expect(err).toContain('nothing came on standard input');
  });

  it('takes --title and --cwd', async () => {
    const { err } = await run(['--title', 'My title', '--cwd', place.work, 'read hello.txt'], { cwd: place.home });
    expect(err).toContain('→ read hello.txt');
    expect(await list()).toMatchObject([{ title: 'My title', cwd: place.work }]);
  });

  it('holds a session to its budget over its runs, with what the configuration limits, until it is raised', async () => {
    writeFileSync(
      join(place.home, 'config.json'),
      '{"budget":{"turn":{"maxSteps":40},"session":{"maxTokens":1000000}}}',
    );
    const id = sessionIn((await run(['--session-budget-steps', '2', 'read hello.txt'])).err);
    const refused = await run(['--session', id, 'read hello.txt']);
    expect(refused).toMatchObject({
      code: 7,
      err: expect.stringContaining('The session reached its limit of 2 model calls'),
    });
    expect((await session('usage', id)).out).toContain('the whole session may take 2 calls, 1000000 tokens\n');
    expect((await run(['--session', id, '--session-budget-steps', '4', 'read hello.txt'])).code).toBe(0);
    expect(JSON.parse((await session('usage', id, '--json')).out).budget).toEqual({
      turn: { maxSteps: 40 },
      session: { maxSteps: 4, maxTokens: 1_000_000 },
    });
  });

  it('uses colour only where it is forced or there is a terminal', async () => {
    const forced = await run(['read hello.txt'], { env: { FORCE_COLOR: '1' } });
    expect(forced.err).toContain('\u001b[36m→ read');
    expect(forced.out).not.toContain('\u001b');
  });
});

describe('standard output', () => {
  it('as a file holds the answer and nothing else', async () => {
    const file = join(place.work, 'out.txt');
    expect((await run(['read hello.txt'], { outTo: file })).code).toBe(0);
    expect(readFileSync(file, 'utf8')).toContain('Hello from a file.');
    expect(readFileSync(file, 'utf8')).not.toContain('→ read');
  });

  it.skipIf(!hasMkfifo)('as a full, non-blocking pipe (needs mkfifo) is waited for, and nothing is lost', async () => {
    const { err } = await run(['keep this:'], { input: 'x'.repeat(300_000) });
    const fifo = join(place.work, 'fifo');
    spawnSync('mkfifo', [fifo]);
    const reader = openSync(fifo, constants.O_RDONLY | constants.O_NONBLOCK);
    const writer = openSync(fifo, constants.O_WRONLY | constants.O_NONBLOCK);
    const running = place.start(['session', 'export', sessionIn(err)], { outTo: writer });
    const pieces: Buffer[] = [];
    const bytes = Buffer.alloc(65_536);
    for (let ended = false; !ended;) {
      // Slower than the program, so that the pipe is full most of the time.
      ended = await Promise.race([running.ended.then(() => true), sleep(50, false)]);
      for (let read = 1; read > 0;) {
        read = readNow(reader, bytes);
        pieces.push(Buffer.from(bytes.subarray(0, read)));
      }
    }
    closeSync(reader);
    expect(await running.ended).toMatchObject({ code: 0, err: '' });
    expect(JSON.parse(Buffer.concat(pieces).toString()).messages[0].content).toHaveLength(
      'keep this:\n\n'.length + 300_000,
    );
  });

  it.skipIf(!existsSync('/dev/full'))('that is full (needs /dev/full) ends it: exit code 1, one line', async () => {
    for (const format of ['text', 'json', 'stream-json']) {
      const { code, err } = await run(['--output-format', format, 'read hello.txt'], { outTo: '/dev/full' });
      expect(code).toBe(1);
      expect(err).toMatch(/^reprise: .*ENOSPC/m);
      expect(err).not.toMatch(/\n\s+at /);
    }
    expect((await place.run(['models'], { outTo: '/dev/full' })).code).toBe(1);
  });
});

describe('reprise session', () => {
  it('list is newest first with whole ids, and passes over what is no session', async () => {
    const older = await begin();
    const newer = await begin();
    cpSync(join(folder(older), 'metadata.json'), join(place.home, 'sessions', 'half', 'metadata.json'));
    writeFileSync(join(place.home, 'sessions', 'notes.txt'), 'x');
    expect((await list()).map(({ id }: { id: string }) => id)).toEqual([newer, older]);
    const { out } = await session('list');
    expect(out).toContain(newer);
    expect(out.indexOf(newer)).toBeLessThan(out.indexOf(older));
  });

  it('list of nothing is an empty array', async () => expect(await list()).toEqual([]));

  it('show prints every prompt, text and result, and writes nothing', async () => {
    const id = await begin();
    const before = readdirSync(folder(id)).map((name) => [name, readFileSync(join(folder(id), name), 'utf8')]);
    const text = await session('show', id);
    const json = await session('show', id, '--json');
    expect([text.code, json.code]).toEqual([0, 0]);
    for (const { out } of [text, json]) {
      expect(out).toContain('read hello.txt');
      expect(out).toContain('Hello from a file.');
    }
    expect(lines(json.out)).toMatchObject([
      { id, messages: [{ role: 'user' }, { role: 'assistant' }, { role: 'assistant' }] },
    ]);
    expect(readdirSync(folder(id)).map((name) => [name, readFileSync(join(folder(id), name), 'utf8')])).toEqual(before);
  });

  it('info tells what it is', async () => {
    const id = await begin();
    expect((await session('info', id)).out).toContain(`id            ${id}\n`);
    expect(JSON.parse((await session('info', id, '--json')).out)).toMatchObject({
      id,
      model: 'demo/offline',
      cwd: place.work,
    });
  });

  it('fork prints the new id, up to a message if asked', async () => {
    const id = await begin();
    const [first] = JSON.parse((await session('show', id, '--json')).out).messages;
    expect(await session('fork', id, '--from', first.id, '--id', 'my-copy')).toMatchObject({
      code: 0,
      out: 'my-copy\n',
    });
    expect(JSON.parse((await session('show', 'my-copy', '--json')).out).messages).toHaveLength(1);
    expect(await session('fork', id, '--id', 'my-copy')).toMatchObject({ code: 2, out: '' });
    const { out } = await session('fork', id, '--json');
    expect(JSON.parse(out)).toMatchObject({ id: expect.any(String), parent: { id } });
  });

  it('usage tells what a session took, as a table and as JSON; info has it too', async () => {
    const id = await begin();
    const told = JSON.parse((await session('usage', id, '--json')).out) as Record<string, { total: { calls: number } }>;
    expect(told.own?.total).toMatchObject({ total: 0, cost: 0 });
    expect(told.own?.total.calls).toBeGreaterThan(0);
    const { out } = await session('usage', id);
    expect(out).toMatch(/CALLS.*USD/);
    expect(out).toContain('demo/offline');
    expect(JSON.parse((await session('info', id, '--json')).out)).toMatchObject({ id, usage: told });
  });

  it('export and import carry a session over, byte for byte in its history', async () => {
    const id = await begin();
    const exported = (await session('export', id)).out;
    expect(JSON.parse(exported)).toMatchObject({ format: 1, id });
    const file = join(place.work, 'session.json');
    writeFileSync(file, exported);

    const taken = await session('import', file);
    expect(taken).toMatchObject({ code: 2, out: '', err: expect.stringContaining('--new-id') });
    const copy = await session('import', file, '--new-id');
    expect(copy.code).toBe(0);
    const messages = async (one: string) => JSON.parse((await session('show', one, '--json')).out).messages;
    expect(await messages(copy.out.trim())).toEqual(await messages(id));

    expect((await session('delete', '--yes', id)).code).toBe(0);
    expect(await place.run(['session', 'import', '-'], { input: exported })).toMatchObject({ code: 0, out: `${id}\n` });
    expect((await run(['--session', id, 'list this folder'])).code).toBe(0);
  });

  it('export shows no key unless it is told to', async () => {
    const key = `sk-ant-api03-${'aB3'.repeat(20)}`;
    const { err } = await run([`read ${key}`]);
    expect((await session('export', sessionIn(err))).out).not.toContain(key);
    expect((await session('export', '--no-redact', sessionIn(err))).out).toContain(key);
  });

  it('import takes an array of messages', async () => {
    const input = JSON.stringify([{ role: 'user', content: 'hi', timestamp: '2030-01-01T00:00:00.000Z' }]);
    const { code, out } = await place.run(['session', 'import', '-', '--model', 'demo/offline'], { input });
    expect(code).toBe(0);
    expect((await run(['--session', out.trim(), 'list this folder'])).code).toBe(0);
  });

  it('delete wants --yes in a pipe, and deletes nothing if one id is wrong', async () => {
    const id = await begin();
    const refused = await session('delete', id);
    expect(refused.code).toBe(2);
    expect(refused.err).toContain('--yes');
    expect((await session('delete', '--yes', id, 'no-such-one')).code).toBe(4);
    expect(existsSync(folder(id))).toBe(true);
    expect(JSON.parse((await session('delete', '--yes', '--json', id)).out)).toEqual({ deleted: [id] });
    expect(existsSync(folder(id))).toBe(false);
  });

  it('verify is silent about a whole session and names the place of damage', async () => {
    const id = await begin();
    expect(await session('verify', id)).toMatchObject({ code: 0, out: `${id} is whole\n` });
    const file = join(folder(id), 'messages.json');
    const text = readFileSync(file, 'utf8');
    writeFileSync(file, text.replace('read hello.txt', 'read hullo.txt'));
    const { code, out } = await session('verify', id);
    expect(code).toBe(1);
    expect(out).toMatch(/line \d+/);
    expect(JSON.parse((await session('verify', id, '--json')).out)).toMatchObject({
      whole: false,
      damage: [{ line: expect.any(Number) }],
    });
    const shown = await session('show', id, '--json');
    expect(shown.code).toBe(1);
    expect(JSON.parse(shown.out)).toMatchObject({
      id,
      error: { code: 'STORAGE_DAMAGED' },
      messages: expect.any(Array),
    });
    expect(shown.out).toContain('Hello from a file.');
  });
});

describe('reprise models', () => {
  it('lists names, and as JSON what is known of them', async () => {
    expect((await place.run(['models'])).out).toContain('demo/offline');
    const rows = JSON.parse((await place.run(['models', '--json'], { env: { ANTHROPIC_API_KEY: 'k' } })).out);
    expect(rows).toContainEqual(expect.objectContaining({ name: 'demo/offline', key: 'not-needed' }));
    expect(rows).toContainEqual(expect.objectContaining({ provider: 'anthropic', key: 'set' }));
  });
});
