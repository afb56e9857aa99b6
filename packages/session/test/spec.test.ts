import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { anthropic, startFakeProvider } from '@reprise/fake-provider';
import type { FakeProvider } from '@reprise/fake-provider';
import { Session } from '@reprise/session';
import { SPEC, asModule, blocksOf, piecesOf } from './spec/blocks.ts';
import { typeCheck } from './spec/compile.ts';
import { runBlock } from './spec/run.ts';
import type { Fixture, Ran } from './spec/run.ts';
import type { Inputs, Outputs } from './spec/types.ts';
import { environmentOf, temporaryFolder } from './support.ts';

/** Compiled with this package: see there. */
type _Types = [Outputs, Inputs];

const blocks = blocksOf(SPEC);
const typescript = blocks.filter((block) => block.language === 'typescript');
const isTree = (code: string): boolean => /^~\//m.test(code);
const folder = temporaryFolder();
/** Where the tools work; Reprise's own folder is protected. */
const workspace = temporaryFolder();
let fake: FakeProvider;
let fixture: Fixture;
let ran = 0;

const say = (text: string) => anthropic.message({ text });
const call = (name: string, input: unknown) => anthropic.message({ toolCalls: [{ name, input }] });
const words = (request: { json: any }): string => JSON.stringify(request.json.messages);
const lastRequest = () => fake.requests.at(-1)?.json;

beforeAll(async () => {
  fake = await startFakeProvider({ strict: true });
  for (const [name, value] of Object.entries(environmentOf(fake))) vi.stubEnv(name, value);
  vi.stubEnv('REPRISE_HOME', folder.path);
  writeFileSync(join(workspace.path, 'notes.txt'), 'build an API');
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await fake.close();
  folder.remove();
  workspace.remove();
});

beforeEach(async () => {
  fake.fallback('anthropic', say('Very well.'));
  const session = await Session.create({ model: 'claude-sonnet', cwd: workspace.path, tools: ['read'] });
  session.registerTool({ name: 'recall', description: 'What was noted.', handler: () => 'build an API' });
  await session.message('Hello');
  const exported = await session.export();
  // 'abc123' is a session that must be there before it can be resumed.
  await Session.import({ ...exported, id: 'abc123' });
  const [first] = await session.getMessages();
  fixture = { session, messageId: first?.id ?? '', exportedData: { ...exported, id: 'imported-1' } };
});
afterEach(async () => {
  expect(fake.pending('anthropic')).toBe(0);
  await Session.deleteAll();
});

/** What each block must do that can be seen from outside, and what it needs to begin. */
const scenarios: Record<string, { before?: () => void; after: (ran: Ran) => unknown }> = {
  'Usage / Create Session': {
    async after({ names, printed }) {
      expect(printed).toEqual([`Session ID: ${names['session'].id}`]);
      await names['session'].message('Hi');
      expect(lastRequest()).toMatchObject({
        max_tokens: 4096,
        system: [{ text: 'You are a helpful coding assistant.' }],
      });
      expect(lastRequest().tools.map((tool: { name: string }) => tool.name)).toEqual(['bash', 'edit', 'read', 'write']);
    },
  },
  'Usage / Send Message': {
    before: () => fake.script('anthropic', call('recall', {}), say('An API, then.')),
    after({ printed }) {
      expect(printed.slice(0, 2)).toEqual(['\nCalling tool: recall', 'Tool result: build an API']);
      expect(printed.slice(2).join('')).toBe('An API, then.');
    },
  },
  'Usage / Resume Session': {
    before: () => fake.script('anthropic', say('You said hello.')),
    after({ names }) {
      expect(names['session'].id).toBe('abc123');
      expect(names['response']).toMatchObject({ role: 'assistant', content: 'You said hello.' });
      expect(words({ json: lastRequest() })).toMatch(/Hello.*Very well\..*What was my previous question\?/);
    },
  },
  'Usage / List Sessions': {
    after({ printed, names }) {
      expect(printed).toContain('abc123: 2 messages');
      expect(printed).toContain(`${fixture.session.id}: 2 messages`);
      expect(printed.at(-2)).toBe(`Created: ${names['info'].createdAt}`);
      expect(printed.at(-1)).toBe(`Last message: ${names['info'].lastMessage}`);
      expect(new Date(names['info'].lastMessage).toISOString()).toBe(names['info'].lastMessage);
    },
  },
  'Usage / Delete Session': {
    async after() {
      expect(await Session.list()).toEqual([]);
      expect(readdirSync(join(folder.path, 'sessions')).filter((name) => /^[a-z0-9]/.test(name))).toEqual([]);
      await expect(fixture.session.getMessages()).rejects.toMatchObject({ code: 'SESSION_NOT_FOUND' });
    },
  },
  // Types alone: that ours fit them, and they ours, is in spec/types.ts.
  'Session Configuration': { after: interfacesAreTheSpecs },
  'Message Types': { after: interfacesAreTheSpecs },
  'Session State': { after: interfacesAreTheSpecs },
  'Context Management': {
    after({ names, printed }) {
      expect(names['usage']).toEqual({ current: expect.any(Number), max: 200_000 });
      expect(names['usage'].current).toBeGreaterThan(0);
      expect(printed).toEqual([`Using ${names['usage'].current} / 200000 tokens`]);
    },
  },
  'System Prompts / Custom Prompts': {
    async after({ names }) {
      await names['session'].message('Hi');
      const prompt = /systemPrompt: `([^`]+)`/.exec(SPEC)?.[1];
      expect(lastRequest().system.map((block: { text: string }) => block.text)).toEqual([prompt]);
    },
  },
  'System Prompts / Prompt Templates': {
    async after({ names }) {
      await names['session'].message('Hi');
      const system = lastRequest().system[0].text;
      expect(system).toBe(names['template'].render());
      for (const word of ['backend developer', 'typescript', 'express', 'functional']) expect(system).toContain(word);
    },
  },
  'Tool Integration / Register Tools': {
    async after({ names }) {
      fake.script('anthropic', call('custom_tool', { param: 'x' }), say('Done.'));
      const answer = await names['session'].message('Do it');
      expect(answer.content).toBe('Done.');
      const [, called] = await names['session'].getMessages();
      expect(called.toolCalls).toMatchObject([{ tool: 'custom_tool', params: { param: 'x' } }]);
      expect(called.toolResults).toEqual([{ id: called.toolCalls[0].id, result: { result: 'success' } }]);
      const offered = lastRequest().tools.map((tool: { name: string }) => tool.name);
      expect(offered).toEqual(['bash', 'edit', 'read', 'write', 'grep', 'glob', 'custom_tool']);
    },
  },
  'Session Persistence / Manual Save/Load': {
    after({ names, printed }) {
      expect(JSON.parse(printed[0] as string)).toMatchObject({ id: 'abc123', messages: [{ content: 'Hello' }, {}] });
      expect(names['session'].id).toBe('imported-1');
      expect(names['session'].state.messageCount).toBe(2);
    },
  },
  Streaming: {
    before: () => fake.script('anthropic', say('A feature, in several pieces of text.')),
    after: ({ printed }) => {
      expect(printed.length).toBeGreaterThan(1);
      expect(printed.join('')).toBe('A feature, in several pieces of text.');
    },
  },
  'Streaming / Stream Events': {
    before: () => fake.script('anthropic', call('read', { path: 'notes.txt' }), say('Done it.')),
    async after({ names, printed }) {
      const { tokens } = await names['stream'].outcome();
      expect(printed[0]).toBe('Response started');
      expect(printed[1]).toBe('Tool call: read');
      expect(printed.slice(2, -1)).toEqual(['Text: Done it.']);
      expect(printed.at(-1)).toBe(`Done. Tokens: ${tokens}`);
      expect(tokens).toBe(80);
    },
  },
  'Multi-Turn Conversations': {
    after() {
      const asked = [...SPEC.matchAll(/^\/\/ Turn \d\nawait session\.message\('(.+)'\)/gm)].map((match) => match[1]);
      expect(asked).toHaveLength(3);
      for (const text of asked) expect(words({ json: lastRequest() })).toContain(text);
    },
  },
  'Error Handling': { after: ({ printed }) => expect(printed).toEqual([]) },
  'Session Events': {
    async after({ names, printed }) {
      fake.script('anthropic', call('read', { path: 'no-such-file' }), say('It is not there.'));
      await names['session'].message('Read it');
      expect(printed).toEqual([
        'New message: user',
        'New message: assistant',
        'Tokens used: 40',
        'Tool called: read',
        'New message: assistant',
        'Tokens used: 40',
        'Session saved',
      ]);
      fake.script('anthropic', { status: 401, body: anthropic.errorBody('authentication_error', 'bad key') });
      await expect(names['session'].message('Again')).rejects.toMatchObject({ code: 'AUTH' });
      expect(printed.filter((line) => line.startsWith('Session error:'))).toHaveLength(1);
    },
  },
  'Advanced Features / Message Editing': {
    async after({ names }) {
      expect(names['messages'].map((message: { role: string }) => message.role)).toEqual(['user', 'assistant']);
      const left = await fixture.session.getMessages();
      expect(left.map((message) => message.role)).toEqual(['assistant']);
    },
  },
  'Advanced Features / Context Pruning': {
    async after({ names }) {
      const { session } = names;
      for (let i = 0; i < 12; i += 1) await session.message(`Question ${i}`);
      await session.pruneContext({ keepLast: 20, keepSystem: true, keepImportant: true });
      await session.message('And now?');
      expect(words({ json: lastRequest() })).not.toContain('Question 0"');
      expect(words({ json: lastRequest() })).toContain('Question 2"');
      expect(lastRequest().system).toHaveLength(1);
    },
  },
  'Advanced Features / Session Forking': {
    async after({ names }) {
      expect(names['forked'].id).toBe('forked-abc123');
      const texts = (await names['forked'].getMessages()).map((message: { content: string }) => message.content);
      expect(texts).toEqual(['Hello', 'Try a different approach', 'Very well.']);
      expect(await fixture.session.getMessages()).toHaveLength(2);
    },
  },
};

function interfacesAreTheSpecs(): void {
  const given = typescript.filter(({ code }) => /^interface /m.test(code));
  expect(given).toHaveLength(3);
  const copied = readFileSync(new URL('./spec/interfaces.ts', import.meta.url), 'utf8');
  // Word for word; the spaces before comments are the formatter's.
  const tight = (text: string): string => text.replaceAll(/\s+/g, ' ');
  for (const { code } of given)
    expect(tight(copied)).toContain(tight(code.replaceAll(/^interface /gm, 'export interface ')));
}

test('every block type-checks', { timeout: 60_000 }, () => {
  const place = temporaryFolder();
  try {
    const modules: Record<string, string> = {};
    for (const [i, { name, code }] of typescript.entries()) {
      if (isTree(code)) continue;
      for (const [k, piece] of piecesOf(code).entries())
        modules[`${i}-${k}-${name.replaceAll(/\W+/g, '-')}`] = asModule(piece);
    }
    expect(Object.keys(modules)).toHaveLength(23);
    expect(typeCheck(place.path, modules)).toBe('');
    // The check can fail: the same block with a name that isn't ours.
    const broken = asModule({ code: 'await session.mesage(1);', declares: [] });
    expect(typeCheck(place.path, { broken })).toMatch(/broken\.ts.*TS2551.*message/);
  } finally {
    place.remove();
  }
});

describe('every block runs', () => {
  test.each(typescript.filter(({ code }) => !isTree(code)).map((block) => [block.name, block] as const))(
    '%s',
    async (name, block) => {
      const scenario = scenarios[name];
      if (scenario === undefined) throw new Error(`The specification has a new block: ${name}`);
      scenario.before?.();
      await scenario.after(await runBlock(block, fixture));
      ran += 1;
    },
  );

  test('the folder tree is what is on disk', async () => {
    const tree = typescript.filter(({ code }) => isTree(code));
    expect(tree).toHaveLength(1);
    const lines = tree[0]?.code.split('\n') ?? [];
    expect(lines[1]).toBe('~/.opencode/sessions/');
    // REPRISE_HOME stands for ~/.opencode.
    const place = join(folder.path, 'sessions', (lines[2] as string).trim().replace('/', ''));
    const files = lines.slice(3).map((line) => /^ {4}(\S+\.json) +\/\/ .+$/.exec(line)?.[1]);
    expect(files).toEqual(['metadata.json', 'messages.json', 'state.json']);
    expect(
      readdirSync(place)
        .filter((file) => file.endsWith('.json'))
        .sort(),
    ).toEqual([...files].sort());
    const [metadata, messages, state] = files.map(
      (file) => JSON.parse(readFileSync(join(place, file as string), 'utf8')) as any,
    );
    const now = (await Session.load('abc123')).state;
    expect(metadata).toMatchObject({ id: 'abc123', model: now.model });
    expect(state).toMatchObject(now);
    const spoken = messages.filter((line: { role?: string }) => line.role !== undefined);
    expect(spoken).toMatchObject([
      { role: 'user', content: 'Hello', timestamp: expect.any(String) },
      { role: 'assistant', content: 'Very well.', timestamp: expect.any(String) },
    ]);
    ran += 1;
  });

  test('no block was skipped', () => {
    expect(typescript).toHaveLength(22);
    expect(ran).toBe(22);
    expect(blocks.filter(({ language }) => language !== 'typescript')).toHaveLength(1);
  });
});

test('the default prompt stands in the request word for word', async () => {
  const prompt = blocks.find(({ language }) => language === '')?.code ?? '';
  expect(prompt).toMatch(/^You are an expert coding assistant/);
  await (await Session.create({ model: 'claude-sonnet' })).message('Hi');
  expect(lastRequest().system[0].text.startsWith(prompt)).toBe(true);
});

describe('the error handling block meets each of its errors', () => {
  const block = typescript.find(({ name }) => name === 'Error Handling') as (typeof typescript)[number];

  test('RATE_LIMIT', async () => {
    const limited = {
      status: 429,
      headers: { 'retry-after': '3600' },
      body: anthropic.errorBody('rate_limit_error', 'slow'),
    };
    fake.script('anthropic', limited);
    expect((await runBlock(block, fixture)).printed).toEqual(['Rate limit exceeded']);
  });

  test('CONTEXT_LENGTH_EXCEEDED, and the history is cleared', async () => {
    for (let i = 0; i < 6; i += 1) await fixture.session.message(`Question ${i}`);
    const body = anthropic.errorBody('invalid_request_error', 'prompt is too long: 1200000 tokens > 1000000 maximum');
    fake.script('anthropic', { status: 400, body });
    expect((await runBlock(block, fixture)).printed).toEqual(['Context too long, clearing history']);
    expect(await fixture.session.getMessages()).toHaveLength(10);
  });

  test('TOOL_ERROR, after the same failure three times', async () => {
    fake.script('anthropic', ...Array.from({ length: 3 }, () => call('read', { path: 'no-such-file' })));
    expect((await runBlock(block, fixture)).printed).toEqual([
      expect.stringMatching(/^Tool execution failed: read failed/),
    ]);
  });
});
