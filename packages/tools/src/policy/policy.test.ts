import type { Access, PermissionRequest } from '@reprise/core';
import { describe, expect, test } from 'vitest';
import { createTools, libraryPolicy, permissionPolicy } from '../index.ts';
import type { PermissionMode } from '../index.ts';

const places = { home: '/home/me', environment: {}, spillDir: '/tmp/spill' };
const MODES: readonly PermissionMode[] = ['ask', 'accept-edits', 'auto', 'deny'];
const tools = createTools(places);

/** The request that the engine would make of a call. */
function request(tool: string, input: object, cwd = '/w'): PermissionRequest {
  const access: Access = tools.find(({ name }) => name === tool)?.access?.(input, { cwd }) ?? { effect: 'unknown' };
  return { session: 's', call: 'c', tool, named: true, input, access, cwd, roots: [cwd] };
}

function verdicts(tool: string, input: object): string[] {
  return MODES.map((mode) => permissionPolicy({ ...places, mode }).decide(request(tool, input)).verdict);
}

describe('verdicts of ask, accept-edits, auto, deny', () => {
  test.for([
    ['read', { path: 'a' }, 'allow allow allow allow'],
    ['grep', { pattern: 'x' }, 'allow allow allow allow'],
    ['glob', { pattern: 'x' }, 'allow allow allow allow'],
    ['read', { path: '/tmp/spill/bash-1.txt' }, 'allow allow allow allow'],
    ['write', { path: 'a', content: '' }, 'ask allow allow deny'],
    ['edit', { path: 'a', oldString: 'a', newString: 'b' }, 'ask allow allow deny'],
    ['bash', { command: 'npm test' }, 'ask ask allow deny'],
    ['bash', { command: 'git status' }, 'allow allow allow deny'],
    ['bash', { command: 'git status; rm -r x' }, 'ask ask allow deny'],
    ['custom', {}, 'ask ask allow deny'],
  ] as const)('%s %j: %s', ([tool, input, expected]) => {
    expect(verdicts(tool, input).join(' ')).toBe(expected);
  });

  test.for([
    ['read', { path: '../x' }, 'ask ask deny deny'],
    ['read', { path: '/w-beside/x' }, 'ask ask deny deny'],
    ['read', { path: 'a/../../x' }, 'ask ask deny deny'],
    ['write', { path: '/etc/x', content: '' }, 'ask ask deny deny'],
    ['write', { path: '/tmp/spill/x', content: '' }, 'ask ask deny deny'],
    ['glob', { pattern: 'x', path: '/' }, 'ask ask deny deny'],
    ['bash', { command: 'cat /etc/passwd' }, 'ask ask deny deny'],
  ] as const)('outside the workspace: %s %j: %s', ([tool, input, expected]) => {
    expect(verdicts(tool, input).join(' ')).toBe(expected);
  });

  test.for([
    '.git/hooks/pre-commit',
    '.git/config',
    '.GIT/Config',
    'vendor/x/.git/config',
    '.git',
    '.git/modules/x/config',
    'bare.git/hooks/post-receive',
    '.bashrc',
    'home/.zshrc',
    '.profile',
    '.gitconfig',
    '.ssh/authorized_keys',
    '.config/fish/config.fish',
    '.opencode/config.json',
    'x/.opencode/tool.ts',
  ])('a protected file always asks, also before it exists: %s', (path) => {
    expect(verdicts('write', { path, content: '' })).toEqual(['ask', 'ask', 'ask', 'deny']);
    expect(verdicts('edit', { path, oldString: 'a', newString: 'b' })).toEqual(['ask', 'ask', 'ask', 'deny']);
    expect(verdicts('bash', { command: `cat ${path}` })).toEqual(['ask', 'ask', 'ask', 'deny']);
    expect(verdicts('bash', { command: `echo x >> "${path}"` })).toEqual(['ask', 'ask', 'ask', 'deny']);
  });

  test('so does the folder that REPRISE_HOME names', () => {
    const own = { ...places, environment: { REPRISE_HOME: '/w/own' } };
    const decide = (path: string): string =>
      permissionPolicy({ ...own, mode: 'auto' }).decide(request('write', { path, content: '' })).verdict;
    expect([decide('own/config.json'), decide('owner/x')]).toEqual(['ask', 'allow']);
  });

  test.for(['.github/x', '.gitignore', 'git/hooks/x', 'src/profile', 'user.profile', '.env'])(
    '%s is not protected',
    (path) => {
      expect(verdicts('write', { path, content: '' })).toEqual(['ask', 'allow', 'allow', 'deny']);
    },
  );

  test('every refusal has a reason that a person understands', () => {
    const decision = permissionPolicy({ ...places, mode: 'auto' }).decide(request('read', { path: '/etc/passwd' }));
    expect(decision).toEqual({ verdict: 'deny', reason: '/etc/passwd is outside the workspace.' });
  });
});

describe('the library', () => {
  test('allows what the program named inside the workspace; protected files and paths outside ask', () => {
    const policy = libraryPolicy(places);
    const verdict = (tool: string, input: object): string => policy.decide(request(tool, input)).verdict;
    expect(verdict('bash', { command: 'npm test' })).toBe('allow');
    expect(verdict('write', { path: 'a', content: '' })).toBe('allow');
    expect(verdict('custom', {})).toBe('allow');
    expect(verdict('write', { path: '.git/config', content: '' })).toBe('ask');
    expect(verdict('read', { path: '../x' })).toBe('ask');
  });

  test('judges what the program did not name as the mode ask does', () => {
    const own = libraryPolicy({ ...places, named: ({ tool }) => tool === 'write' });
    expect(own.decide(request('write', { path: 'a', content: '' })).verdict).toBe('allow');
    expect(own.decide(request('bash', { command: 'npm test' })).verdict).toBe('ask');
    const unnamed = (tool: string, input: object): string =>
      libraryPolicy(places).decide({ ...request(tool, input), named: false }).verdict;
    expect(unnamed('read', { path: 'a' })).toBe('allow');
    expect(unnamed('write', { path: 'a', content: '' })).toBe('ask');
  });
});

describe('access', () => {
  test('commands that may do anything run alone, reading ones beside others', () => {
    expect(request('bash', { command: 'make' }).access).toEqual({ effect: 'execute', command: 'make', locks: ['*'] });
    expect(request('bash', { command: 'ls src' }).access).toEqual({
      effect: 'read',
      command: 'ls src',
      paths: ['/w/src'],
    });
  });

  test('calls on one file take turns, however it is spelled', () => {
    const locks = ['a/b', './a/b', '/w/a/b', 'x/../a/b'].map(
      (path) => request('write', { path, content: '' }).access.locks,
    );
    expect(new Set(locks.flat())).toEqual(new Set(['file:/w/a/b']));
    expect(request('read', { path: 'a/b' }).access.locks).toEqual(['file:/w/a/b']);
  });
});
