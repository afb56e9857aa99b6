import { execFileSync } from 'node:child_process';
import { chmod, mkdir, readFile, readdir, stat, symlink, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ToolContext } from '@reprise/core';
import { describe, expect } from 'vitest';
import { createTools } from '../src/index.ts';
import { found, linux, test } from './support.ts';

const failure = (code: string, message: RegExp): object => ({ code, message: expect.stringMatching(message) });

describe('read', () => {
  test('numbers the lines', async ({ w }) => {
    await w.file('a.txt', 'one\ntwo\n');
    expect(await w.run('read', { path: 'a.txt' })).toEqual({
      output: '     1\tone\n     2\ttwo',
      path: join(w.cwd, 'a.txt'),
      lines: 2,
      total: 2,
    });
  });

  test('goes on at an offset, and says where', async ({ w }) => {
    await w.file('a.txt', Array.from({ length: 5_000 }, (_, at) => `line ${at + 1}\n`).join(''));
    const first = await w.run('read', { path: 'a.txt' });
    expect(first).toMatchObject({ lines: 2_000, total: 5_000, nextOffset: 2_001 });
    const second = await w.run('read', { path: 'a.txt', offset: first.nextOffset, limit: 2 });
    expect(second.output).toBe('  2001\tline 2001\n  2002\tline 2002');
    expect(await w.text('read', { path: 'a.txt', offset: 4_999 })).toBe('  4999\tline 4999\n  5000\tline 5000');
    expect(await w.text('read', { path: 'a.txt', limit: 1 })).toContain('(5000 in all): read on with offset 2.');
    await expect(w.run('read', { path: 'a.txt', offset: 5_001 })).rejects.toMatchObject(
      failure('TOOL_ERROR', /only 5000 lines/),
    );
  });

  test('shows at most 50 KB and cuts long lines', async ({ w }) => {
    await w.file('wide.txt', `${'x'.repeat(1_900)}\n`.repeat(100));
    expect(Buffer.byteLength(await w.text('read', { path: 'wide.txt' }))).toBeLessThan(51_200);
    await w.file('long.txt', `${'y'.repeat(100_000)}\nend`);
    const { output } = await w.run('read', { path: 'long.txt' });
    expect(output).toBe(`     1\t${'y'.repeat(2_000)} [… 98000 more characters]\n     2\tend`);
  });

  test('a file of a gigabyte costs little', async ({ w }) => {
    await w.file('big.txt', 'first\n');
    await truncate(join(w.cwd, 'big.txt'), 6);
    execFileSync('sh', ['-c', 'yes "some text" | head -c 30000000 >> big.txt'], { cwd: w.cwd });
    const before = process.memoryUsage().arrayBuffers;
    const begin = await w.run('read', { path: 'big.txt', limit: 1 });
    expect(begin).toMatchObject({ output: '     1\tfirst', nextOffset: 2 });
    expect(begin.total).toBeUndefined();
    const far = await w.run('read', { path: 'big.txt', offset: 2_500_000, limit: 1 });
    expect(far.output).toBe('2500000\tsome text');
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(16 * 2 ** 20);
  });

  test('leaves byte order marks and carriage returns out, and reads UTF-16', async ({ w }) => {
    await w.file('crlf.txt', '\ufeffa\r\nb\r\n');
    expect((await w.run('read', { path: 'crlf.txt' })).output).toBe('     1\ta\n     2\tb');
    await w.file('wide.txt', Buffer.from('\ufeffä\nb', 'utf16le'));
    expect((await w.run('read', { path: 'wide.txt' })).output).toBe('     1\tä\n     2\tb');
  });

  test('shows images and PDF to the model, up to what every provider takes', async ({ w }) => {
    const png = Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJ', 'base64');
    const kept: unknown[] = [];
    const keep: ToolContext['keep'] = async (bytes, mediaType) => {
      kept.push([Buffer.from(bytes as Uint8Array).equals(png), mediaType]);
      return { sha256: 'f'.repeat(64) };
    };
    await w.file('a.png', png);
    const output = await w.run('read', { path: 'a.png' }, { keep });
    expect(output).toMatchObject({ output: 'image/png, 33 bytes', file: { mediaType: 'image/png' } });
    expect(kept).toEqual([[true, 'image/png']]);
    const read = createTools().find(({ name }) => name === 'read');
    expect(read?.toModel?.(output)).toEqual([
      { type: 'text', text: 'image/png, 33 bytes' },
      { type: 'blob', sha256: 'f'.repeat(64), mediaType: 'image/png' },
    ]);
    await w.file('b.pdf', Buffer.concat([Buffer.from('%PDF-1.7'), Buffer.alloc(100)]));
    expect((await w.run('read', { path: 'b.pdf' }, { keep })).file).toMatchObject({ mediaType: 'application/pdf' });
    await w.file('c.png', Buffer.concat([png, Buffer.alloc(4_000_000)]));
    await expect(w.run('read', { path: 'c.png' }, { keep })).rejects.toMatchObject(
      failure('TOOL_ERROR', /at most 3900000/),
    );
    await expect(w.run('read', { path: 'a.png' })).rejects.toMatchObject({ code: 'UNSUPPORTED' });
  });

  test('refuses binary files, lists folders, and names what is wrong', async ({ w }) => {
    await w.file('pic.png', Buffer.from([0x89, 0x50, 0, 0, 1]));
    await expect(w.run('read', { path: 'pic.png' })).rejects.toMatchObject(failure('TOOL_ERROR', /binary/));
    await expect(w.run('read', { path: 'none' })).rejects.toMatchObject(failure('TOOL_ERROR', /none does not exist/));
    await expect(w.run('read', { path: 'pic.png/x' })).rejects.toMatchObject(failure('TOOL_ERROR', /no folder/));
    await w.file('dir/b', '');
    expect((await w.run('read', { path: '.' })).output).toBe('dir/\npic.png');
    expect((await w.run('read', { path: 'dir/b' })).output).toBe('(empty file)');
  });

  test.skipIf(!linux)('a pipe without a writer does not hold the call', async ({ w }) => {
    execFileSync('mkfifo', [join(w.cwd, 'fifo')]);
    await expect(w.run('read', { path: 'fifo' })).rejects.toMatchObject(
      failure('TOOL_ERROR', /device, pipe or socket/),
    );
  });

  test('hides secrets, also across the cut of a long line', async ({ w }) => {
    const environment = {
      A_TOKEN: 'tok-0123456789',
      PEM_KEY: '-----BEGIN KEY-----\nMIIEvQIBADAN\nBgkqhkiG9w0B\n-----END',
    };
    await w.file('a', `x tok-0123456789 y\n${'z'.repeat(1_995)}tok-0123456789\n  BgkqhkiG9w0B\n`);
    const { output } = await w.run('read', { path: 'a' }, {}, { environment });
    expect(output).toContain('x [secret A_TOKEN] y');
    expect(output).toContain('[secret PEM_KEY]');
    expect(output).not.toMatch(/ztok-|BgkqhkiG9w0B/);
  });
});

test('the stand-in of a secret is never written, because it would replace the secret', async ({ w }) => {
  const options = { environment: { A_TOKEN: 'tok-0123456789' } };
  const path = await w.file('.env', 'A_TOKEN=tok-0123456789\nB=1\n');
  expect(await w.run('read', { path }, {}, options)).toMatchObject({
    output: expect.stringContaining('[secret A_TOKEN]'),
  });
  const content = 'A_TOKEN=[secret A_TOKEN]\nB=2\n';
  const refusal = failure('TOOL_ERROR', /stands for a value that is hidden/);
  await expect(w.run('write', { path, content }, {}, options)).rejects.toMatchObject(refusal);
  const edit = { path, oldString: 'B=1', newString: content };
  await expect(w.run('edit', edit, {}, options)).rejects.toMatchObject(refusal);
  const { output } = await w.run('edit', { path, oldString: 'B=1', newString: 'B=2' }, {}, options);
  expect(output).toContain(' A_TOKEN=[secret A_TOKEN]\n-B=1\n+B=2');
  expect(await readFile(path, 'utf8')).toBe('A_TOKEN=tok-0123456789\nB=2\n');
});

describe('write', () => {
  test('makes files and folders, with the usual mode', async ({ w }) => {
    const result = await w.run('write', { path: 'a/b/c.txt', content: 'ä\nb\n' });
    expect(result).toMatchObject({ path: join(w.cwd, 'a/b/c.txt'), bytes: 5, created: true });
    expect(await readFile(result.path, 'utf8')).toBe('ä\nb\n');
    expect((await stat(result.path)).mode & 0o777).toBe(0o666 & ~process.umask());
    expect(await readdir(join(w.cwd, 'a/b'))).toEqual(['c.txt']);
  });

  test('keeps mode, byte order mark and CRLF of an old file', async ({ w }) => {
    const path = await w.file('run.sh', '\ufeffold\r\nfile\r\n');
    await chmod(path, 0o754);
    expect(await w.run('write', { path, content: 'new\nlines\n' })).toMatchObject({ created: false });
    expect(await readFile(path, 'utf8')).toBe('\ufeffnew\r\nlines\r\n');
    expect((await stat(path)).mode & 0o777).toBe(0o754);
  });

  test('a folder, or a file as a folder, is an error', async ({ w }) => {
    await w.file('dir/file', '');
    await expect(w.run('write', { path: 'dir', content: '' })).rejects.toMatchObject(
      failure('TOOL_ERROR', /is a folder/),
    );
    await expect(w.run('write', { path: 'dir/file/x', content: '' })).rejects.toMatchObject(
      failure('TOOL_ERROR', /no folder/),
    );
  });

  test('a reader sees the old content or the new, never less', async ({ w }) => {
    const contents = ['a'.repeat(3_000_000), 'b'.repeat(3_000_000)] as const;
    const path = await w.file('big', contents[0]);
    let writing = true;
    const writer = (async () => {
      for (let round = 1; round <= 6; round++) await w.run('write', { path, content: contents[round % 2] });
      writing = false;
    })();
    let looks = 0;
    while (writing) {
      const text = await readFile(path, 'latin1');
      expect(text.length).toBe(3_000_000);
      expect(text[0]).toBe(text[text.length - 1]);
      looks++;
    }
    await writer;
    expect(looks).toBeGreaterThan(1);
  });

  test('writes to one file through two names take turns', async ({ w }) => {
    await w.file('real', 'start\n');
    await symlink('real', join(w.cwd, 'link'));
    const { createTools, toolContext } = await import('../src/index.ts');
    const edit = createTools({ spillDir: w.spillDir }).find(({ name }) => name === 'edit');
    const names = ['real', 'link', 'real', 'link', 'real', 'link'];
    const calls = names.map((path, at) =>
      edit?.run({ path, oldString: 'start\n', newString: `start\n${at}\n` }, toolContext({ cwd: w.cwd })),
    );
    await Promise.all(calls);
    expect((await readFile(join(w.cwd, 'real'), 'utf8')).split('\n').sort()).toEqual([
      '',
      '0',
      '1',
      '2',
      '3',
      '4',
      '5',
      'start',
    ]);
  });
});

describe('edit', () => {
  test('replaces what occurs once, and shows a diff', async ({ w }) => {
    const path = await w.file('a.ts', 'one\ntwo\nthree\nfour\nfive\n');
    const result = await w.run('edit', { path: 'a.ts', oldString: 'three\n', newString: '3\n3b\n' });
    expect(result).toEqual({
      path,
      replacements: 1,
      output: `Edited ${path}: 1 replacement.\n@@ -1,5 +1,6 @@\n one\n two\n-three\n+3\n+3b\n four\n five`,
    });
    expect(await readFile(path, 'utf8')).toBe('one\ntwo\n3\n3b\nfour\nfive\n');
  });

  test.skipIf(!found('patch'))('the diff is one that patch takes', async ({ w }) => {
    const text = Array.from({ length: 40 }, (_, at) => `line ${at}\n`).join('');
    await w.file('old', text);
    const path = await w.file('new', text);
    const { output } = await w.run('edit', { path, oldString: '5\n', newString: '5 and\nmore\n', replaceAll: true });
    await w.file('patch', `--- old\n+++ old\n${output.slice(output.indexOf('@@'))}\n`);
    execFileSync('patch', ['-p0', '-i', 'patch'], { cwd: w.cwd });
    expect(await readFile(join(w.cwd, 'old'), 'utf8')).toBe(await readFile(path, 'utf8'));
  });

  test('says how often, and where, an ambiguous text occurs', async ({ w }) => {
    const path = await w.file('a', 'x\ny\nx\n');
    await expect(w.run('edit', { path, oldString: 'x', newString: 'z' })).rejects.toMatchObject(
      failure('TOOL_ERROR', /occurs 2 times \(lines 1, 3\)/),
    );
    expect(await readFile(path, 'utf8')).toBe('x\ny\nx\n');
    expect(await w.run('edit', { path, oldString: 'x', newString: 'z', replaceAll: true })).toMatchObject({
      replacements: 2,
    });
    expect(await readFile(path, 'utf8')).toBe('z\ny\nz\n');
  });

  test('helps when the text is not there', async ({ w }) => {
    const path = await w.file('a', 'function f() {\n  return 1;\n}\n');
    const edit = (oldString: string): Promise<unknown> => w.run('edit', { path, oldString, newString: 'z' });
    await expect(edit('return 1;\n  }')).rejects.toMatchObject(
      failure('TOOL_ERROR', /line 2 differs only in white space/),
    );
    await expect(edit('     2\t  return 1;')).rejects.toMatchObject(failure('TOOL_ERROR', /leave them out/));
    await expect(edit('return 1;\nfoo')).rejects.toMatchObject(failure('TOOL_ERROR', /Line 2 is like it: return 1;/));
    await expect(edit('nothing')).rejects.toMatchObject(failure('TOOL_ERROR', /not found/));
    await expect(w.run('edit', { path: 'none', oldString: 'a', newString: 'b' })).rejects.toMatchObject(
      failure('TOOL_ERROR', /does not exist/),
    );
  });

  test('keeps CRLF, byte order mark and mode; the caller writes plain line ends', async ({ w }) => {
    const path = await w.file('a', '\ufeffone\r\ntwo\r\nthree\r\n');
    await chmod(path, 0o640);
    await w.run('edit', { path, oldString: 'one\ntwo', newString: '1\n2\n2b' });
    expect(await readFile(path, 'utf8')).toBe('\ufeff1\r\n2\r\n2b\r\nthree\r\n');
    await w.run('edit', { path, oldString: 'three', newString: '3\n4' });
    expect(await readFile(path, 'utf8')).toBe('\ufeff1\r\n2\r\n2b\r\n3\r\n4\r\n');
    expect((await stat(path)).mode & 0o777).toBe(0o640);
  });

  test('replacement text is taken as it is', async ({ w }) => {
    const path = await w.file('a', 'x');
    await w.run('edit', { path, oldString: 'x', newString: "$& $1 $' \\n" });
    expect(await readFile(path, 'utf8')).toBe("$& $1 $' \\n");
  });

  test('refuses what it would damage', async ({ w }) => {
    const path = await w.file('latin1', Buffer.from('caf\xe9 x', 'latin1'));
    await expect(w.run('edit', { path, oldString: 'x', newString: 'y' })).rejects.toMatchObject(
      failure('TOOL_ERROR', /UTF-8/),
    );
    expect(await readFile(path, 'latin1')).toBe('caf\xe9 x');
  });
});

describe('the workspace', () => {
  const tries: [string, (path: string) => [string, object]][] = [
    ['read', (path) => ['read', { path }]],
    ['write', (path) => ['write', { path, content: 'escaped' }]],
    ['edit', (path) => ['edit', { path, oldString: 'secret', newString: 'escaped' }]],
    ['grep', (path) => ['grep', { pattern: 'secret', path }]],
  ];

  test.for(tries)('%s does not leave it', async ([, input], { w }) => {
    await writeFile(join(w.outside, 'file'), 'secret');
    await mkdir(join(w.top, 'work-beside'));
    await writeFile(join(w.top, 'work-beside', 'file'), 'secret');
    await symlink(join(w.outside, 'file'), join(w.cwd, 'link'));
    await symlink(w.outside, join(w.cwd, 'dir'));
    await symlink(join(w.outside, 'fresh'), join(w.cwd, 'dangling'));
    const paths = [
      '../outside/file',
      join(w.outside, 'file'),
      '../work-beside/file',
      'link',
      'dir/file',
      'dir/new',
      'dangling',
    ];
    if (linux) {
      await symlink('/proc/self/root', join(w.cwd, 'proc'));
      paths.push(
        `/proc/self/root${join(w.outside, 'file')}`,
        `proc${join(w.outside, 'file')}`,
        `/proc/self/cwd/../outside/file`,
      );
    }
    for (const path of paths) {
      const [name, params] = input(path);
      await expect(w.run(name, params), path).rejects.toMatchObject({ code: 'PERMISSION_DENIED' });
    }
    expect(await readFile(join(w.outside, 'file'), 'utf8')).toBe('secret');
    expect(await readdir(w.outside)).toEqual(['file']);
  });

  test('links that stay inside work, and a write goes to the target', async ({ w }) => {
    await w.file('dir/real', 'text');
    await symlink('dir/real', join(w.cwd, 'link'));
    await w.run('write', { path: 'link', content: 'new' });
    expect(await readFile(join(w.cwd, 'dir/real'), 'utf8')).toBe('new');
    expect((await w.run('read', { path: 'link' })).output).toContain('new');
  });

  test('more roots may be given', async ({ w }) => {
    const roots = [w.cwd, w.outside];
    await w.run('write', { path: join(w.outside, 'x'), content: 'ok' }, { roots });
    expect((await w.run('read', { path: join(w.outside, 'x') }, { roots })).output).toContain('ok');
  });

  test('a link to a protected file is refused, because the policy saw only the link', async ({ w }) => {
    await w.file('.git/hooks/keep', '');
    await symlink('.git/hooks', join(w.cwd, 'docs'));
    await expect(w.run('write', { path: 'docs/pre-commit', content: '' })).rejects.toMatchObject({
      code: 'PERMISSION_DENIED',
    });
    expect(await w.run('write', { path: '.git/hooks/pre-commit', content: '' })).toMatchObject({ created: true });
  });

  test('a command that passes as reading is held to it, one that was judged is not', async ({ w }) => {
    await writeFile(join(w.outside, 'file'), 'secret');
    await symlink(join(w.outside, 'file'), join(w.cwd, 'link'));
    await expect(w.run('bash', { command: 'cat link' })).rejects.toMatchObject({ code: 'PERMISSION_DENIED' });
    expect((await w.run('bash', { command: 'cat ../outside/file' })).output).toBe('secret');
    await w.file('node_modules/.bin/ls', '#!/bin/sh\necho planted\n');
    await chmod(join(w.cwd, 'node_modules/.bin/ls'), 0o755);
    const environment = { ...process.env, PATH: `${join(w.cwd, 'node_modules/.bin')}:${process.env['PATH'] ?? ''}` };
    expect((await w.run('bash', { command: 'ls' }, {}, { environment })).output).not.toContain('planted');
    expect((await w.run('bash', { command: 'ls; true' }, {}, { environment })).output).toContain('planted');
  });

  test.skipIf(!linux || !found('python3'))('holds while somebody exchanges a folder for a link', async ({ w }) => {
    await w.file('a/file', 'inside');
    await writeFile(join(w.outside, 'file'), 'secret');
    await symlink('../outside', join(w.cwd, 'b'));
    const { spawn } = await import('node:child_process');
    // renameat2 with RENAME_EXCHANGE: the name always leads somewhere, now inside, now outside.
    const swap = 'import ctypes\nc = ctypes.CDLL(None)\nwhile True: c.renameat2(-100, b"a", -100, b"b", 2)';
    const swapper = spawn('python3', ['-c', swap], { cwd: w.cwd, stdio: 'ignore' });
    const ended = new Promise((resolve) => swapper.once('exit', resolve));
    try {
      let done = 0;
      for (const until = performance.now() + 2_000; performance.now() < until;) {
        const read = await w.run('read', { path: 'a/file' }).catch(() => undefined);
        expect(read?.output ?? '').not.toContain('secret');
        const wrote = await w.run('write', { path: 'a/file', content: 'inside' }).catch(() => undefined);
        if (read !== undefined || wrote !== undefined) done++;
      }
      expect(done).toBeGreaterThan(0);
    } finally {
      swapper.kill('SIGKILL');
      await ended;
    }
    expect(await readFile(join(w.outside, 'file'), 'utf8')).toBe('secret');
    expect(await readdir(w.outside)).toEqual(['file']);
  });
});
