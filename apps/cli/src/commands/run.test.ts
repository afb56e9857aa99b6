import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RepriseError } from '@reprise/core';
import type { Chunk } from '@reprise/core';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { fakeIo } from '../../test/support/io.ts';
import { AT, USAGE, answer, fakeSessions, head } from '../../test/support/sessions.ts';
import type { Script } from '../../test/support/sessions.ts';
import { cli } from '../cli.ts';

const composed = vi.hoisted(() => ({ open: vi.fn() }));
vi.mock('../compose.ts', () => ({ openSessions: composed.open }));
beforeEach(() => composed.open.mockReset());

const text = (content: string): Chunk => ({ type: 'text', at: AT, content });

function start(words: string[], script: Script = {}, io = fakeIo(), heads = [head('newest')]) {
  const fake = fakeSessions(script, heads);
  composed.open.mockImplementation(async (_: unknown, needs: unknown) => {
    fake.calls.push(['open', needs]);
    return {
      sessions: fake.sessions,
      defaults: {
        cwd: '/work',
        settings: { pruneStrategy: 'summarize', contextWindow: 1000 },
        model: () => (words.includes('--model') ? expect.fail('a model is named') : 'demo/offline'),
        ...(script.unfit && {
          check: async (...asked: unknown[]) => {
            fake.calls.push(['check', ...asked]);
            throw script.unfit;
          },
        }),
      },
    };
  });
  const code = cli(['run', ...words], io, '');
  return { io, code, calls: fake.calls };
}

async function go(...args: Parameters<typeof start>) {
  const { io, code, calls } = start(...args);
  return { code: await code, out: io.stdout(), err: io.stderr(), calls, io };
}

describe('reprise run', () => {
  it('joins the words, makes a session and prints the answer on standard output alone', async () => {
    const { code, out, err, calls } = await go(['say', 'hello'], { chunks: [text('Hel'), text('lo')] });
    expect({ code, out }).toEqual({ code: 0, out: 'Hello\n' });
    expect(err).toBe('\nTo go on: reprise run --session new "…"\n');
    expect(calls.slice(1)).toEqual([
      ['create', { model: 'demo/offline', cwd: '/work', pruneStrategy: 'summarize', contextWindow: 1000 }],
      ['turn', 'say hello'],
      ['close'],
    ]);
  });

  it('hands every option on', async () => {
    const words =
      '--model a/b --system S --max-steps 3 --context-window 9 --cwd /x --title T --permission auto --effort high'.split(
        ' ',
      );
    const { calls } = await go([...words, '--tools', 'read, bash', 'hi']);
    expect(calls[0]).toEqual(['open', expect.objectContaining({ cwd: '/x', permission: 'auto' })]);
    expect(calls[1]).toEqual([
      'create',
      {
        model: 'a/b',
        effort: 'high',
        tools: ['read', 'bash'],
        systemPrompt: 'S',
        maxSteps: 3,
        contextWindow: 9,
        cwd: '/work',
        title: 'T',
        pruneStrategy: 'summarize',
      },
    ]);
  });

  it('sends files along, by name and with their bytes, in order', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'reprise-attach-'));
    try {
      writeFileSync(join(folder, 'a.txt'), 'one');
      writeFileSync(join(folder, 'b.txt'), 'two');
      const io = fakeIo({ cwd: folder });
      const { calls } = await go(['--attach', 'a.txt', 'look', `--attach=${join(folder, 'b.txt')}`], {}, io);
      const bytes = (text: string) => new TextEncoder().encode(text);
      expect(calls.find(([name]) => name === 'turn')?.[1]).toEqual({
        text: 'look',
        attachments: [
          { data: bytes('one'), name: 'a.txt' },
          { data: bytes('two'), name: 'b.txt' },
        ],
      });
      writeFileSync(join(folder, 's.json'), '{"type":"object"}');
      const asked = await go(['--output-schema', 's.json', 'look'], {}, fakeIo({ cwd: folder }));
      expect(asked.calls.find(([name]) => name === 'turn')?.[2]).toEqual({ busy: 'fail', output: { type: 'object' } });
      const value = { message: { ...answer('{"n":1}'), output: { n: 1 } } };
      const words = ['--output-schema', 's.json', 'look'];
      const two = { chunks: [text('I guess 1.'), text('{"n":1}')], outcome: value };
      const given = await go(words, two, fakeIo({ cwd: folder }));
      expect(given).toMatchObject({ code: 0, out: '{"n":1}\n', err: expect.stringContaining('I guess 1.{"n":1}\n') });
      const misfit = new RepriseError('PROVIDER', 'It does not fit.');
      const failed = { chunks: [text('I guess 1.')], outcome: { status: 'failed' as const, error: misfit } };
      expect(await go(words, failed, fakeIo({ cwd: folder }))).toMatchObject({ code: 5, out: '' });
      const elsewhere = await go(words, { chunks: [text('Hello')] }, fakeIo({ cwd: folder }));
      expect(elsewhere).toMatchObject({ code: 0, out: '', err: expect.stringContaining('asked for no value') });
      const refused = await go(['--output-schema', 'a.txt', 'look'], {}, fakeIo({ cwd: folder }));
      expect({ code: refused.code, told: refused.err.includes('holds no JSON schema') }).toEqual({
        code: 2,
        told: true,
      });
      for (const path of ['none.txt', '.']) {
        const { code, err } = await go(['--attach', path, 'look'], {}, fakeIo({ cwd: folder }));
        expect({ code, told: err.includes(`--attach ${path}: `) }).toEqual({ code: 2, told: true });
      }
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('refuses a message that its model can not be sent before there is a session for it, or a copy', async () => {
    const unfit = new RepriseError('INVALID_INPUT', 'The attachment is too large.');
    const made = await go(['--model', 'a/b', '--budget-cost', '1', 'look'], { unfit });
    const how = { busy: 'fail', budget: { maxCost: 1 } };
    expect(made).toMatchObject({ code: 2, out: '', err: expect.stringContaining('too large') });
    expect(made.calls.slice(1)).toEqual([['check', 'a/b', 'look', how], ['close']]);
    const copied = await go(['--session', 's1', '--fork', 'look'], { unfit });
    expect(copied.calls.slice(1)).toEqual([
      ['load', 's1'],
      ['check', 'demo/offline', 'look', { busy: 'fail' }],
      ['close'],
    ]);
    // A session that is there refuses it itself.
    expect((await go(['--session', 's1', 'look'], { unfit })).calls).toContainEqual(['turn', 'look']);
  });

  it('limits all turns of a session together; on one that is there the limits that are not named stay', async () => {
    const made = await go(['--session-budget-cost', '5', '--session-budget-steps', '9', '--budget-tokens', '7', 'hi']);
    const session = { maxCost: 5, maxSteps: 9 };
    expect(made.calls[1]).toEqual(['create', expect.objectContaining({ budget: { session } })]);
    const budget = { turn: { maxSteps: 3 }, session: { maxCost: 1, maxTokens: 100 } };
    const words = ['--session-budget-cost', '2', '--session-budget-time', '1h'];
    const raised = { turn: { maxSteps: 3 }, session: { maxCost: 2, maxTokens: 100, maxDuration: 3_600_000 } };
    const there = await go(['--session', 's1', ...words, 'hi'], { budget });
    expect(there.calls.slice(1, 3)).toEqual([
      ['usage', 's1'],
      ['resume', 's1', { budget: raised }],
    ]);
    const copied = await go(['--session', 's1', '--fork', ...words, 'hi'], { budget });
    expect(copied.calls).toContainEqual(['resume', 'copy', { budget: raised }]);
    expect((await go(['--session', 's1', 'hi'], { budget })).calls[1]).toEqual(['resume', 's1', {}]);
  });

  it('offers no tools for an empty list', async () => {
    expect((await go(['--tools', '', 'hi'])).calls[1]).toEqual(['create', expect.objectContaining({ tools: [] })]);
  });

  it('goes on with a session, changing only what is said', async () => {
    const { calls } = await go(['--session', 's1', '--model', 'a/b', 'hi']);
    expect(calls[1]).toEqual(['resume', 's1', { model: 'a/b' }]);
  });

  it('goes on with the newest session of the working directory', async () => {
    const { calls } = await go(['--continue', 'hi']);
    expect(calls.slice(1, 3)).toEqual([
      ['page', { where: { cwd: '/work' }, limit: 1 }],
      ['resume', 'newest', {}],
    ]);
  });

  it('has nothing to continue: exit code 4', async () => {
    const { code, err } = await go(['--continue', 'hi'], {}, fakeIo(), []);
    expect(code).toBe(4);
    expect(err).toContain('no session of the working directory /work');
  });

  it('goes on in a copy with --fork', async () => {
    const plain = await go(['--session', 's1', '--fork', 'hi']);
    expect(plain.calls.slice(1, 3)).toEqual([
      ['load', 's1'],
      ['fork', 's1', undefined],
    ]);
    expect(plain.err).toContain('--session copy');
    const changed = await go(['--continue', '--fork', '--title', 'T', 'hi']);
    expect(changed.calls).toContainEqual(['resume', 'copy', { title: 'T' }]);
  });

  it('removes the copy where the message was refused, and not where it may have been taken', async () => {
    const fork = ['--session', 's1', '--fork', 'hi'];
    const refused = await go(fork, { refused: new RepriseError('RATE_LIMIT', 'Too many turns.') });
    expect(refused.calls).toContainEqual(['delete', 'copy', { expected: 4 }]);
    expect(refused.err).toContain('copy is removed again');
    for (const script of [
      { refused: new RepriseError('NETWORK', 'The connection failed.') },
      { outcome: { status: 'failed' as const, error: new RepriseError('RATE_LIMIT', 'Slow down.') } },
    ])
      expect((await go(fork, script)).calls.map(([name]) => name)).not.toContain('delete');
    const there = await go(['--session', 's1', 'hi'], { refused: new RepriseError('INVALID_INPUT', 'No.') });
    expect(there.calls.map(([name]) => name)).not.toContain('delete');
  });

  it.each([
    [['--session', 's1', '--continue', 'hi'], '--session and --continue exclude each other'],
    [['--fork', 'hi'], '--fork goes with --session or --continue'],
    [[], 'a prompt is missing'],
    [[' '], 'a prompt is missing'],
  ])('%j is wrong usage', async (words, message) => {
    const { code, out, err } = await go(words);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toContain(message);
  });

  it('exits 4 for a session that is not there', async () => {
    expect((await go(['--session', 'gone', 'hi'])).code).toBe(4);
  });
});

describe('standard input', () => {
  const prompts = async (words: string[], stdin: NonNullable<Parameters<typeof fakeIo>[0]>['stdin']) => {
    const { calls, err } = await go(words, {}, fakeIo({ ...(stdin && { stdin }) }));
    return { prompt: calls.find(([name]) => name === 'turn')?.[1], err };
  };

  it('is appended to the prompt', async () => {
    for (const kind of ['pipe', 'file', 'socket'] as const) {
      expect((await prompts(['review', 'this'], { kind, text: 'a\nb\n' })).prompt).toBe('review this\n\na\nb');
    }
  });

  it('is the prompt where there is no other, and where a dash stands for it', async () => {
    expect((await prompts([], { kind: 'pipe', text: 'hi\n' })).prompt).toBe('hi');
    expect((await prompts(['-'], { kind: 'pipe', text: 'hi\n' })).prompt).toBe('hi');
    expect((await prompts(['review', '-'], { kind: 'pipe', text: 'hi\n' })).prompt).toBe('review\n\nhi');
  });

  it('is not read from a terminal', async () => {
    expect((await prompts(['a'], { kind: 'terminal', text: 'never' })).prompt).toBe('a');
  });

  it('that stays silent does not hold a prompt back for ever', async () => {
    vi.useFakeTimers();
    try {
      const running = prompts(['a'], { kind: 'pipe', silent: true });
      await vi.advanceTimersByTimeAsync(3000);
      const { prompt, err } = await running;
      expect(prompt).toBe('a');
      expect(err).toContain('nothing came on standard input');
    } finally {
      vi.useRealTimers();
    }
  });

  it('takes no bytes that are no text for a prompt', async () => {
    const { code, err, calls } = await go(['hi'], {}, fakeIo({ stdin: { kind: 'pipe', text: 'PNG\0\u0001' } }));
    expect({ code, told: err.includes('Standard input is no text') }).toEqual({ code: 2, told: true });
    expect(calls.some(([name]) => name === 'turn')).toBe(false);
  });

  it('is refused beyond 16 MiB', async () => {
    const io = fakeIo({ stdin: { kind: 'file', text: 'x'.repeat(16 * 1024 * 1024 + 1) } });
    const { code, err } = await go(['a'], {}, io);
    expect(code).toBe(2);
    expect(err).toContain('larger than');
  });
});

describe('text', () => {
  const call: Chunk = { type: 'tool_call', at: AT, id: 'c1', tool: 'bash', params: { command: 'ls -la' } };
  const result: Chunk = { type: 'tool_result', at: AT, id: 'c1', tool: 'bash', result: { output: 'a\nb\n' } };

  it('keeps tool calls and their results out of standard output', async () => {
    const { out, err } = await go(['hi'], { chunks: [text('Looking.'), call, result, text('Two files.')] });
    expect(out).toBe('Looking.\nTwo files.\n');
    expect(err).toContain('→ bash ls -la\n  ✓ 2 lines\n');
  });

  it('shows why a call failed', async () => {
    const failed: Chunk = { type: 'tool_result', at: AT, id: 'c1', tool: 'bash', result: null, error: 'denied' };
    expect((await go(['hi'], { chunks: [call, failed] })).err).toContain('  ✗ denied\n');
  });

  it('on a terminal neutralises what the model and the tools say', async () => {
    const io = fakeIo({ outTTY: true, errTTY: true });
    const evil: Chunk = { ...call, params: { command: 'echo \u001b]52;c;eA==\u0007' } } as Chunk;
    await go(['hi'], { chunks: [text('\u001b[2J\u202e'), evil] }, io);
    expect(io.stdout() + io.stderr()).not.toMatch(/[\u001b\u0007\u202e]/);
  });

  it('takes the text of a failed attempt back', async () => {
    const reset: Chunk = { type: 'reset', at: AT, offset: 0, reason: 'retry', waitMs: 1500 };
    const { out, err } = await go(['hi'], { chunks: [text('Hello wor'), reset, text('Hello world')] });
    expect(out).toBe('Hello world\n');
    expect(err).toContain('Trying again in 2 s');
  });

  it('tells an error in one line with its hint, and keeps the exit code of its cause', async () => {
    const error = new RepriseError('OVERLOADED', 'The provider\nis overloaded.', { hint: 'Wait a little.' });
    const { code, out, err } = await go(['hi'], { chunks: [text('Hal')], outcome: { status: 'failed', error } });
    expect({ code, out }).toEqual({ code: 5, out: 'Hal\n' });
    expect(err).toContain('reprise: The provider is overloaded.\n  Wait a little.\n');
    expect(err).toContain('To go on: reprise run --session new');
  });

  it('exits 7 at the step limit', async () => {
    const { code, err } = await go(['hi'], { outcome: { status: 'step-limit', steps: 3 } });
    expect(code).toBe(7);
    expect(err).toContain('stopped at the limit of 3 steps');
  });
});

describe('json', () => {
  it('is one object on one line at the end', async () => {
    const { code, out } = await go(['--output-format', 'json', 'hi'], { chunks: [text('Hello')] });
    expect(code).toBe(0);
    expect(out).toMatch(/^\{.*\}\n$/);
    expect(JSON.parse(out)).toEqual({ sessionId: 'new', message: answer('Hello'), usage: USAGE, status: 'done' });
  });

  it('tells a failure too, with the exit code of its cause', async () => {
    const error = new RepriseError('AUTH', 'No key.', { hint: 'Set one.' });
    const { code, out } = await go(['--output-format', 'json', 'hi'], { outcome: { status: 'failed', error } });
    expect(code).toBe(3);
    expect(JSON.parse(out)).toMatchObject({
      sessionId: 'new',
      status: 'failed',
      error: { code: 'AUTH', message: 'No key.', hint: 'Set one.' },
    });
  });

  it('tells a failure before there is a session', async () => {
    const { code, out } = await go(['--output-format', 'json', '--session', 'gone', 'hi']);
    expect(code).toBe(4);
    expect(JSON.parse(out)).toMatchObject({ sessionId: null, message: null, error: { code: 'SESSION_NOT_FOUND' } });
  });
});

describe('stream-json', () => {
  const lines = (out: string): any[] =>
    out
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));

  it('is the start, each chunk as it is, and the end', async () => {
    const chunks: Chunk[] = [
      text('Hel'),
      { type: 'reasoning', at: AT, content: 'hm' },
      { type: 'tool_call', at: AT, id: 'c1', tool: 'read', params: { path: 'a' } },
      { type: 'tool_result', at: AT, id: 'c1', tool: 'read', result: 'x' },
      { type: 'reset', at: AT, offset: 0, reason: 'retry' },
    ];
    const { code, out } = await go(['--output-format', 'stream-json', 'hi'], { chunks });
    expect(code).toBe(0);
    expect(lines(out)).toEqual([
      { type: 'start', sessionId: 'new', turn: 't1', model: 'demo/offline' },
      ...chunks,
      expect.objectContaining({
        type: 'end',
        sessionId: 'new',
        status: 'done',
        usage: USAGE,
        message: answer('Hello'),
      }),
    ]);
  });

  it('has an error line before the end of a failed turn', async () => {
    const error = new RepriseError('RATE_LIMIT', 'Slow down.', { retryAt: '2030-01-01T00:00:00.000Z' });
    const { code, out } = await go(['--output-format', 'stream-json', 'hi'], { outcome: { status: 'failed', error } });
    expect(code).toBe(5);
    expect(lines(out).map(({ type }) => type)).toEqual(['start', 'error', 'end']);
    expect(lines(out)[1]).toMatchObject({
      code: 'RATE_LIMIT',
      message: 'Slow down.',
      retryAt: '2030-01-01T00:00:00.000Z',
    });
  });

  it('is a single error line where no turn began', async () => {
    const refused = new RepriseError('SESSION_BUSY', 'Busy.');
    const { code, out } = await go(['--output-format', 'stream-json', '--session', 's1', 'hi'], { refused });
    expect(code).toBe(8);
    expect(lines(out)).toEqual([{ type: 'error', sessionId: 's1', code: 'SESSION_BUSY', message: 'Busy.' }]);
  });
});

describe('signals', () => {
  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ] as const)('%s ends the turn, keeps what came, says how to go on and exits %i', async (signal, exit) => {
    const { io, code, calls } = start(['hi'], { chunks: [text('Hal')], hangs: true });
    await vi.waitFor(() => expect(io.stdout()).toContain('Hal'));
    io.signal(signal);
    expect(await code).toBe(exit);
    expect(calls).toContainEqual(['abort', `interrupted by ${signal}`]);
    expect(calls.at(-1)).toEqual(['close']);
    expect(io.stdout()).toBe('Hal\n');
    expect(io.stderr()).toContain('To go on: reprise run --session new');
  });

  it('a second one ends the process at once', async () => {
    const { io, code } = start(['hi'], { hangs: true, outcome: { status: 'aborted' } });
    await vi.waitFor(() => expect(composed.open).toHaveBeenCalled());
    await new Promise((resolve) => setImmediate(resolve));
    io.signal('SIGINT');
    expect(() => io.signal('SIGINT')).toThrow('exit 130');
    await code;
  });

  it('one before the turn ends the process at once', async () => {
    const { io, code } = start(['hi'], {}, fakeIo({ stdin: { kind: 'pipe', text: 'x' } }));
    await vi.waitFor(() => expect(() => io.signal('SIGINT')).toThrow('exit 130'));
    await code;
  });
});
