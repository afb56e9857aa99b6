import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { TOKEN, stage } from './support/stage.ts';

const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
const code = /```ts\n([\s\S]*?)```/.exec(readme)?.[1] as string;
const options = ['-C', '@reprise/source', '--no-warnings', '--input-type=module-typescript', '-e', code];

async function example(url: string): Promise<string> {
  const env = { ...process.env, REPRISE_URL: url, REPRISE_TOKEN: TOKEN };
  const cwd = fileURLToPath(new URL('..', import.meta.url));
  return (await promisify(execFile)(process.execPath, options, { cwd, env })).stdout;
}

test('the example of the README runs as written, with a server and without', async () => {
  const at = await stage();
  at.script.push(['Hello ', 'yourself.']);
  expect(await example(at.url)).toBe('Hello yourself.');
  await at.close();
  expect(await example(at.url)).toBe(`NETWORK: The connection to ${at.url} failed.\n`);
});
