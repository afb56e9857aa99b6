import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { anthropic, samplePng, startFakeProvider } from '@reprise/fake-provider';
import type { FakeProvider } from '@reprise/fake-provider';
import type { FakeIo } from '@reprise/tui/testing';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { cli } from '../src/cli.ts';
import { SERVE } from '../src/commands/options.ts';
import { fakeIo } from './support/io.ts';
import { lines, sessionIn } from './support/reprise.ts';

const VERSION = '1.2.3';
const MODEL = ['--model', 'anthropic/claude-sonnet-4-5'];

let root: string;
let fake: FakeProvider;
let serving: { readonly url: string; stop(): Promise<number> };

/** What a terminal in the working directory has. */
const ioOf = (stdin?: string, env: Record<string, string> = {}, cwd = root) =>
  fakeIo({
    cwd,
    env: { REPRISE_HOME: join(root, 'home'), ANTHROPIC_BASE_URL: fake.url, ANTHROPIC_API_KEY: 'test', ...env },
    ...(stdin !== undefined && { stdin: { kind: 'pipe', text: stdin } }),
  });

function shows(io: FakeIo, text: string, where: 'stdout' | 'stderr' = 'stderr'): Promise<void> {
  return vi.waitFor(() => expect(io[where]()).toContain(text), { interval: 5, timeout: 10_000 });
}

async function serve(...words: string[]) {
  const io = ioOf();
  const ended = cli(['serve', '--port', '0', ...words], io, VERSION);
  await shows(io, 'http', 'stdout');
  const url = io.stdout().trim();
  return { url, stop: () => (io.signal('SIGTERM'), ended) };
}

beforeEach(async () => {
  root = realpathSync(mkdtempSync(join(tmpdir(), 'reprise-server-')));
  fake = await startFakeProvider({ strict: true });
  serving = await serve();
});
afterEach(async () => {
  expect(await serving.stop()).toBe(0);
  await fake.close();
  rmSync(root, { recursive: true, force: true });
});

async function go(words: readonly string[], io = ioOf()) {
  const code = await cli(words, io, '');
  return { code, out: io.stdout(), err: io.stderr() };
}
const there = (words: readonly string[], io = ioOf()) => {
  const end = words[0] === 'session' ? 2 : 1;
  return go([...words.slice(0, end), '--server', serving.url, ...words.slice(end)], io);
};
const says = (...texts: string[]) => fake.script('anthropic', ...texts.map((text) => anthropic.message({ text })));

describe.each([
  ['here', go],
  ['on a server', there],
])('%s the same commands do the same:', (_, at) => {
  it('run sends files along, and asks for a value', async () => {
    says('I see.', '{"sum": 3}');
    writeFileSync(join(root, 'notes.txt'), 'the notes');
    writeFileSync(
      join(root, 'sum.json'),
      '{"type":"object","properties":{"sum":{"type":"number"}},"required":["sum"]}',
    );
    expect(await at(['run', ...MODEL, '--attach', 'notes.txt', 'look'])).toMatchObject({ code: 0, out: 'I see.\n' });
    expect(JSON.stringify(fake.requests[0]?.json['messages'])).toContain('the notes');
    expect(await at(['run', ...MODEL, '--output-schema', 'sum.json', 'add'])).toMatchObject({
      code: 0,
      out: '{"sum":3}\n',
    });
  });

  it('run leaves no session behind for a file that no request could hold', async () => {
    writeFileSync(join(root, 'wide.png'), samplePng(9000));
    const words = ['run', ...MODEL, '--output-format', 'json', '--attach', 'wide.png', 'look'];
    const { code, out, err } = await at(words);
    expect({ code, err }).toMatchObject({ code: 2, err: expect.stringContaining('an edge of 9000 pixels') });
    expect(JSON.parse(out)).toMatchObject({ sessionId: null, error: { code: 'INVALID_INPUT' } });
    expect(JSON.parse((await at(['session', 'list', '--json'])).out)).toEqual([]);
    expect(err).not.toContain('To go on');
  });

  it('run leaves no copy behind for a first message that is refused, nor for changes', async () => {
    says('Hello.');
    writeFileSync(join(root, 'wide.png'), samplePng(9000));
    const id = sessionIn((await at(['run', ...MODEL, 'hi'])).err);
    const fork = ['run', '--session', id, '--fork', '--output-format', 'json'];
    const refused = await at([...fork, '--title', 'Copy', '--attach', 'wide.png', 'look']);
    expect({ ...refused, out: JSON.parse(refused.out) }).toMatchObject({
      code: 2,
      out: { sessionId: null, error: { code: 'INVALID_INPUT' } },
    });
    expect(await at([...fork, '--tools', 'nothing', 'hi'])).toMatchObject({ code: 2 });
    expect(await at([...fork, '--model', 'nobody/nothing', 'hi'])).toMatchObject({ code: 3 });
    expect(JSON.parse((await at(['session', 'list', '--json'])).out)).toMatchObject([{ id, messageCount: 2 }]);
  });

  it('run makes a session, goes on with it, and forks it', async () => {
    says('Hello.', 'Again.', 'Another way.');
    const first = await at(['run', ...MODEL, '--title', 'Talk', 'hi', '-'], ioOf('from a pipe'));
    expect(first).toMatchObject({ code: 0, out: 'Hello.\n' });
    const id = sessionIn(first.err);
    expect(await at(['run', '--continue', 'more'])).toMatchObject({ code: 0, out: 'Again.\n' });
    const copied = await at(['run', '--session', id, '--fork', '--system', 'Be brief.', 'or']);
    expect(copied).toMatchObject({ code: 0, out: 'Another way.\n' });
    expect(sessionIn(copied.err)).not.toBe(id);
    expect(JSON.stringify(fake.requests[2]?.json['system'])).toContain('Be brief.');
    expect(JSON.stringify(fake.requests[0]?.json['messages'])).toContain('hi\\n\\nfrom a pipe');
  });

  it('the machine formats tell the same facts', async () => {
    says('Hello.', 'Hello.');
    const one = JSON.parse((await at(['run', ...MODEL, '--output-format', 'json', 'hi'])).out);
    expect(one).toMatchObject({
      status: 'done',
      message: { content: 'Hello.' },
      usage: { output: expect.any(Number) },
    });
    const { out } = await at(['run', '--session', one.sessionId, '--output-format', 'stream-json', 'hi']);
    const told = lines(out);
    expect(told.map(({ type }) => type)).toEqual(['start', 'text', 'end']);
    const log = readFileSync(join(root, 'home/sessions', one.sessionId, 'messages.json'), 'utf8');
    expect(log).toContain(told[0].turn);
    expect(told[0]).toMatchObject({ sessionId: one.sessionId, model: 'anthropic/claude-sonnet-4-5' });
  });

  it('a session is held to its budget over its runs, until it is raised', async () => {
    says('One.', 'Two.');
    const id = sessionIn((await at(['run', ...MODEL, '--session-budget-steps', '1', 'go'])).err);
    const again = ['run', '--session', id];
    expect(await at([...again, 'go'])).toMatchObject({ code: 7, err: expect.stringContaining('The session reached') });
    expect(await at([...again, '--session-budget-cost', '5', 'go'])).toMatchObject({ code: 7 });
    expect(await at([...again, '--session-budget-steps', '2', 'go'])).toMatchObject({ code: 0, out: 'Two.\n' });
    expect((await at(['session', 'usage', id])).out).toContain('the whole session may take 2 calls, 5 USD\n');
  });

  it('a limit of steps, an unknown model and an unknown session have their exit codes', async () => {
    fake.script(
      'anthropic',
      anthropic.message({ toolCalls: [{ id: 'toolu_1', name: 'glob', input: { pattern: '*' } }] }),
    );
    expect(await at(['run', ...MODEL, '--max-steps', '1', 'hi'])).toMatchObject({ code: 7 });
    expect(await at(['run', '--model', 'nobody/nothing', 'hi'])).toMatchObject({ code: 3 });
    expect(await at(['run', '--session', 'gone', 'hi'])).toMatchObject({ code: 4 });
    expect(await at(['session', 'show', 'gone'])).toMatchObject({ code: 4 });
    expect(await at(['session', 'delete', '--yes', 'gone'])).toMatchObject({ code: 4 });
  });

  it('a call that a person must allow is denied where nobody is there, or ends the turn', async () => {
    const call = { toolCalls: [{ id: 'toolu_1', name: 'bash', input: { command: 'touch mark' } }] };
    fake.script('anthropic', anthropic.message(call), anthropic.message({ text: 'Well.' }), anthropic.message(call));
    expect(await at(['run', ...MODEL, 'go'])).toMatchObject({ code: 0, out: 'Well.\n' });
    expect(JSON.stringify(fake.requests[1]?.json)).toContain('nobody is there');
    expect(await at(['run', ...MODEL, '--on-ask', 'fail', 'go'])).toMatchObject({ code: 6 });
    expect(existsSync(join(root, 'mark'))).toBe(false);
  });

  it('a call waits until another terminal allows it', async () => {
    const call = { toolCalls: [{ id: 'toolu_1', name: 'bash', input: { command: 'touch mark' } }] };
    fake.script('anthropic', anthropic.message(call), anthropic.message({ text: 'Done.' }));
    const io = ioOf();
    const running = at(['run', ...MODEL, '--on-ask', 'wait', 'go'], io);
    await shows(io, 'session answer');
    const [, id = '', ask = ''] = /session answer (\S+) (\S+)/.exec(io.stderr()) ?? [];
    expect((await at(['session', 'approvals', id])).out).toContain(`${ask}  bash`);
    expect(await at(['session', 'answer', id, ask, '--allow'])).toMatchObject({ code: 0 });
    expect(await running).toMatchObject({ code: 0, out: 'Done.\n' });
    expect(existsSync(join(root, 'mark'))).toBe(true);
    expect(await at(['session', 'answer', id, ask, '--deny'])).toMatchObject({ code: 1 });
  });

  it('sessions are listed, shown, searched, copied, taken out and in, and deleted', async () => {
    says('The secret is sk-ant-api03-abcdefghijklmnopqrstuvwxyz0123456789.');
    const id = sessionIn((await at(['run', ...MODEL, 'tell me of marmots'])).err);
    expect((await at(['session', 'list'])).out).toContain(id);
    expect(JSON.parse((await at(['session', 'list', '--json'])).out)).toMatchObject([{ id, cwd: root }]);
    expect((await at(['session', 'show', id])).out).toContain('tell me of marmots');
    expect(JSON.parse((await at(['session', 'info', id, '--json'])).out)).toMatchObject({
      id,
      usage: { own: { total: { calls: 1 } } },
    });
    expect((await at(['session', 'usage', id])).out).toContain('anthropic/claude-sonnet-4-5');
    expect((await at(['session', 'search', 'marmots'])).out).toContain(id);

    const exported = (await at(['session', 'export', id])).out;
    expect(exported).not.toContain('sk-ant-api03-abc');
    expect((await at(['session', 'export', '--no-redact', id])).out).toContain('sk-ant-api03-abc');
    expect(await at(['session', 'import', '-'], ioOf(exported))).toMatchObject({ code: 2 });
    const taken = (await at(['session', 'import', '--new-id', '-'], ioOf(exported))).out.trim();
    const copy = JSON.parse((await at(['session', 'fork', '--json', id])).out);
    expect(copy).toEqual({ id: expect.any(String), parent: expect.objectContaining({ id }) });

    expect(await at(['session', 'delete', id])).toMatchObject({ code: 2 });
    expect(await at(['session', 'delete', '--yes', id, copy.id, taken])).toMatchObject({ code: 0 });
    expect((await at(['session', 'list', '--json'])).out).toBe('[]\n');
  });

  it('a session is rewound, and what was done to it undone and done again', async () => {
    says('One.', 'Two.', 'Other.');
    const id = sessionIn((await at(['run', ...MODEL, 'first'])).err);
    await at(['run', '--session', id, 'second']);
    const shown = async (): Promise<{ id: string; content: string; takenBack?: true }[]> =>
      JSON.parse((await at(['session', 'show', id, '--json'])).out).messages;
    const second = (await shown())[2]?.id ?? '';
    expect(await at(['session', 'redo', id])).toMatchObject({ code: 0, out: '', err: 'reprise: nothing to redo\n' });
    expect(await at(['session', 'rewind', id, second])).toMatchObject({
      code: 0,
      out: 'second\n',
      err: expect.stringContaining('messages left: 2'),
    });
    expect((await shown()).map(({ content, takenBack }) => [content, takenBack])).toEqual([
      ['first', undefined],
      ['One.', undefined],
      ['second', true],
      ['Two.', true],
    ]);
    expect((await at(['session', 'show', id])).out).toMatch(new RegExp(`${second} {2}\\(taken back\\)`));
    expect(await at(['session', 'rewind', id, second])).toMatchObject({ code: 2, out: '' });
    expect(await at(['run', '--session', id, 'third'])).toMatchObject({ code: 0, out: 'Other.\n' });
    expect(JSON.stringify(fake.requests.at(-1)?.json['messages'])).not.toContain('second');
    expect((await at(['session', 'undo', id])).out).toBe('undone: exchange (third)\n');
    expect(JSON.parse((await at(['session', 'undo', id, '--json'])).out)).toMatchObject({
      id,
      what: 'rewind',
      message: { content: 'second' },
    });
    expect((await at(['session', 'redo', id])).out).toBe('done again: rewind (second)\n');
    for (const command of ['undo', 'redo', 'tree'])
      expect(await at(['session', command, 'gone'])).toMatchObject({ code: 4, out: '' });
    expect(await at(['session', 'rewind', 'gone', second])).toMatchObject({ code: 4, out: '' });
  });

  it('the family of a session is drawn from its top', async () => {
    says('One.');
    const id = sessionIn((await at(['run', ...MODEL, '--title', 'Root', 'first'])).err);
    const fork = async (of: string, ...more: string[]) => (await at(['session', 'fork', of, ...more])).out.trim();
    const [said] = JSON.parse((await at(['session', 'show', id, '--json'])).out).messages;
    const left = await fork(id, '--from', said.id);
    const right = await fork(id);
    const far = await fork(right);
    const drawn = (await at(['session', 'tree', right])).out;
    const lined = drawn
      .replaceAll(/\d{4}-\d\d-\d\d \d\d:\d\d/g, 'TIME')
      .trimEnd()
      .split('\n');
    expect(lined).toEqual(
      expect.arrayContaining([
        `${id}  Root  (2 messages, TIME)`,
        expect.stringMatching(new RegExp(`^[├└]─ ${left} {2}Root {2}\\(1 message, TIME, copy up to ${said.id}\\)$`)),
        expect.stringMatching(new RegExp(`^[├└]─ \\* ${right} {2}Root`)),
        expect.stringMatching(new RegExp(`^[│ ] {2}└─ ${far} {2}Root`)),
      ]),
    );
    expect(lined).toHaveLength(4);
    expect(JSON.parse((await at(['session', 'tree', far, '--json'])).out)).toMatchObject({ root: id });
    expect((await at(['session', 'tree', right, '--below'])).out.split('\n')).toHaveLength(3);
    expect((await at(['session', 'tree', id, '--limit', '2'])).out).toContain(`reprise session tree --below ${id}`);
    await at(['session', 'delete', '--yes', id]);
    expect((await at(['session', 'tree', left])).out).toContain(`${id}  (deleted)`);
  });

  it('of a damaged session what loads is shown, and the place is told, exit code 1', async () => {
    says('One.', 'Two.');
    const id = sessionIn((await at(['run', ...MODEL, 'first'])).err);
    await at(['run', '--session', id, 'second']);
    const file = join(root, 'home/sessions', id, 'messages.json');
    const log = readFileSync(file, 'utf8').split('\n');
    const place = log.findIndex((line) => line.includes('One.'));
    log[place] = `${log[place]?.slice(0, 40)}\u0000\u0000${log[place]?.slice(42)}`;
    writeFileSync(file, log.join('\n'));
    const shown = await at(['session', 'show', id, '--json']);
    expect(shown).toMatchObject({ code: 1, err: expect.stringContaining('reprise session repair') as string });
    const { messages, error } = JSON.parse(shown.out);
    expect(messages.map(({ content }: { content: string }) => content)).toEqual(['first', 'second', 'Two.']);
    expect(error).toMatchObject({ code: 'STORAGE_DAMAGED' });
    expect((await at(['session', 'show', id])).out).toContain('second');
    writeFileSync(file, [...log.slice(0, -3), ']', ''].join('\n').replaceAll('\u0000', ' '));
    expect(await at(['session', 'show', id])).toMatchObject({ code: 1 });
  });

  it('models are listed', async () => {
    expect((await at(['models'])).out).toMatch(/^anthropic\/claude-sonnet-4-5 +\d+k tokens .*key set/m);
  });
});

describe('--server', () => {
  it('leaves the model and the settings of a new session to the server', async () => {
    says('Hello.');
    const id = sessionIn((await there(['run', 'hi'])).err);
    const head = JSON.parse((await there(['session', 'info', id, '--json'])).out);
    expect(head.model).toMatch(/^anthropic\//);
    expect(readFileSync(join(root, 'home/sessions', id, 'messages.json'), 'utf8')).toContain('"summarize"');
  });

  it('--queue and --steer find the turn that another client runs; without them the session is busy', async () => {
    const release = Promise.withResolvers<void>();
    const held = async () => {
      await release.promise;
      return anthropic.message({ text: 'One.' });
    };
    fake.script('anthropic', held, anthropic.message({ text: 'Steered.' }), anthropic.message({ text: 'Queued.' }));
    const io = ioOf();
    const first = there(['run', ...MODEL, '--output-format', 'stream-json', 'first'], io);
    await fake.received(0);
    const id = lines(io.stdout())[0].sessionId;
    expect(await there(['run', '--session', id, 'no'])).toMatchObject({ code: 8 });
    const [queue, steer] = [ioOf(), ioOf()];
    const queued = there(['run', '--session', id, '--queue', 'third'], queue);
    await shows(queue, 'stored and waits');
    const steered = there(['run', '--session', id, '--steer', 'second'], steer);
    await shows(steer, 'stored and waits');
    release.resolve();
    expect((await first).code).toBe(0);
    expect(await steered).toMatchObject({ code: 0, out: expect.stringContaining('Steered.') as string });
    expect(await queued).toMatchObject({ code: 0, out: 'Queued.\n' });
  });

  it('Ctrl-C ends the turn on the server, which keeps what was said', async () => {
    fake.script('anthropic', {
      events: anthropic.message({ text: 'Half of it' }),
      fault: { afterEvents: 4, then: 'stall' },
    });
    const io = ioOf();
    const running = there(['run', ...MODEL, 'go'], io);
    await shows(io, 'Half', 'stdout');
    const timers = vi
      .spyOn(globalThis, 'setTimeout')
      .mockImplementationOnce(() => ({ unref: () => undefined }) as never);
    io.signal('SIGINT');
    timers.mockRestore();
    expect(await running).toMatchObject({ code: 130 });
    const shown = (await there(['session', 'show', sessionIn(io.stderr())])).out;
    expect(shown).toContain('(interrupted)');
    expect(shown).toContain('Half');
    expect((await fake.requests[0]?.closed)?.whole).toBe(false);
  });

  it.each([
    [['run', '--permission', 'auto', 'hi'], 'reprise serve --permission'],
    [['run', '--record', 'a.jsonl', 'hi'], 'session export'],
    [['run', '--continue', '--recover'], 'reprise serve --recover'],
    [['session', 'verify', 'x'], 'without --server'],
    [['session', 'repair', 'x'], 'without --server'],
    [['session', 'gc'], 'without --server'],
    [['session', 'replay', 'x'], 'session export'],
    [['models', '--live'], 'Leave --live'],
  ])('%j is UNSUPPORTED, with what to do', async (words, hint) => {
    const { code, err } = await there(words);
    expect(code).toBe(2);
    expect(err).toContain(hint);
  });

  it('takes the token from REPRISE_TOKEN first, else from the file of the same user, and never from the URL', async () => {
    const wrong = { REPRISE_TOKEN: 'not-the-token-0123456789' };
    expect(await there(['session', 'list'], ioOf(undefined, wrong))).toMatchObject({ code: 3 });
    const file = join(root, 'home/server-token');
    const right = { REPRISE_TOKEN: readFileSync(file, 'utf8').trim(), REPRISE_HOME: join(root, 'elsewhere') };
    expect(await there(['session', 'list'], ioOf(undefined, right))).toMatchObject({ code: 0 });
    const none = await there(['session', 'list'], ioOf(undefined, { REPRISE_HOME: join(root, 'elsewhere') }));
    expect(none).toMatchObject({ code: 3, err: expect.stringContaining('Set REPRISE_TOKEN') as string });
    expect(existsSync(join(root, 'elsewhere'))).toBe(false);
    chmodSync(file, 0o644);
    expect(await there(['session', 'list'])).toMatchObject({
      code: 2,
      err: expect.stringContaining('others can read') as string,
    });
    const { host } = new URL(serving.url);
    expect(await go(['session', 'list', '--server', `http://me:secret@${host}`])).toMatchObject({ code: 2 });
    expect(await go(['session', 'list', '--server', `http://${host}?token=x`])).toMatchObject({ code: 2 });
  });

  it('takes --cwd from where one is on this machine, and only whole paths elsewhere', async () => {
    mkdirSync(join(root, 'project/src'), { recursive: true });
    const token = { REPRISE_TOKEN: readFileSync(join(root, 'home/server-token'), 'utf8').trim() };
    const at = () => ioOf(undefined, token, join(root, 'project'));
    const run = (cwd: string, server = serving.url) =>
      go(['run', '--server', server, ...MODEL, '--cwd', cwd, 'look'], at());
    says('Seen.');
    expect(await run('src')).toMatchObject({ code: 0 });
    const { out } = await there(['session', 'list', '--json']);
    expect(JSON.parse(out)).toMatchObject([{ cwd: join(root, 'project/src') }]);
    expect(await run('none')).toMatchObject({ code: 2, err: expect.stringContaining('names no directory') as string });
    expect(await run('src', 'https://agent.example')).toMatchObject({
      code: 2,
      err: expect.stringContaining('relative') as string,
    });
  });

  it('tells its version to who has the token', async () => {
    const authorization = `Bearer ${readFileSync(join(root, 'home/server-token'), 'utf8').trim()}`;
    const asked = async (path: string) =>
      (await fetch(`${serving.url}/v1/${path}`, { headers: { authorization } })).json();
    expect(await asked('stats')).toMatchObject({ version: VERSION });
    expect(await asked('openapi.json')).toMatchObject({ info: { version: VERSION } });
  });

  it('is heard of in the file of --audit, and takes no half of a certificate', async () => {
    expect(await serving.stop()).toBe(0);
    serving = await serve('--audit', 'audit.jsonl');
    expect(await there(['session', 'list'])).toMatchObject({ code: 0 });
    const entries = lines(readFileSync(join(root, 'audit.jsonl'), 'utf8'));
    expect(entries).toMatchObject([{ operation: 'listSessions', token: 'local', status: 200 }]);
    const half = await go(['serve', '--port', '0', '--tls-cert', 'cert.pem']);
    expect(half).toMatchObject({ code: 2, err: expect.stringContaining('needs both') as string });
  });

  it('holds each token to --rate that has none of its own, and takes no half of a rate', async () => {
    const own = (await go(['token', 'add', 'often', '--rate', '9/s'])).out.trim();
    expect(await serving.stop()).toBe(0);
    serving = await serve('--rate', '2/h');
    expect(await there(['session', 'list'])).toMatchObject({ code: 0 });
    expect(await there(['session', 'list'])).toMatchObject({ code: 5, err: expect.stringContaining('too often') });
    for (let n = 0; n < 3; n += 1)
      expect(await there(['session', 'list'], ioOf(undefined, { REPRISE_TOKEN: own }))).toMatchObject({ code: 0 });
    for (const wrong of ['10', '0/s', '5/d'])
      expect(await go(['serve', '--port', '0', '--rate', wrong])).toMatchObject({
        code: 2,
        err: expect.stringContaining('--rate takes requests in a time, such as 10/s'),
      });
  });

  it('tells requests and errors as lines of JSON with --log, without tokens and without what was said', async () => {
    expect(await serving.stop()).toBe(0);
    const io = ioOf();
    const ended = cli(['serve', '--port', '0', '--log'], io, '');
    await shows(io, 'http', 'stdout');
    serving = { url: io.stdout().trim(), stop: () => (io.signal('SIGTERM'), ended) };
    says('A secret answer.');
    expect(await there(['run', ...MODEL, 'a secret question'])).toMatchObject({ code: 0 });
    expect(await there(['session', 'show', 'gone'])).toMatchObject({ code: 4 });
    const logged = lines(io.stderr().replaceAll(/^reprise: .*\n/gm, ''));
    expect(logged).toContainEqual(
      expect.objectContaining({
        level: 30,
        who: 'local',
        msg: 'request',
        request: expect.objectContaining({ operation: 'sendMessage', status: 200 }),
      }),
    );
    expect(logged).toContainEqual(
      expect.objectContaining({ request: expect.objectContaining({ operation: 'getSession', status: 404 }) }),
    );
    const token = readFileSync(join(root, 'home/server-token'), 'utf8').trim();
    for (const hidden of ['secret', token]) expect(io.stderr()).not.toContain(hidden);
  });

  it('serves no traces that nobody would get', async () => {
    for (const option of ['--otel', '--otel-content']) {
      const { code, err } = await go(['serve', '--port', '0', option]);
      expect([code, err]).toEqual([2, expect.stringContaining('No OpenTelemetry SDK is set up')]);
    }
  });

  it('says by its options what the variables of reprise-server say', () => {
    const readme = readFileSync(join(import.meta.dirname, '../../server/README.md'), 'utf8');
    const listed = [...readme.matchAll(/^\| `REPRISE_\w+` +\| `--([\w-]+)`/gm)].map(([, name]) => name);
    expect(listed.toSorted()).toEqual(Object.keys(SERVE).toSorted());
  });

  it('gives the token of this machine to no other, and says where one goes unencrypted', async () => {
    const away = ['session', 'list', '--server', 'http://reprise.invalid:4777'];
    expect(await go(away)).toMatchObject({ code: 3, err: expect.stringContaining('a token of that server') as string });
  });

  it('excludes --storage, and tells of a server that is not there', async () => {
    expect(await there(['session', 'list', '--storage', './mine.js'])).toMatchObject({ code: 2 });
    const gone = await go(['session', 'list', '--server', 'http://127.0.0.1:9']);
    expect(gone).toMatchObject({ code: 5, err: expect.stringContaining('reprise serve') as string });
  });
});
