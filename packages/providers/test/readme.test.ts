import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import * as api from '../src/index.ts';
import * as live from '../src/live.ts';
import { EXAMPLES } from '../src/demo/understand.ts';

const readme = await readFile(new URL('../README.md', import.meta.url), 'utf8');
const here = fileURLToPath(new URL('..', import.meta.url));

test('the blocks of the README run as they stand', async () => {
  const blocks = [...readme.matchAll(/```ts\n([\s\S]*?)```/g)].map(([, code]) => code ?? '');
  expect(blocks).toHaveLength(3);
  const outputs: string[] = [];
  for (const code of blocks) {
    const args = ['--conditions=@reprise/source', '--input-type=module-typescript', '-e', code];
    // Without a key nobody but this machine's own ports is asked.
    outputs.push((await promisify(execFile)(process.execPath, args, { cwd: here, env: {} })).stdout);
  }
  expect(outputs[0]).toMatch(/^demo\/offline \(128000 tokens\): This is demo\/offline: a script, no AI model\./);
  expect(outputs[2]).toContain('openai not-asked Set OPENAI_API_KEY');
  expect(outputs[2]?.trimEnd().split('\n').at(-1)).toBe('AUTH');
});

test('the README names every request that the demo shows as an example', () => {
  for (const example of EXAMPLES) expect(readme).toContain(`\`${example}\``);
});

test('the public surface', () => {
  expect(Object.keys(api).sort()).toEqual(['createDemoModel', 'createModels']);
  expect(Object.keys(live).sort()).toEqual(['checkKey', 'liveModels', 'localModels']);
});
