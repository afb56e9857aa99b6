import type { AskRequest } from '@reprise/core';
import { describe, expect, it } from 'vitest';
import { fakeIo } from './testing.ts';
import { confirm, terminalAsker } from './ask.ts';

const bash = (command: string): AskRequest => ({
  id: 'ask_1',
  fingerprint: 'f',
  session: 's',
  call: 'c',
  tool: 'bash',
  input: { command },
  access: { effect: 'execute', command },
  cwd: '/work',
  roots: ['/work'],
  named: false,
});
const edit: AskRequest = {
  ...bash(''),
  tool: 'edit',
  input: { path: 'a.ts', oldString: 'one\ntwo', newString: 'three' },
  access: { effect: 'write', paths: ['/work/a.ts'] },
};

function person(...answers: (string | undefined)[]) {
  const io = fakeIo({ stdin: { kind: 'terminal' }, errTTY: true });
  let asked = 0;
  const ask = terminalAsker(io, async () => {
    asked++;
    return answers.shift();
  });
  if (!ask) throw new Error('nobody to ask');
  return { ask: (request: AskRequest) => ask(request, new AbortController().signal), io, asked: () => asked };
}

describe('asking on the terminal', () => {
  it('is impossible where standard input or standard error is no terminal', () => {
    expect(terminalAsker(fakeIo({ stdin: { kind: 'pipe' }, errTTY: true }))).toBeUndefined();
    expect(terminalAsker(fakeIo({ stdin: { kind: 'terminal' }, errTTY: false }))).toBeUndefined();
  });

  it.each(['y', 'Y', 'yes', ' y '])('%j allows once', async (answer) => {
    const { ask, asked } = person(answer, 'n');
    expect(await ask(bash('ls'))).toEqual({ allow: true });
    expect(await ask(bash('ls'))).toMatchObject({ allow: false });
    expect(asked()).toBe(3);
  });

  it.each(['n', 'no', undefined])('%j denies, and the model is told', async (answer) => {
    expect(await person(answer).ask(bash('ls'))).toEqual({ allow: false, message: 'The user said no.' });
  });

  it('an answer that is none is asked for again, three times at most', async () => {
    const { ask, asked } = person('maybe', '', 'what');
    expect(await ask(bash('ls'))).toMatchObject({ allow: false });
    expect(asked()).toBe(3);
  });

  it('"a" allows this from now on', async () => {
    const { ask, asked } = person('a', 'always');
    expect(await ask(bash('ls'))).toEqual({ allow: true, always: true });
    expect(await ask(edit)).toEqual({ allow: true, always: true });
    expect(asked()).toBe(2);
  });

  it('after "n" takes a word for the model', async () => {
    const { ask, io } = person('n', ' use grep ', 'n', ' ');
    expect(await ask(bash('ls'))).toEqual({ allow: false, message: 'use grep' });
    expect(await ask(bash('ls'))).toEqual({ allow: false, message: 'The user said no.' });
    expect(io.stderr()).toContain('What should it do instead?');
  });

  it('says where a call comes from that is not this session’s', async () => {
    const { ask, io } = person('y');
    await ask({ ...bash('ls'), path: ['child'] });
    expect(io.stderr()).toContain('In a sub-session: bash wants');
  });

  it('leaves the line when the question was answered elsewhere', async () => {
    const io = fakeIo({ stdin: { kind: 'terminal' }, errTTY: true });
    const over = new AbortController();
    const ask = terminalAsker(io, async () => {
      over.abort();
      return undefined;
    });
    await ask?.(bash('ls'), over.signal);
    expect(io.stderr()).toMatch(/No answer is needed here any more\.\n$/);
  });

  it.each([
    ['2', { allow: true, text: 'blue' }],
    ['9', { allow: true, text: '9' }],
    ['green', { allow: true, text: 'green' }],
    ['', { allow: false, message: 'The user gave no answer.' }],
    [undefined, { allow: false, message: 'The user gave no answer.' }],
  ])('a question of a tool, answered %j', async (answer, expected) => {
    const { ask, io } = person(answer);
    const question = { text: 'Which colour?', choices: ['red', 'blue'] };
    expect(await ask({ ...bash('ls'), question })).toEqual(expected);
    expect(io.stderr()).toContain('bash asks: Which colour?\n  1  red\n  2  blue\n');
  });

  it('shows the whole command, and what an edit changes', async () => {
    const { ask, io } = person('n', '', 'n');
    const command = `echo ${'x'.repeat(5000)}; rm -rf build`;
    await ask(bash(command));
    expect(io.stderr()).toContain(`bash wants to run a command\n  ${command}\n`);
    await ask(edit);
    expect(io.stderr()).toContain('edit wants to write\n  /work/a.ts\n  - one\n  - two\n  + three\n');
  });

  it('lets nothing that is shown act on the terminal', async () => {
    const { ask, io } = person('n');
    await ask(bash('echo \u001b[1A\u001b[2K safe \u202e'));
    expect(io.stderr()).not.toMatch(/[\u001b\u202e]/);
  });

  it('asks one question at a time', async () => {
    const io = fakeIo({ stdin: { kind: 'terminal' }, errTTY: true });
    const waiting: ((answer: string) => void)[] = [];
    const ask = terminalAsker(io, () => new Promise((resolve) => waiting.push(resolve)));
    const { signal } = new AbortController();
    const both = [ask?.(bash('one'), signal), ask?.(bash('two'), signal)];
    await new Promise((resolve) => setImmediate(resolve));
    expect(waiting).toHaveLength(1);
    expect(io.stderr()).not.toContain('two');
    waiting[0]?.('y');
    await both[0];
    await new Promise((resolve) => setImmediate(resolve));
    waiting[1]?.('n');
    await new Promise((resolve) => setImmediate(resolve));
    waiting[2]?.('');
    expect(await Promise.all(both)).toEqual([{ allow: true }, { allow: false, message: 'The user said no.' }]);
  });
});

describe('a plain question', () => {
  const terminal = { stdin: { kind: 'terminal' }, errTTY: true } as const;

  it.each([
    ['y', true],
    [' YES ', true],
    ['', false],
    ['yesterday', false],
    [undefined, false],
  ])('answered %j is %j', async (answer, expected) => {
    const io = fakeIo(terminal);
    expect(await confirm(io, 'Sure?', async () => answer)).toBe(expected);
    expect(io.stderr()).toBe('Sure? [y/N] ');
  });

  it('where nobody is there is not asked', async () => {
    const io = fakeIo({ ...terminal, errTTY: false });
    expect(await confirm(io, 'Sure?')).toBeUndefined();
    expect(io.stderr()).toBe('');
  });
});
