import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { anthropic, startFakeProvider } from '@reprise/fake-provider';
import type { FakeProvider } from '@reprise/fake-provider';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { PROGRAM, makePlace, sessionIn } from './support/reprise.ts';
import type { Place } from './support/reprise.ts';

const hasTmux = spawnSync('tmux', ['-V']).status === 0;

describe.skipIf(!hasTmux)('on a terminal (needs tmux)', () => {
  let place: Place;
  let fake: FakeProvider;
  let socket: string;
  beforeEach(async () => {
    place = makePlace();
    fake = await startFakeProvider();
    socket = join(place.home, 'tmux');
  });
  afterEach(async () => {
    spawnSync('tmux', ['-S', socket, 'kill-server']);
    await place.remove();
    await fake.close();
  });

  const tmux = (...words: string[]) =>
    execFileSync('tmux', ['-S', socket, ...words], { encoding: 'utf8', env: place.env });
  const screen = () => tmux('capture-pane', '-p', '-e', '-J', '-t', 'main');

  function open(words: readonly string[], env: Record<string, string> = {}): void {
    const script = join(place.work, 'start.sh');
    const quoted = [...PROGRAM, ...words].map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(' ');
    const settings = Object.entries({ ...place.env, ...env, TERM: 'screen-256color' }).map(
      ([name, value]) => `export ${name}='${value}'`,
    );
    writeFileSync(
      script,
      `trap : INT\n${settings.join('\n')}\ncd '${place.work}'\n${quoted}\necho "exit=$?"\nexec sleep 60\n`,
    );
    tmux('-f', '/dev/null', 'new-session', '-d', '-s', 'main', '-x', '150', '-y', '50', `sh '${script}'`);
  }
  async function shows(text: string): Promise<string> {
    for (let i = 0; i < 200; i++) {
      const now = screen();
      if (now.includes(text)) return now;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    return expect.fail(`the screen never showed ${text}:\n${screen()}`);
  }
  const provider = () => ({ ANTHROPIC_BASE_URL: fake.url, ANTHROPIC_API_KEY: 'test' });
  const script = () =>
    fake.script(
      'anthropic',
      anthropic.message({
        text: 'Evil: \u001b]0;owned\u0007\u001b[5;5Hjump',
        toolCalls: [{ name: 'write', input: { path: 'new.txt', content: 'content\n' } }],
      }),
      anthropic.message({ text: 'All done.' }),
    );

  /** Where it listens. */
  const serve = async (): Promise<string> =>
    (await place.start(['serve', '--port', '0'], { env: provider() }).seen('out', '\n')).trim();

  it('asks before a write, shows what it would write, and goes on as told', async () => {
    script();
    open(['run', 'write it'], provider());
    const asked = await shows('[n] no:');
    expect(asked).toContain('write wants to write');
    expect(asked).toContain('new.txt');
    expect(asked).toContain('+ content');
    expect(existsSync(join(place.work, 'new.txt'))).toBe(false);
    tmux('send-keys', '-t', 'main', 'y', 'Enter');
    const done = await shows('exit=0');
    expect(done).toContain('All done.');
    expect(existsSync(join(place.work, 'new.txt'))).toBe(true);
    // Our own styling is there, the model's is text.
    expect(done).toMatch(/\u001b\[[\d;]*m/);
    expect(done).toContain('Evil: ␛]0;owned␇␛[5;5Hjump');
    expect(tmux('display-message', '-p', '-t', 'main', '#{pane_title}')).not.toContain('owned');
  });

  it('takes no for an answer', async () => {
    script();
    open(['run', 'write it'], provider());
    await shows('[n] no:');
    tmux('send-keys', '-t', 'main', 'n', 'Enter');
    await shows('do instead?');
    tmux('send-keys', '-t', 'main', 'Use old.txt', 'Enter');
    await shows('exit=0');
    expect(JSON.stringify(fake.requests[1]?.json)).toContain('Permission denied: Use old.txt');
    expect(existsSync(join(place.work, 'new.txt'))).toBe(false);
  });

  it('asks on this terminal what a turn on a server waits for, and does there what it is told', async () => {
    script();
    open(['run', '--server', await serve(), 'write it']);
    const asked = await shows('[n] no:');
    expect(asked).toContain('write wants to write');
    expect(asked).toContain('+ content');
    expect(existsSync(join(place.work, 'new.txt'))).toBe(false);
    tmux('send-keys', '-t', 'main', 'y', 'Enter');
    const done = await shows('exit=0');
    expect(done).toContain('All done.');
    // What the model of the server says can act here no more than that of this machine.
    expect(done).toContain('Evil: ␛]0;owned␇␛[5;5Hjump');
    expect(existsSync(join(place.work, 'new.txt'))).toBe(true);
    const [, id = ''] = /--session ([a-z0-9]+)/.exec(done) ?? [];
    const log = readFileSync(join(place.home, 'sessions', id, 'messages.json'), 'utf8');
    expect(log).toMatch(/"type":"answer".*"by":"local"/);
  });

  it('takes a no to a server, with what to do in its place', async () => {
    script();
    open(['run', '--server', await serve(), 'write it']);
    await shows('[n] no:');
    tmux('send-keys', '-t', 'main', 'n', 'Enter');
    await shows('do instead?');
    tmux('send-keys', '-t', 'main', 'Use old.txt', 'Enter');
    await shows('exit=0');
    expect(JSON.stringify(fake.requests[1]?.json)).toContain('Permission denied: Use old.txt');
    expect(existsSync(join(place.work, 'new.txt'))).toBe(false);
  });

  it('an answer from elsewhere takes the question on the terminal of a server’s client back', async () => {
    script();
    const url = await serve();
    open(['run', '--server', url, 'write it']);
    await shows('[n] no:');
    const [id = ''] = readdirSync(join(place.home, 'sessions')).filter((name) => !name.startsWith('.'));
    const asks = await place.run(['session', 'approvals', id, '--json', '--server', url]);
    const [{ id: ask }] = JSON.parse(asks.out) as [{ id: string }];
    expect(await place.run(['session', 'answer', id, ask, '--allow', '--server', url])).toMatchObject({ code: 0 });
    expect(await shows('exit=0')).toContain('All done.');
    expect(existsSync(join(place.work, 'new.txt'))).toBe(true);
  });

  it('Ctrl-C while it asks ends the turn', async () => {
    script();
    open(['run', 'write it'], provider());
    await shows('[n] no:');
    tmux('send-keys', '-t', 'main', 'C-c');
    expect(await shows('exit=130')).toContain('To go on: reprise run --session');
    expect(existsSync(join(place.work, 'new.txt'))).toBe(false);
  });

  it.each([
    [[], 1],
    [['y'], 0],
  ])('asks before it deletes a session; the answer %j gives exit code %i', async (keys, code) => {
    const id = sessionIn((await place.run(['run', '--model', 'demo/offline', 'hello'])).err);
    open(['session', 'delete', id]);
    await shows('for good? [y/N]');
    tmux('send-keys', '-t', 'main', ...keys, 'Enter');
    await shows(`exit=${code}`);
    expect(existsSync(join(place.home, 'sessions', id))).toBe(code === 1);
  });

  it('without a key answers offline and says so; NO_COLOR is obeyed', async () => {
    open(['run', 'hello'], { NO_COLOR: '1' });
    const done = await shows('exit=0');
    expect(done).toContain('no AI model');
    expect(done).not.toMatch(/\u001b\[[\d;]*m/);
  });
});
