import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { commandsOf } from '../checks/commands.mjs';
import { count } from '../checks/tests.mjs';
import { codeBlocks, firstExample } from '../lib/markdown.mjs';
import { createReport } from '../lib/report.mjs';
import { pool, run } from '../lib/run.mjs';
import { scratchFolder } from './scratch.mjs';

test('the last line counts tests one by one and every other check as one', () => {
  let text = '';
  const report = createReport((piece) => (text += piece));
  report.add('build', { status: 'passed' }, 1234);
  report.add(
    'tests',
    { status: 'failed', passed: 5, failed: 2, skipped: ['a.test.ts: needs tmux'], detail: 'boom' },
    1,
  );
  report.add('changesets', { status: 'skipped', skipped: ['no git'] }, 1);
  expect(report.finish()).toBe(1);
  expect(text).toContain('ok       1.2 s  build\n');
  expect(text).toContain('FAIL     0.0 s  tests\n    boom\n      skipped: a.test.ts: needs tmux\n');
  expect(text.endsWith('\n6 passed, 2 failed, 2 skipped\n')).toBe(true);
});

test('without failures the code is 0', () => {
  let text = '';
  const report = createReport((piece) => (text += piece));
  report.add('tests', { status: 'passed', passed: 5, failed: 0, skipped: [] }, 1);
  expect(report.finish()).toBe(0);
  expect(text.endsWith('\n5 passed, 0 failed\n')).toBe(true);
});

test('vitest’s report: a file that could not load, an error outside of tests, and no test at all are failures', () => {
  const file = (status, ...tests) => ({ name: '/r/a.test.ts', status, assertionResults: tests });
  const good = { status: 'passed', fullName: 'a' };
  const report = (...testResults) => ({ testResults });
  expect(count(report(file('passed', good, { status: 'pending', fullName: 'b' })), 0, '', '/r')).toMatchObject({
    status: 'passed',
    passed: 1,
    failed: 0,
    skipped: ['a.test.ts: b'],
  });
  expect(count(report(file('failed', good, { status: 'failed', fullName: 'b' })), 1, '')).toMatchObject({
    failed: 1,
    passed: 1,
  });
  expect(count(report(file('passed', good), file('failed')), 1, '')).toMatchObject({ status: 'failed', failed: 1 });
  expect(count(report(file('passed', good)), 1, 'Unhandled Rejection')).toMatchObject({ status: 'failed', failed: 0 });
  expect(count(report(), 0, '')).toMatchObject({ status: 'failed' });
});

test('a run that is bad although each test is good counts as one failure', () => {
  let text = '';
  const report = createReport((piece) => (text += piece));
  report.add('tests', { status: 'failed', passed: 5, failed: 0 }, 1);
  expect(report.finish()).toBe(1);
  expect(text).toContain('\n5 passed, 1 failed\n');
});

test('the example of a README is its first TypeScript or JavaScript block', () => {
  const text = 'Text\n\n```sh\nnpm i\n```\n\n````ts title\nconst a = `\n```\n`;\n````\n\n```ts\nsecond\n```\n';
  expect(firstExample(text)).toMatchObject({ code: 'const a = `\n```\n`;\n', extension: 'ts', line: 7 });
  expect(firstExample('```js\n1\n```')).toMatchObject({ extension: 'mjs' });
  expect(firstExample('```json\n1\n```')).toBeUndefined();
  expect(codeBlocks(text).map(({ language }) => language)).toEqual(['sh', 'ts', 'ts']);
});

test('the commands of a README are the lines of its sh blocks, without what only a person can run', () => {
  const text =
    '```sh\nnpm install x\nnpm start          # a turn\nnpm start -- \\\n  "a # b"\n\n# why\npnpm check\n```\n```ts\nno\n```\n';
  expect(commandsOf(text)).toEqual(['npm start', 'npm start -- "a # b"']);
});

test('a program’s output, code and time limit are kept, and nothing that it started stays', async ({
  onTestFinished,
}) => {
  const folder = scratchFolder(onTestFinished);
  expect(await run('sh', ['-c', 'echo a; echo b >&2; exit 3'])).toMatchObject({ code: 3, stdout: 'a\n' });
  expect(await run('no-such-program', [])).toMatchObject({ code: 127, output: expect.stringContaining('ENOENT') });
  expect(await run('sleep', ['60'], { seconds: 0.1 })).toMatchObject({ code: 124 });
  const script = join(folder, 'leaves.sh');
  writeFileSync(script, 'sleep 60 & echo $!\n');
  const { code, stdout, ms } = await run('sh', [script]);
  expect(code).toBe(0);
  expect(ms).toBeLessThan(30_000);
  await expect.poll(() => alive(Number(stdout))).toBe(false);
});

test('a pool keeps the order of its answers and never runs more than its width', async () => {
  let running = 0;
  let most = 0;
  const answers = await pool([3, 1, 2, 0], 2, async (item) => {
    most = Math.max(most, ++running);
    for (let turns = item; turns > 0; turns--) await Promise.resolve();
    running--;
    return item * 10;
  });
  expect([answers, most]).toEqual([[30, 10, 20, 0], 2]);
});

/** A process that has ended may still be listed (`Z`) where nobody waits for orphans, as in many containers. */
function alive(pid) {
  const { status, stdout } = spawnSync('ps', ['-o', 'stat=', '-p', String(pid)], { encoding: 'utf8' });
  return status === 0 && !stdout.startsWith('Z');
}
