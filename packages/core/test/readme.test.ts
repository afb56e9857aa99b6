import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { ERROR_CODES } from '../src/errors.ts';

const root = fileURLToPath(new URL('..', import.meta.url));

test('the README’s examples run as written', async () => {
  const readme = await readFile(`${root}/README.md`, 'utf8');
  const outputs = [...readme.matchAll(/```ts\n([\s\S]*?)```/g)].map(async ([, code = '']) => {
    const flags = ['--conditions=@reprise/source', '--no-warnings', '--input-type=module-typescript', '--eval', code];
    return (await promisify(execFile)(process.execPath, flags, { cwd: root })).stdout.trim().split('\n');
  });
  expect(await Promise.all(outputs)).toEqual([
    ['tool_call', 'tool_result', 'text', 'It is noon.', '3 24', 'It is noon.'],
    ['recorded: It is noon.', 'played: It is noon.', '{ turns: 1, skipped: [] }'],
  ]);
});

test('the README tells of every error code', async () => {
  const readme = await readFile(`${root}/README.md`, 'utf8');
  for (const code of ERROR_CODES) expect(readme).toContain(`\`${code}\``);
});
