import { execFileSync, spawnSync } from 'node:child_process';
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect } from 'vitest';
import { found, test } from './support.ts';
import type { Workspace } from './support.ts';

const child = fileURLToPath(new URL('./write-child.ts', import.meta.url));
const command = [process.execPath, '--conditions=@reprise/source', '--disable-warning=ExperimentalWarning', child];
const canTrace =
  process.platform === 'linux' && found('strace') && spawnSync('strace', ['-o', '/dev/null', 'true']).status === 0;

describe.skipIf(!canTrace)('a crash while writing (strace)', () => {
  test('content is synced before it gets the name, and the folder afterwards', { timeout: 60_000 }, async ({ w }) => {
    await w.file('file', 'old');
    const log = join(w.top, 'trace');
    execFileSync('strace', ['-f', '-y', '-o', log, '-e', 'trace=fsync,rename,renameat,renameat2', ...command, w.cwd]);
    const calls = (await readFile(log, 'utf8'))
      .split('\n')
      .filter((line) => line.includes(w.cwd) || line.includes('rename'));
    const order = calls.map((line) => (line.includes('rename') ? 'rename' : line.includes('.tmp') ? 'file' : 'folder'));
    expect(order).toEqual(['file', 'rename', 'folder']);
  });

  test.for(['fsync', 'rename'])('killed at %s the old content is there', { timeout: 60_000 }, async (call, { w }) => {
    await w.file('file', 'old');
    const inject = `inject=${call}:signal=KILL:when=1`;
    spawnSync('strace', ['-f', '-o', '/dev/null', '-e', inject, ...command, w.cwd]);
    expect(await contents(w)).toMatch(call === 'fsync' ? /^old$/ : /^(old|new)$/);
  });

  test('a disk that fills up leaves the old content and no other file', { timeout: 60_000 }, async ({ w }) => {
    await w.file('file', 'old');
    const inject = 'inject=fsync:error=ENOSPC:when=1';
    const { stdout } = spawnSync('strace', ['-f', '-o', '/dev/null', '-e', inject, ...command, w.cwd], {
      encoding: 'utf8',
    });
    expect(stdout).toContain('TOOL_ERROR');
    expect(stdout).toContain('disk is full');
    expect(await contents(w)).toBe('old');
    expect(await readdir(w.cwd)).toEqual(['file']);
  });
});

async function contents(w: Workspace): Promise<string> {
  return readFile(join(w.cwd, 'file'), 'utf8');
}
