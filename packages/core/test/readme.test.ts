import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { ERROR_CODES } from '../src/errors.ts';

const root = fileURLToPath(new URL('..', import.meta.url));

test('the README’s example runs as written', async () => {
  const readme = await readFile(`${root}/README.md`, 'utf8');
  const code = /```ts\n([\s\S]*?)```/.exec(readme)?.[1] ?? '';
  const flags = ['--conditions=@reprise/source', '--no-warnings', '--input-type=module-typescript', '--eval', code];
  const { stdout } = await promisify(execFile)(process.execPath, flags, { cwd: root });
  expect(stdout.trim().split('\n')).toEqual(['tool_call', 'tool_result', 'text', 'It is noon.', '3 24', 'It is noon.']);
});

test('the README tells of every error code', async () => {
  const readme = await readFile(`${root}/README.md`, 'utf8');
  for (const code of ERROR_CODES) expect(readme).toContain(`\`${code}\``);
});
