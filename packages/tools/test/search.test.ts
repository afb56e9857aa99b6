import { execFileSync } from 'node:child_process';
import { mkdir, readFile, symlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect } from 'vitest';
import { linux, test } from './support.ts';
import type { Workspace } from './support.ts';

async function project(w: Workspace): Promise<void> {
  await w.file('.gitignore', '*.log\nbuild/\n');
  await w.file('src/a.ts', 'const apple = 1;\nconst pear = 2;\nconst APPLE = 3;\n');
  await w.file('src/deep/b.ts', 'apple();\n');
  await w.file('doc.md', 'apple -- pie\n');
  await w.file('noise.log', 'apple\n');
  await w.file('build/out.ts', 'apple\n');
  await w.file('.git/config', 'apple\n');
  await w.file('.github/ci.yml', 'apple\n');
}

describe('grep', () => {
  test('gives path:line:text in order of paths, without ignored files', async ({ w }) => {
    await project(w);
    expect(await w.run('grep', { pattern: 'apple' })).toEqual({
      output: '.github/ci.yml:1:apple\ndoc.md:1:apple -- pie\nsrc/a.ts:1:const apple = 1;\nsrc/deep/b.ts:1:apple();\n',
      count: 4,
    });
  });

  test('.gitignore holds outside a repository too', async ({ w }) => {
    await w.file('.gitignore', '*.log\n');
    await w.file('a.log', 'apple\n');
    expect((await w.run('grep', { pattern: 'apple' })).output).toBe('No matches.');
    expect((await w.run('glob', { pattern: '*.log' })).output).toBe('No files.');
  });

  test('names of files, and counts', async ({ w }) => {
    await project(w);
    expect((await w.run('grep', { pattern: 'const', mode: 'files' })).output).toBe('src/a.ts\n');
    expect((await w.run('grep', { pattern: 'const', mode: 'count' })).output).toBe('src/a.ts:3\n');
  });

  test('letter case, plain text and lines around', async ({ w }) => {
    await project(w);
    expect((await w.run('grep', { pattern: 'apple', path: 'src/a.ts', ignoreCase: true })).count).toBe(2);
    expect((await w.run('grep', { pattern: 'apple();', literal: true })).output).toBe('src/deep/b.ts:1:apple();\n');
    expect((await w.run('grep', { pattern: 'pear', context: 1 })).output).toBe(
      'src/a.ts-1-const apple = 1;\nsrc/a.ts:2:const pear = 2;\nsrc/a.ts-3-const APPLE = 3;\n',
    );
  });

  test.for([
    ['*.ts', ['src/a.ts', 'src/deep/b.ts']],
    ['**/*.ts', ['src/a.ts', 'src/deep/b.ts']],
    ['src/*.ts', ['src/a.ts']],
    ['{src/*.ts,*.md}', ['doc.md', 'src/a.ts']],
    ['!*.ts', ['.github/ci.yml', 'doc.md']],
    ['*.log', []],
  ] as const)('only files that match %s, and never ignored ones', async ([glob, files], { w }) => {
    await project(w);
    const { output } = await w.run('grep', { pattern: 'apple', glob, mode: 'files' });
    expect(output.split('\n').filter((line: string) => line.includes('.') && line !== 'No matches.')).toEqual(files);
  });

  test('a pattern or path that looks like an option is none', async ({ w }) => {
    await w.file('-x.txt', 'a --pre=./evil b\n');
    await w.file('evil', '#!/bin/sh\ntouch ran\n');
    expect((await w.run('grep', { pattern: '--pre=./evil' })).count).toBe(1);
    expect((await w.run('grep', { pattern: 'evil', path: '-x.txt' })).output).toBe('-x.txt:1:a --pre=./evil b\n');
  });

  test('a binary file is named, not shown', async ({ w }) => {
    await w.file('bin', Buffer.from([1, 0, 97, 98, 99]));
    expect((await w.run('grep', { pattern: 'abc', path: 'bin' })).output).toMatch(/^bin: binary file matches/);
    expect((await w.run('grep', { pattern: 'abc' })).output).toBe('No matches.');
  });

  test('a bad pattern is an error that shows where', async ({ w }) => {
    await expect(w.run('grep', { pattern: 'a(' })).rejects.toMatchObject({
      code: 'TOOL_ERROR',
      message: expect.stringContaining('unclosed group'),
    });
  });

  test.for(['(a+)+$', '(a|aa)+$', '(.*)*b', '([a-z]+)*\\d', '(?:a{1,1000}){1,1000}', '(x+x+)+y'])(
    'a catastrophic pattern ends: %s',
    async (pattern, { w }) => {
      await w.file('a', `${'a'.repeat(200_000)}!\n`.repeat(5));
      const begin = performance.now();
      let lag = 0;
      let last = begin;
      const timer = setInterval(() => {
        lag = Math.max(lag, performance.now() - last);
        last = performance.now();
      }, 10);
      await w.run('grep', { pattern }).catch((error: unknown) => expect(error).toMatchObject({ code: 'TOOL_ERROR' }));
      clearInterval(timer);
      expect(performance.now() - begin).toBeLessThan(5 * 2_000);
      expect(lag).toBeLessThan(5 * 500);
    },
  );

  test('an abort ends the search', async ({ w }) => {
    await w.file('a', 'x\n');
    const signal = AbortSignal.abort();
    await expect(w.run('grep', { pattern: 'x' }, { signal })).rejects.toMatchObject({ code: 'ABORTED' });
  });

  test('shows 2,000 lines and keeps the rest in a file that read takes', async ({ w }) => {
    await w.file('a', 'x\n'.repeat(3_000));
    const result = await w.run('grep', { pattern: 'x' });
    expect(result).toMatchObject({ count: 3_000, truncated: true });
    expect(result.output.split('\n').length).toBeLessThanOrEqual(2_001);
    expect((await readFile(result.spill, 'utf8')).split('\n').length).toBe(3_001);
    expect((await w.run('read', { path: result.spill, offset: 2_500, limit: 1 })).output).toBe('  2500\ta:2500:x');
  });

  test('cuts long lines and hides secrets', async ({ w }) => {
    const environment = { SOME_KEY: 'key-0123456789' };
    await w.file('a', `${'x'.repeat(30_000)}\nkey-0123456789 x\n`);
    const { output } = await w.run('grep', { pattern: 'x' }, {}, { environment });
    expect(output.split('\n').map((line: string) => line.length < 2_100)).not.toContain(false);
    expect(output).toContain('a:2:[secret SOME_KEY] x');
  });

  test('does not follow links out of the workspace', async ({ w }) => {
    await writeFile(join(w.outside, 'file'), 'apple');
    await symlink(w.outside, join(w.cwd, 'dir'));
    await symlink(join(w.outside, 'file'), join(w.cwd, 'file'));
    expect((await w.run('grep', { pattern: 'apple' })).output).toBe('No matches.');
  });

  test('without ripgrep it says what to do', async ({ w }) => {
    await expect(w.run('grep', { pattern: 'x' }, {}, { ripgrep: '/nowhere/rg' })).rejects.toMatchObject({
      code: 'UNSUPPORTED',
      hint: expect.stringContaining('@vscode/ripgrep'),
    });
  });
});

describe('glob', () => {
  test('gives the last modified first, without ignored files', async ({ w }) => {
    await project(w);
    await utimes(join(w.cwd, 'src/a.ts'), 1, 1);
    await utimes(join(w.cwd, 'src/deep/b.ts'), 2, 2);
    expect(await w.run('glob', { pattern: '**/*.ts' })).toEqual({ output: 'src/deep/b.ts\nsrc/a.ts\n', count: 2 });
    expect((await w.run('glob', { pattern: 'b.ts' })).output).toBe('src/deep/b.ts\n');
    expect((await w.run('glob', { pattern: '*.ts', path: 'src/deep' })).output).toBe('src/deep/b.ts\n');
    expect((await w.run('glob', { pattern: 'src/*.ts' })).output).toBe('src/a.ts\n');
    expect((await w.run('glob', { pattern: `${w.cwd}/src/*.ts` })).output).toBe('src/a.ts\n');
    expect((await w.run('glob', { pattern: '**/config' })).output).toBe('No files.');
    expect((await w.run('glob', { pattern: '*.log' })).output).toBe('No files.');
  });

  test('only a folder inside the workspace can be searched', async ({ w }) => {
    await w.file('a', '');
    await expect(w.run('glob', { pattern: '*', path: '..' })).rejects.toMatchObject({ code: 'PERMISSION_DENIED' });
    await expect(w.run('glob', { pattern: '*', path: 'a' })).rejects.toMatchObject({ code: 'TOOL_ERROR' });
    await expect(w.run('glob', { pattern: '*', path: 'none' })).rejects.toMatchObject({ code: 'TOOL_ERROR' });
  });

  test('thousands of names: the first are shown, all are kept', async ({ w }) => {
    await mkdir(join(w.cwd, 'many'));
    execFileSync('sh', ['-c', 'seq -f "many/f%g" 1 3000 | xargs touch'], { cwd: w.cwd });
    const result = await w.run('glob', { pattern: '**/f*' });
    expect(result).toMatchObject({ count: 3_000, truncated: true });
    expect((await readFile(result.spill, 'utf8')).split('\n').length).toBe(3_001);
  });

  test.skipIf(!linux)('a line break in a name is no second name', async ({ w }) => {
    await w.file('a\nb', '');
    expect((await w.run('glob', { pattern: '*' })).output).toBe('a\\nb\n');
  });
});
