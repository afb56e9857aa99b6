import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { harmless } from './harmless.ts';
import { plainWords } from './words.ts';

describe('words', () => {
  test.for([
    ['ls -la src', ['ls', '-la', 'src']],
    [`rg 'a|b $(x)' "two words"`, ['rg', 'a|b $(x)', 'two words']],
    ['git show HEAD~1 main^', ['git', 'show', 'HEAD~1', 'main^']],
    [`a'b'"c"d ''`, ['abcd', '']],
  ] as const)('%s', ([command, words]) => {
    expect(plainWords(command)).toEqual(words);
  });

  test.for([
    '',
    '  ',
    'ls $(rm x)',
    'ls `rm x`',
    'ls "$(rm x)"',
    'ls "`rm x`"',
    'ls "$HOME"',
    'ls > x',
    'ls 2>&1',
    'cat < x',
    'cat <<EOF\nx\nEOF',
    'ls; rm x',
    'ls && rm x',
    'ls || rm x',
    'ls | sh',
    'ls & rm x',
    'ls\nrm x',
    'ls\rrm x',
    'ls *',
    'ls ?',
    'ls [a]',
    'ls {a,b}',
    'ls ~',
    'ls ~root',
    'ls a\\ b',
    'ls # x',
    'ls !x',
    'ls "a!b"',
    "ls 'a",
    'ls "a',
    "ls $'a'",
    'ls (a)',
    'ls \u00a0x',
    'ls ä',
    'ls \0',
  ])('gives up at %j', (command) => {
    expect(plainWords(command)).toBeUndefined();
  });

  const METACHARACTERS = '$`\\;&|<>(){}[]*?!#~^\n\r\0"\'';

  test('never takes anything in which a metacharacter stands outside quotes', () => {
    const part = fc.oneof(
      fc.constantFrom('ls', 'cat', 'git', 'log', 'a', ' ', '-n', "'", '"', '.', '/'),
      fc.constantFrom(...METACHARACTERS),
      fc.string({ maxLength: 4 }),
    );
    fc.assert(
      fc.property(fc.array(part, { maxLength: 12 }), (parts) => {
        const command = parts.join('');
        const words = plainWords(command);
        if (words === undefined) return;
        // What remains without quoted strings; inside double quotes a shell still reads $, backtick, backslash and !.
        const bare = command.replaceAll(/'[^']*'|"[^"$`\\!]*"/g, '');
        expect(bare).toMatch(/^[A-Za-z0-9_./:@%+,= \t~^-]*$/);
      }),
      { numRuns: 5_000 },
    );
  });

  test('reads what it takes as bash does', () => {
    const part = fc.constantFrom(
      'a',
      'b-c',
      ' ',
      '  ',
      "'x y'",
      '"p q"',
      '~',
      '^',
      '=',
      '-n',
      '/',
      "'$z'",
      '%',
      ',',
      ':',
      "''",
    );
    fc.assert(
      fc.property(fc.array(part, { maxLength: 8 }), (parts) => {
        const command = parts.join('');
        const words = plainWords(`x ${command}`);
        if (words === undefined) return;
        const shell = execFileSync('bash', ['-c', `for word in ${command}; do printf '%s\\0' "$word"; done`], {
          encoding: 'utf8',
        });
        expect(words.slice(1)).toEqual(shell.split('\0').slice(0, -1));
      }),
      { numRuns: 60 },
    );
  });
});

describe('harmless commands', () => {
  test.for([
    ['pwd', ['/w']],
    ['ls', ['/w']],
    ['ls -la src ../x', ['/w/src', '/x']],
    ['cat -n a.txt /etc/passwd', ['/w/a.txt', '/etc/passwd']],
    ['head -n 5 a', ['/w/a']],
    ['tail -20 a', ['/w/a']],
    ['echo hello world', ['/w']],
    ['git status --short', ['/w']],
    ['git diff HEAD~1 -- src', ['/w/HEAD~1', '/w/src']],
    ['git log --oneline -n 5', ['/w']],
    ['git branch -a', ['/w']],
    ["rg -n 'a|b' src", ['/w/src']],
    ['rg -e foo -- src', ['/w/src']],
    ['grep -rn --include=*.ts foo .'.replace('*', "'*'"), ['/w']],
    ['find . -name a.ts -type f', ['/w']],
    ['wc -l a b', ['/w/a', '/w/b']],
  ] as const)('%s reads %j', ([command, paths]) => {
    expect(harmless(command, '/w')?.paths).toEqual(paths);
  });

  test.for([
    'rm x',
    'A=1 ls',
    'PATH=. ls',
    './ls',
    '/tmp/ls',
    'find . -exec rm x',
    'find . -delete',
    'find . -fprint x',
    'find . -ok rm',
    'find -L .',
    'find . -newer /etc/passwd',
    'git -c core.pager=sh log',
    'git -C /tmp status',
    'git --git-dir=/tmp/x status',
    'git --exec-path=/tmp log',
    'git log --output=x',
    'git diff --ext-diff',
    'git diff --textconv',
    'git diff --no-index a b',
    'git branch new',
    'git branch -D main',
    'git push',
    'git',
    'git commit -m x',
    'sort -o out in',
    'sort --output=out in',
    'sort --compress-program=sh a',
    'sort -T /tmp a',
    'uniq in out',
    'rg --pre=./x foo',
    'rg --pre ./x foo',
    'rg -z foo',
    'rg -f patterns',
    'rg --hostname-bin=x foo',
    'rg -L foo',
    'rg --follow foo',
    'rg foo -e bar',
    'grep -f list a',
    'grep -R foo .',
    'grep',
    'ls --hyperlink=always',
    'tail -f log',
    'tail --pid=1 -f x',
    'diff -r a b',
    'date -s 2020-01-01',
    'env',
    'xargs rm',
    'cat ""',
    'tree -o x',
    'bash -c ls',
    'command ls',
    'eval ls',
    'exec ls',
    'which -x ls',
  ])('%s is none', (command) => {
    expect(harmless(command, '/w')).toBeUndefined();
  });
});
