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
    expect(asked()).toBe(2);
  });

  it.each(['n', 'no', undefined])('%j denies, and the model is told', async (answer) => {
    expect(await person(answer).ask(bash('ls'))).toEqual({ allow: false, message: 'The user said no.' });
  });

  it('an answer that is none is asked for again, three times at most', async () => {
    const { ask, asked } = person('maybe', '', 'what');
    expect(await ask(bash('ls'))).toMatchObject({ allow: false });
    expect(asked()).toBe(3);
  });

  it('"a" allows exactly this for the rest of the run', async () => {
    const { ask, asked } = person('a', 'n', 'a', 'n', 'n');
    expect(await ask(bash('ls'))).toEqual({ allow: true });
    expect(await ask(bash('ls'))).toEqual({ allow: true });
    expect(await ask(bash('ls -a'))).toMatchObject({ allow: false });
    expect(await ask(edit)).toEqual({ allow: true });
    expect(await ask(edit)).toEqual({ allow: true });
    for (const other of [{ newString: 'four' }, { path: 'b.ts' }])
      expect(await ask({ ...edit, input: { ...Object(edit.input), ...other } })).toMatchObject({ allow: false });
    expect(asked()).toBe(5);
  });

  it('shows the whole command, and what an edit changes', async () => {
    const { ask, io } = person('n', 'n');
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
