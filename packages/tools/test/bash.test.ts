import { execFile } from 'node:child_process';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, vi } from 'vitest';
import { eventually, found, linux, runs, test } from './support.ts';
import type { Workspace } from './support.ts';

/** Deadlines are tested at five times their figure: a machine that does other things too makes everything late. */
const SLOWER = 5;

const pidIn = async (path: string): Promise<number> => Number(await readFile(path, 'utf8').catch(() => ''));

describe('a result', () => {
  test('has both streams in order and the exit code', async ({ w }) => {
    const result = await w.run('bash', { command: 'echo one; echo two >&2; echo three; exit 3' });
    expect(result).toEqual({ output: 'one\ntwo\nthree\n', exitCode: 3 });
    expect(await w.text('bash', { command: 'echo one; exit 3' })).toBe('one\n[exit code 3]');
  });

  test('names the signal that ended the shell', async ({ w }) => {
    expect(await w.run('bash', { command: 'kill -KILL $$' })).toMatchObject({ exitCode: null, signal: 'SIGKILL' });
  });

  test('both streams can be opened by name', async ({ w }) => {
    const command = 'echo a > /dev/stderr; echo b > /dev/stdout; echo c | tee /dev/stderr';
    expect((await w.run('bash', { command })).output).toBe('a\nb\nc\nc\n');
  });

  test('shows a syntax error', async ({ w }) => {
    const result = await w.run('bash', { command: 'if' });
    expect(result.output).toMatch(/syntax error/);
    expect(result.exitCode).not.toBe(0);
  });

  test('says that there was no output', async ({ w }) => {
    expect(await w.text('bash', { command: 'true' })).toBe('[no output]');
  });

  test('takes broken UTF-8, also when a character is cut between two pieces', async ({ w }) => {
    const command = "printf 'a\\377b\\n\\303'; sleep 0.05; printf '\\244\\n'";
    expect((await w.run('bash', { command })).output).toBe('a\ufffdb\nä\n');
  });

  test('a working directory that is gone is an error that names it', async ({ w }) => {
    const cwd = join(w.cwd, 'gone');
    await expect(w.run('bash', { command: 'pwd; true' }, { cwd })).rejects.toMatchObject({
      code: 'TOOL_ERROR',
      message: expect.stringContaining(cwd),
    });
  });

  test('wrong parameters are INVALID_INPUT', async ({ w }) => {
    await expect(w.run('bash', { command: '' })).rejects.toMatchObject({ code: 'INVALID_INPUT' });
    await expect(w.run('bash', { command: 'ls', timeout: 600_001 })).rejects.toMatchObject({ code: 'INVALID_INPUT' });
  });
});

test('where no named pipe can be made, output still comes', async ({ w }) => {
  vi.stubEnv('TMPDIR', join(w.top, 'none'));
  expect(await w.run('bash', { command: 'echo a; echo b >&2' })).toMatchObject({
    output: expect.stringMatching(/^(a\nb|b\na)\n$/),
    exitCode: 0,
  });
  vi.unstubAllEnvs();
});

describe('ending', () => {
  test('returns within a second of the shell with children in the background that hold the pipes, and ends them', async ({
    w,
  }) => {
    const begin = Date.now();
    const result = await w.run('bash', { command: '(trap "" TERM; sleep 60) & echo $! > pid; sleep 60 & echo done' });
    expect(Date.now() - begin).toBeLessThan(SLOWER * 1_000);
    expect(result).toMatchObject({ output: 'done\n', exitCode: 0, endedBackground: true });
    expect(runs(await pidIn(join(w.cwd, 'pid')))).toBe(false);
  });

  test('a child in the background lives on where the program wants it', async ({ w }) => {
    const begin = Date.now();
    await w.run('bash', { command: 'sleep 60 & echo $! > pid' }, {}, { background: 'keep' });
    const pid = await pidIn(join(w.cwd, 'pid'));
    expect(Date.now() - begin).toBeLessThan(SLOWER * 1_000);
    expect(runs(pid)).toBe(true);
    process.kill(pid, 'SIGKILL');
  });

  test('output of a process substitution that ends after the shell is kept', async ({ w }) => {
    const result = await w.run('bash', { command: 'echo late > >(sleep 0.1; cat)' });
    expect(result.output).toBe('late\n');
  });

  test('the time limit ends everything, also what ignores SIGTERM, was stopped or left the group', async ({ w }) => {
    const command =
      '(trap "" TERM; echo $BASHPID > a; while :; do sleep 1; done) & ' +
      '(echo $BASHPID > b; kill -STOP $BASHPID; sleep 60) & ' +
      (linux ? 'setsid sh -c "echo \\$\\$ > c; sleep 60" & ' : '') +
      '(trap "" TERM; env -i sh -c "echo \\$\\$ > d; while :; do sleep 1; done") & ' +
      'echo begun; sleep 60';
    const begin = Date.now();
    const result = await w.run('bash', { command, timeout: 500 });
    expect(Date.now() - begin).toBeLessThan(SLOWER * 2_500);
    expect(result).toMatchObject({ output: 'begun\n', exitCode: null, timedOut: 500 });
    for (const name of linux ? ['a', 'b', 'c', 'd'] : ['a', 'b', 'd']) {
      const pid = await pidIn(join(w.cwd, name));
      expect(pid).toBeGreaterThan(0);
      expect(await eventually(() => !runs(pid)), name).toBe(true);
    }
  });

  test('an abort ends everything within two seconds and keeps the output', async ({ w }) => {
    const controller = new AbortController();
    const call = w.run(
      'bash',
      { command: 'echo shown; (trap "" TERM INT; echo $BASHPID > pid; while :; do sleep 1; done)' },
      { signal: controller.signal },
    );
    expect(await eventually(async () => (await pidIn(join(w.cwd, 'pid'))) > 0)).toBe(true);
    const begin = Date.now();
    controller.abort();
    expect(await call).toMatchObject({ output: 'shown\n', aborted: true });
    expect(Date.now() - begin).toBeLessThan(SLOWER * 2_000);
    expect(await eventually(async () => !runs(await pidIn(join(w.cwd, 'pid'))))).toBe(true);
  });

  test('a call that is aborted before it starts runs nothing', async ({ w }) => {
    const context = { signal: AbortSignal.abort() };
    await expect(w.run('bash', { command: 'touch ran' }, context)).rejects.toMatchObject({ code: 'ABORTED' });
    await expect(stat(join(w.cwd, 'ran'))).rejects.toThrow();
  });

  test.for(['cat', 'read line', 'cat /dev/tty', 'python3 -c "input()"', 'bash -i', 'git commit'])(
    'a program that waits for a terminal ends: %s',
    async (command, { w }) => {
      const begin = Date.now();
      const environment = { ...process.env, HOME: w.cwd };
      const result = await w.run('bash', { command, timeout: SLOWER * 2_500 }, {}, { environment });
      expect(result.timedOut).toBeUndefined();
      expect(Date.now() - begin).toBeLessThan(SLOWER * 2_000);
    },
  );
});

test.skipIf(!found('vi'))('an editor gives up', async ({ w }) => {
  const environment = { ...process.env, HOME: w.cwd };
  const result = await w.run('bash', { command: 'vi x', timeout: 5_000 }, {}, { environment });
  expect(result.timedOut).toBeUndefined();
});

test('a command that the system refuses is an error, not a crash', async ({ w }) => {
  const long = `echo ${'x'.repeat(3_000_000)}`;
  await expect(w.run('bash', { command: long })).rejects.toMatchObject({ code: 'TOOL_ERROR' });
  await expect(w.run('bash', { command: 'echo \0' })).rejects.toMatchObject({ code: 'TOOL_ERROR' });
});

describe('long output', () => {
  test('shows beginning and end, and the file with everything', async ({ w }) => {
    const result = await w.run('bash', { command: 'seq 1 100000' });
    const lines = result.output.split('\n');
    expect(result.truncated).toBe(true);
    expect(lines[0]).toBe('1');
    expect(lines.at(-2)).toBe('100000');
    expect(lines.length).toBeLessThanOrEqual(2_001);
    expect(Buffer.byteLength(result.output)).toBeLessThanOrEqual(50_000);
    expect(result.output).toContain(result.spill);
    expect(await readFile(result.spill, 'utf8')).toBe(
      Array.from({ length: 100_000 }, (_, at) => `${at + 1}\n`).join(''),
    );
    expect((await stat(result.spill)).mode & 0o777).toBe(0o600);
    expect((await stat(w.spillDir)).mode & 0o777).toBe(0o700);
    // The hint works as written.
    const offset = Number(/offset (\d+)/.exec(result.output)?.[1]);
    expect((await w.run('read', { path: result.spill, offset, limit: 1 })).output.trim()).toBe(`${offset}\t${offset}`);
  });

  test.for([2_000, 2_001])('the limit is 2,000 lines: %i', async (lines, { w }) => {
    const result = await w.run('bash', { command: `seq 1 ${lines}` });
    expect(result.truncated).toBe(lines > 2_000 ? true : undefined);
    expect(result.output.split('\n').length - 1).toBeLessThanOrEqual(2_000);
  });

  test('cuts between characters', async ({ w }) => {
    const command = 'for i in $(seq 1 4000); do printf "ääääääää€€"; done';
    const result = await w.run('bash', { command });
    expect(result.truncated).toBe(true);
    expect(result.output).not.toContain('\ufffd');
    expect(result.bytes).toBeUndefined();
  });

  test('one line of a gigabyte costs little memory', { timeout: 60_000 }, async ({ w }) => {
    const command = 'head -c 1000000000 /dev/zero | tr "\\0" x';
    const { growth, result } = await inMemory(w, { maxSpillBytes: 1_000_000 }, { command });
    expect(result.output).toContain('1,000,000,000 bytes');
    expect(result.output).toContain('first 1,000,000 bytes are in');
    expect((await stat(result.spill)).size).toBe(1_000_000);
    expect(growth).toBeLessThan(64 * 2 ** 20);
  });

  test('endless output costs little memory and ends with the time limit', { timeout: 30_000 }, async ({ w }) => {
    const { growth, result } = await inMemory(w, { maxSpillBytes: 200_000_000 }, { command: 'yes', timeout: 1_500 });
    expect(result).toMatchObject({ timedOut: 1_500, truncated: true });
    expect(growth).toBeLessThan(64 * 2 ** 20);
  });

  test('a spill folder of somebody else, or a link, is not used', async ({ w }) => {
    const { symlink, readdir } = await import('node:fs/promises');
    await symlink(w.outside, w.spillDir);
    const result = await w.run('bash', { command: 'seq 1 3000' });
    expect(result.truncated).toBe(true);
    expect(result.spill).toBeUndefined();
    expect(result.output).toContain('could not be kept');
    expect(await readdir(w.outside)).toEqual([]);
  });

  test('live text is bounded', async ({ w }) => {
    const shown: string[] = [];
    const progress = ({ text = '' }: { readonly text?: string }): void => void shown.push(text);
    await w.run('bash', { command: 'yes | head -c 20000000; sleep 0.3; echo last; sleep 0.2' }, { progress });
    expect(shown.length).toBeGreaterThan(0);
    expect(shown.length).toBeLessThan(50);
    expect(Math.max(...shown.map(({ length }) => length))).toBeLessThanOrEqual(4_000);
    expect(shown.at(-1)).toBe('last\n');
  });

  test('a listener of live text that throws is not the command’s failure', async ({ w }) => {
    const progress = (): void => {
      throw new Error('listener');
    };
    expect(await w.run('bash', { command: 'echo a; sleep 0.2' }, { progress })).toMatchObject({ exitCode: 0 });
  });
});

describe('environment', () => {
  const environment = {
    PATH: process.env['PATH'],
    HOME: '/home/somebody',
    LC_ALL: 'C',
    OTHER: 'no',
    SERVICE_API_KEY: 'sk-12345678-abcdef',
    MY_PASSWORD: 'short',
  };

  test('only known variables pass, and those that the program adds', async ({ w }) => {
    const { output } = await w.run('bash', { command: 'env' }, {}, { environment, env: { ADDED: 'yes' } });
    expect(output).toContain('HOME=/home/somebody');
    expect(output).toContain('LC_ALL=C');
    expect(output).toContain('TERM=dumb');
    expect(output).toContain('ADDED=yes');
    expect(output).not.toMatch(/OTHER|SERVICE|MY_PASSWORD/);
  });

  test('values of secrets never show, also when they come in two pieces', async ({ w }) => {
    const command =
      'printf "a sk-12345678-abcdef b sk-1234"; sleep 0.1; printf "5678-abc"; sleep 0.1; echo "def c short"';
    const shown: string[] = [];
    const context = { progress: ({ text = '' }) => void shown.push(text) };
    const { output } = await w.run('bash', { command }, context, { environment });
    expect(output).toBe('a [secret SERVICE_API_KEY] b [secret SERVICE_API_KEY] c short\n');
    expect(shown.join('')).not.toMatch(/sk-1234/);
  });

  test('nor in the spill file', async ({ w }) => {
    const command = 'for i in $(seq 1 4000); do echo sk-12345678-abcdef; done';
    const { spill } = await w.run('bash', { command }, {}, { environment });
    expect(await readFile(spill, 'utf8')).toBe('[secret SERVICE_API_KEY]\n'.repeat(4_000));
  });
});

/** A call, and how far memory grew meanwhile, in a process of its own: what else a test worker holds is not the tool's memory. */
async function inMemory(w: Workspace, options: object, input: object): Promise<{ result: any; growth: number }> {
  const child = fileURLToPath(new URL('./memory-child.ts', import.meta.url));
  const flags = ['--conditions=@reprise/source', '--disable-warning=ExperimentalWarning'];
  const words = [w.cwd, w.spillDir, JSON.stringify(options), JSON.stringify(input)];
  const { stdout } = await promisify(execFile)(process.execPath, [...flags, child, ...words]);
  return JSON.parse(stdout) as { result: any; growth: number };
}
