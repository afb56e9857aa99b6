import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';
import { test } from './support.ts';

test('the example in the README runs as written', async ({ w }) => {
  const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
  const example = /```js\n([^]*?)```/.exec(readme)?.[1] ?? '';
  const index = fileURLToPath(new URL('../src/index.ts', import.meta.url));
  const { stdout, stderr } = spawnSync(
    process.execPath,
    [
      '--conditions=@reprise/source',
      '--disable-warning=ExperimentalWarning',
      '--input-type=module',
      '-e',
      example.replace("'@reprise/tools'", JSON.stringify(index)),
    ],
    { cwd: w.cwd, encoding: 'utf8' },
  );
  expect(stderr).toBe('');
  expect(stdout).toContain("{ verdict: 'allow' }\n");
  expect(stdout).toContain('hello.txt: 1 line');
  expect(stdout).toContain('     1\tHello\n');
  expect(stdout).toContain("{ output: '6 hello.txt\\n', exitCode: 0 }");
});
