import { readFileSync } from 'node:fs';
import { afterEach, expect, test } from 'vitest';
import { fsStorage, verifySession } from '../src/index.ts';
import { start, type Program } from './programs.ts';
import { textsOf } from './moves.ts';
import { temporaryStorage } from './temporary.ts';

const running: Program[] = [];
const cleanups: (() => void)[] = [];

function place(): string {
  const made = temporaryStorage();
  cleanups.push(made.cleanup);
  return made.root;
}

function run(...args: string[]): Program {
  const program = start(args);
  running.push(program);
  return program;
}

afterEach(async () => {
  for (const program of running.splice(0)) {
    program.process.kill('SIGKILL');
    await program.ended;
  }
  for (const cleanup of cleanups.splice(0)) cleanup();
});

test('a second process is refused at once, with the pid of the holder, and the lease is free after kill -9', async () => {
  const root = place();
  const first = run('hold', root);
  await first.line('held');
  const storage = fsStorage({ root });
  const take = () => storage.acquire('one', { owner: { name: 'second' }, expect: 'new' });
  const before = performance.now();
  await expect(take()).rejects.toMatchObject({
    code: 'SESSION_BUSY',
    message: expect.stringContaining(`child (process ${first.process.pid})`),
    details: { holder: { name: 'child', pid: first.process.pid } },
  });
  // At once means 100 ms; five times that, for a machine that does other things too.
  expect(performance.now() - before).toBeLessThan(500);

  first.process.kill('SIGSTOP');
  await expect(take(), 'a stopped holder keeps it').rejects.toMatchObject({ code: 'SESSION_BUSY' });

  first.process.kill('SIGKILL');
  await first.ended;
  const lease = await take();
  expect(lease.epoch).toBeGreaterThan(Number((await first.line('held')).split(' ')[1]));
  await storage.close();
});

test('kill -9 in the middle of appends loses nothing that was acknowledged', async () => {
  const root = place();
  let acknowledged = 0;
  // A few only: the campaigns kill more often, and in more places.
  for (let kill = 0; kill < 4; kill += 1) {
    const writer = run('append', root, '100000');
    await writer.line(`stored ${acknowledged + 1 + kill * 3}`);
    writer.process.kill('SIGKILL');
    await writer.ended;
    const last = writer.lines.filter((line) => /^stored \d+$/.test(line)).at(-1);
    acknowledged = Number(last?.split(' ')[1]);
    const storage = fsStorage({ root });
    const numbers = (await textsOf(storage, 'one')).map((json) => (JSON.parse(json) as { n: number }).n);
    expect(numbers.length, 'every acknowledged record, and at most the one in flight').toBeGreaterThanOrEqual(
      acknowledged,
    );
    expect(numbers.length).toBeLessThanOrEqual(acknowledged + 1);
    expect(numbers).toEqual(numbers.map((_, at) => at + 1));
    acknowledged = numbers.length;
    await storage.close();
  }
  const last = run('append', root, '1');
  await last.line('released');
  expect(verifySession('one', { root })).toEqual([]);
  expect((JSON.parse(readFileSync(`${root}/one/messages.json`, 'utf8')) as unknown[]).length).toBe(acknowledged + 1);
  expect((await fsStorage({ root }).head('one'))?.seq).toBe(acknowledged + 1);
}, 60_000);
