import type { LanguageModelV4CallOptions, LanguageModelV4ToolResultOutput } from '@ai-sdk/provider';
import { expect, test } from 'vitest';
import { joined, only, stream, tool, user } from '../../test/support.ts';
import { createDemoModel } from './model.ts';
import { plan } from './plan.ts';
import { plain } from './summary.ts';
import { EXAMPLES, understand } from './understand.ts';

const tools = ['bash', 'read', 'write', 'edit', 'grep', 'glob'].map(tool);
type Prompt = LanguageModelV4CallOptions['prompt'];

/** Plays a turn: `run` stands for the tools. Gives the text of every reply and every call. */
function turn(
  request: string,
  run: (tool: string, input: any) => string | LanguageModelV4ToolResultOutput,
  before: Prompt = [],
) {
  const prompt: Prompt = [...before, user(request)];
  const texts: string[] = [];
  const calls: [string, unknown][] = [];
  for (let step = 0; step < 10; step += 1) {
    const reply = plan({ prompt, tools });
    texts.push(reply.text);
    if (reply.calls.length === 0) return { texts, calls, prompt, last: reply.text };
    const ids = reply.calls.map((_, i) => `${step}-${i}`);
    calls.push(...reply.calls.map(({ tool: name, input }): [string, unknown] => [name, input]));
    prompt.push(
      {
        role: 'assistant',
        content: [
          { type: 'text', text: reply.text },
          ...reply.calls.map((call, i) => ({
            type: 'tool-call' as const,
            toolCallId: ids[i]!,
            toolName: call.tool,
            input: call.input,
          })),
        ],
      },
      {
        role: 'tool',
        content: reply.calls.map((call, i) => {
          const output = run(call.tool, call.input);
          return {
            type: 'tool-result' as const,
            toolCallId: ids[i]!,
            toolName: call.tool,
            output: typeof output === 'string' ? { type: 'text' as const, value: output } : output,
          };
        }),
      },
    );
  }
  throw new Error('The demo does not come to an end.');
}

test.each<[string, object]>([
  ['list src', { kind: 'list', path: 'src' }],
  ['List the files in packages/core.', { kind: 'list', path: 'packages/core' }],
  ['list files', { kind: 'list', path: '.' }],
  ['ls', { kind: 'list', path: '.' }],
  ['find files *.md', { kind: 'list', path: '.', pattern: '*.md' }],
  ['read README.md', { kind: 'read', path: 'README.md' }],
  ['Please read the file "my notes.txt"', { kind: 'read', path: 'my notes.txt' }],
  ['show me package.json.', { kind: 'read', path: 'package.json' }],
  ['search for "a.b(c" in src', { kind: 'search', pattern: String.raw`a\.b\(c`, shown: 'a.b(c', path: 'src' }],
  ['what is in this folder?', { kind: 'summarise', path: '.' }],
  ['what is this: text', { kind: 'help' }],
  ['list this folder', { kind: 'list', path: '.' }],
  ['grep TODO', { kind: 'search', pattern: 'TODO' }],
  ['Summarise this folder', { kind: 'summarise', path: '.' }],
  ['summarize the project', { kind: 'summarise', path: '.' }],
  ['summarise the folder docs', { kind: 'summarise', path: 'docs' }],
  ['write hello.txt with "two\nlines"', { kind: 'write', path: 'hello.txt', content: 'two\nlines' }],
  ['create a file called a.txt containing: x y', { kind: 'write', path: 'a.txt', content: 'x y' }],
  ['edit a.txt replace "x" with "y z"', { kind: 'edit', path: 'a.txt', from: 'x', to: 'y z' }],
  ["replace 'x' with 'y' in a.txt", { kind: 'edit', path: 'a.txt', from: 'x', to: 'y' }],
  ['run ls -la', { kind: 'run', command: 'ls -la' }],
  ['run `npm test`', { kind: 'run', command: 'npm test' }],
  ['What did I ask you before?', { kind: 'recall' }],
  ['what was my last question', { kind: 'recall' }],
  ['write me a poem about the sea', { kind: 'help' }],
  ['', { kind: 'help' }],
])('%j', (text, intent) => {
  expect(understand(text)).toMatchObject(intent);
});

test('every documented example is understood', () => {
  for (const example of EXAMPLES) expect(understand(example).kind, example).not.toBe('help');
});

test('every reply says that it is no AI model', () => {
  const requests = [...EXAMPLES, 'who are you?', 'read /nowhere'];
  for (const request of requests)
    for (const text of turn(request, () => 'some text with TODO and Hello').texts)
      expect(text, request).toContain('no AI model');
});

test('a summary lists, then reads, then says what the tools returned', () => {
  const files: Record<string, string> = {
    '.': 'lamp.ts\npackage.json\nREADME.md\nsrc/',
    'README.md': '     1\t# Lighthouse\n     2\t\n     3\tA lamp for ships.\n',
    'package.json':
      '{"name":"lighthouse","description":"A lamp","scripts":{"start":"x","test":"y"},"dependencies":{"a":"1"}}',
  };
  const { calls, texts, last } = turn('summarise this folder', (name, input) =>
    name === 'glob' ? 'README.md\npackage.json\nlamp.ts' : (files[input.path] ?? 'no such file'),
  );
  expect(calls).toEqual([
    ['glob', { pattern: './*' }],
    ['read', { path: '.' }],
    ['read', { path: 'README.md' }],
    ['read', { path: 'package.json' }],
  ]);
  expect(texts).toHaveLength(3);
  for (const fact of [
    '"Lighthouse"',
    'A lamp for ships.',
    'the package lighthouse',
    'start, test',
    '1 dependency',
    'lamp.ts',
  ])
    expect(last).toContain(fact);
});

test('a file that cannot be read does not spoil the summary', () => {
  const { last } = turn('summarise this folder', (name) =>
    name === 'glob' ? 'README.md' : { type: 'error-text', value: 'EACCES: permission denied' },
  );
  expect(last).toContain('README.md could not be read: EACCES');
});

test('a summary of what may not be looked at is none', () => {
  const { last } = turn('summarise this folder', () => ({ type: 'execution-denied', reason: 'nobody to ask' }));
  expect(last).toMatch(/`glob` did not succeed[\s\S]*nobody to ask/);
});

test('a list is what reading the folder gives, else what another tool gives', () => {
  const { calls, last } = turn('list src', () => 'a.ts\nlib/');
  expect(calls).toEqual([['read', { path: 'src' }]]);
  expect(last).toContain('a.ts\nlib/');
  const offering = (name: string) => plan({ prompt: [user('list src')], tools: [tool(name)] }).calls;
  expect(offering('glob')).toEqual([{ tool: 'glob', input: { pattern: './*', path: 'src' } }]);
  expect(offering('bash')).toEqual([{ tool: 'bash', input: { command: `ls -1 -- 'src'` } }]);
  expect(turn('find files *.md', () => 'a.md').calls).toEqual([['glob', { pattern: '*.md' }]]);
});

test('an edit reads first, and tells when it was refused', () => {
  const found = turn('edit a.txt replace "x" with "y"', () => 'ax');
  expect(found.calls).toEqual([
    ['read', { path: 'a.txt' }],
    ['edit', { path: 'a.txt', oldString: 'x', newString: 'y' }],
  ]);
  expect(found.last).toContain('I replaced "x" with "y"');
  const refused = turn('edit a.txt replace "x" with "y"', (name) =>
    name === 'read' ? 'nothing like it' : { type: 'error-text', value: 'not found in the file' },
  );
  expect(refused.last).toContain('not found in the file');
});

test.each<[string, LanguageModelV4ToolResultOutput]>([
  ['denied', { type: 'execution-denied', reason: 'nobody to ask' }],
  ['failed', { type: 'error-text', value: 'nobody to ask' }],
])('a call that was %s ends the turn with the reason', (_, output) => {
  const { texts, last } = turn('run rm -rf x', () => output);
  expect(texts).toHaveLength(2);
  expect(last).toMatch(/`bash` did not succeed[\s\S]*nobody to ask/);
});

test('only tools that are offered are called', () => {
  for (const request of EXAMPLES) {
    const reply = plan({ prompt: [user(request)], tools: [] });
    expect(reply.calls, request).toEqual([]);
  }
  expect(plan({ prompt: [user('read a.txt')] }).text).toContain('`read`, which is not offered');
  expect(plan({ prompt: [user("list it's")], tools: [tool('bash')] }).calls).toEqual([
    { tool: 'bash', input: { command: String.raw`ls -1 -- 'it'\''s'` } },
  ]);
});

test('a later turn begins anew', () => {
  const first = turn('read a.txt', () => ({ type: 'error-text', value: 'no such file' }));
  expect(turn('read b.txt', () => 'text', first.prompt).calls).toEqual([['read', { path: 'b.txt' }]]);
});

test('it tells what was asked before, from the prompt alone', () => {
  const first = turn('read README.md', () => 'text');
  const again = turn('what did I ask before?', () => '', first.prompt);
  expect(again.last).toContain('1. read README.md');
  expect(turn('what did I ask before?', () => '').last).toContain('nothing before this');
});

test('of messages that come as one, because the first was never answered, the last is the request', () => {
  const parts = ['read a.txt', 'what did I ask before?'].map((text) => ({ type: 'text' as const, text }));
  const { text } = plan({ prompt: [{ role: 'user', content: parts }], tools });
  expect(text).toContain('1. read a.txt');
});

test('an unknown request is answered with the list and the way to a real model', () => {
  const { last } = turn('prove the Riemann hypothesis', () => '');
  for (const text of ['summarise this folder', 'ANTHROPIC_API_KEY', '--model anthropic/']) expect(last).toContain(text);
});

test('it streams words, makes real calls and reports no tokens', async () => {
  let n = 0;
  const model = createDemoModel({ ids: () => `id-${(n += 1)}` });
  const parts = await stream(model, { text: 'read README.md', tools });
  expect(parts[0]).toEqual({ type: 'stream-start', warnings: [] });
  for (const { delta } of only(parts, 'text-delta')) expect(delta).toMatch(/^\S+\s*$/);
  expect(joined(parts, 'text-delta')).toContain('I read README.md.');
  expect(only(parts, 'tool-call')).toEqual([
    { type: 'tool-call', toolCallId: 'id-1', toolName: 'read', input: '{"path":"README.md"}' },
  ]);
  expect(only(parts, 'finish')).toMatchObject([
    { finishReason: { unified: 'tool-calls' }, usage: { inputTokens: { total: 0 }, outputTokens: { total: 0 } } },
  ]);
  const whole = await model.doGenerate({ prompt: [user('hi')] });
  expect(whole.content[0]).toMatchObject({ type: 'text', text: expect.stringContaining('no AI model') });
  expect(whole.finishReason.unified).toBe('stop');
});

test('an abort ends the stream at once, in a delay too', async () => {
  const abort = new AbortController();
  const result = await createDemoModel({ delayMs: 60_000 }).doStream({
    prompt: [user('hi')],
    abortSignal: abort.signal,
  });
  const read = result.stream.getReader().read();
  abort.abort();
  await expect(read).rejects.toMatchObject({ name: 'AbortError' });
  await expect(createDemoModel().doStream({ prompt: [user('hi')], abortSignal: abort.signal })).rejects.toMatchObject({
    name: 'AbortError',
  });
});

test('line numbers that a tool adds are taken off, and only those', () => {
  expect(plain('1: a\n2: b')).toBe('a\nb');
  expect(plain('    1→a\n    2→')).toBe('a\n');
  expect(plain('1: a\nb')).toBe('1: a\nb');
});
