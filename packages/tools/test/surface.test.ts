import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import * as surface from '../src/index.ts';

test('the public names', () => {
  expect(Object.keys(surface).sort()).toEqual([
    'bashTool',
    'createTools',
    'editTool',
    'globTool',
    'grepTool',
    'libraryPolicy',
    'permissionPolicy',
    'readTool',
    'toolContext',
    'writeTool',
  ]);
});

test('importing it loads no implementation and no heavy part of Node', () => {
  const index = fileURLToPath(new URL('../src/index.ts', import.meta.url));
  const script = `
    const before = new Set(process.moduleLoadList);
    const { createTools, permissionPolicy } = await import(${JSON.stringify(index)});
    createTools(); permissionPolicy({ mode: 'ask' });
    const after = process.moduleLoadList.filter((name) => !before.has(name));
    console.log(after.filter((name) => /child_process|fs.promises|NativeModule (net|crypto|http|stream)$/.test(name)).join());`;
  const { stdout, stderr } = spawnSync(
    process.execPath,
    ['--conditions=@reprise/source', '--disable-warning=ExperimentalWarning', '--input-type=module', '-e', script],
    { encoding: 'utf8' },
  );
  expect(stderr).toBe('');
  expect(stdout.trim()).toBe('');
});
