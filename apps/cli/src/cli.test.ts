import { describe, expect, it } from 'vitest';
import { fakeIo } from '../test/support/io.ts';
import { cli } from './cli.ts';
import { COMMANDS } from './commands/table.ts';

async function go(...words: string[]) {
  const io = fakeIo();
  const code = await cli(words, io, '1.2.3');
  return { code, out: io.stdout(), err: io.stderr() };
}

describe('reprise', () => {
  it.each(['--version', '-V', '-v'])('%s prints the version alone', async (word) => {
    expect(await go(word)).toEqual({ code: 0, out: '1.2.3\n', err: '' });
  });

  it.each([['--help'], ['-h'], ['help']])('%s lists every command with examples and exit codes', async (word) => {
    const { code, out, err } = await go(word);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    for (const { name } of COMMANDS) expect(out).toContain(name);
    expect(out).toContain('Examples:');
    expect(out).toContain('Exit codes:');
  });

  it.each(COMMANDS.map(({ name }) => name))('%s --help names each option and gives examples', async (name) => {
    const { code, out, err } = await go(...name.split(' '), '--help');
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toContain(`Usage: reprise ${name}`);
    expect(out).toMatch(/Examples:\n {2}.*reprise/);
    const command = COMMANDS.find((one) => one.name === name);
    for (const option of Object.keys(command?.options ?? {})) expect(out).toContain(`--${option}`);
    expect(await go('help', ...name.split(' '))).toEqual({ code, out, err });
  });

  it.each([
    [['session', 'answer', 'x', 'ask_1'], 2],
    [['session', 'answer', 'x', 'ask_1', '--allow', '--deny'], 2],
    [['session', 'answer', 'x', 'ask_1', '--allow', '--message', 'm'], 2],
    [['session', 'answer', 'x', 'ask_1', '--allow'], 4],
    [['session', 'approvals', 'x'], 4],
    [['run', '--recover'], 2],
    [['run', '--continue', '--recover', 'words'], 2],
  ])('%j ends with code %i', async (words, code) => {
    expect(await go(...words)).toMatchObject({ code, out: '' });
  });

  it('keeps every line of help within 130 columns', async () => {
    for (const { name } of COMMANDS) {
      for (const line of (await go(...name.split(' '), '--help')).out.split('\n'))
        expect(line.length).toBeLessThan(131);
    }
  });

  it('session --help shows the group', async () => {
    const { code, out } = await go('session', '--help');
    expect(code).toBe(0);
    expect(out).toContain('session verify');
    expect(out).not.toContain('reprise models');
  });

  it.each([[[]], [['session']]])('%j names no command: help on standard error, exit code 2', async (words) => {
    const { code, out, err } = await go(...words);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toContain('Usage: reprise');
  });

  it.each([
    [['rnu', 'x'], 'unknown command "rnu", did you mean "run"?'],
    [['constructor'], 'unknown command "constructor"'],
    [['session', 'lst'], 'unknown command "session lst", did you mean "list"?'],
    [['fix the tests'], 'unknown command "fix the tests"; a prompt goes behind "run"'],
    [['--json', 'models'], 'unknown option --json before the command'],
    [['run', '--sesion', 'x', 'hi'], 'unknown option --sesion, did you mean --session?'],
    [['run', '--max-steps', 'many', 'hi'], '--max-steps takes a whole number above 0, not "many"'],
    [['session', 'show'], 'ID is missing'],
  ])('%j: exit code 2 and %s', async (words, message) => {
    const { code, out, err } = await go(...words);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err.split('\n')[0]).toBe(`reprise: ${message}`);
    expect(err).toContain('--help');
    expect(err).not.toMatch(/\n\s+at /);
  });

  it.each([
    ['json', { sessionId: null, message: null, status: 'failed', error: { code: 'INVALID_INPUT' } }],
    ['stream-json', { type: 'error', sessionId: null, code: 'INVALID_INPUT' }],
  ])('wrong usage in the format %s is one JSON line too', async (format, expected) => {
    for (const words of [[`--output-format=${format}`], ['--output-format', format]]) {
      const { code, out, err } = await go('run', '--nope', ...words, 'hi');
      expect(code).toBe(2);
      expect(out.match(/\n/g)).toHaveLength(1);
      expect(JSON.parse(out)).toMatchObject(expected);
      expect(err).toContain('reprise: unknown option --nope');
    }
  });

  it('shows the stack only when asked to', async () => {
    const io = fakeIo({ env: { REPRISE_DEBUG: '1' } });
    await cli(['rnu'], io, '');
    expect(io.stderr()).toMatch(/\n\s+at /);
  });
});
