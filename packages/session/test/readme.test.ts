import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import * as api from '@reprise/session';
import { temporaryFolder } from './support.ts';

const readme = await readFile(new URL('../README.md', import.meta.url), 'utf8');
const here = fileURLToPath(new URL('..', import.meta.url));

test('the blocks of the README run as they stand', async () => {
  const folder = temporaryFolder();
  try {
    const blocks = [...readme.matchAll(/```ts\n([\s\S]*?)```/g)].map(([, code]) => code ?? '');
    expect(blocks).toHaveLength(5);
    const outputs: string[] = [];
    for (const code of blocks) {
      const args = ['--conditions=@reprise/source', '--input-type=module-typescript', '-e', code];
      const env = { REPRISE_HOME: folder.path, PATH: process.env['PATH'] };
      outputs.push((await promisify(execFile)(process.execPath, args, { cwd: here, env })).stdout);
    }
    expect(outputs[0]).toMatch(/\ncalling \w+[^]*\n[a-z0-9]+: 3 messages\n$/);
    expect(outputs[1]).toMatch(/demo\/offline[^]*\ndone, \d+ tokens\n$/);
  } finally {
    folder.remove();
  }
});

test('the public surface', () => {
  expect(Object.keys(api).sort()).toEqual([
    'PromptTemplate',
    'RepriseError',
    'Session',
    'createDefaultSessions',
    'isCoded',
  ]);
});
