import { expect, test } from 'vitest';
import { cassetteOf, readCassette, recordCassette, replayCassette } from '../src/cassette/index.ts';
import type { Answer, Asker, Decision } from '../src/contracts/tool.ts';
import { memoryStorage } from '../src/storage/memory.ts';
import { call, calls, finish, say, scripted } from './support/model.ts';
import { resolverOf, stage, tool } from './support/stage.ts';

test.each<[string, Answer]>([
  ['allowed', { allow: true }],
  ['allowed always', { allow: true, always: true }],
  ['denied', { allow: false }],
  ['denied with a word', { allow: false, message: 'later' }],
])('a turn in which people were asked (%s) plays again without them, and gives the same', async (_how, said) => {
  const lines: string[] = [];
  const recorder = recordCassette((line) => lines.push(line), { now: () => 0 });
  const model = scripted([
    calls(call('a', 'write', { n: 1 }), call('b', 'survey'), call('c', 'write', { n: 1 })),
    calls(call('d', 'write', { n: 2 })),
    say('done'),
  ]);
  const ask: Asker = async ({ question }) => (question === undefined ? said : { allow: true, text: 'red' });
  const { sessions } = stage({
    models: recorder.models(resolverOf({ 'test/model': model })),
    storage: recorder.storage(memoryStorage()),
    tools: [tool('write'), tool('survey', { run: async (_input, context) => context.ask({ text: 'which?' }) })],
    permissions: { decide: ({ tool: name }) => (name === 'write' ? { verdict: 'ask' } : { verdict: 'allow' }) },
    ask,
  });
  const session = await sessions.create({ model: 'test/model' });
  expect(await session.turn('go').outcome()).toMatchObject({ status: 'done' });
  expect(lines.join('')).toContain('"answer"');
  expect(await replayCassette(readCassette(lines.join('')))).toEqual({ turns: 1, skipped: [] });
  const log = cassetteOf(await session.export());
  const models = resolverOf({ 'test/model': model });
  expect(await replayCassette(log, { models })).toEqual({ turns: 1, skipped: [] });
});

test.each<[string, Decision, Answer]>([
  ['allowed', { verdict: 'allow' }, { allow: false }],
  ['denied', { verdict: 'deny', reason: 'no' }, { allow: true }],
  ['asked, and a person agrees', { verdict: 'ask' }, { allow: true }],
  ['asked, and a person does not', { verdict: 'ask' }, { allow: false }],
])('a turn in which a provider asked whether it may run a call (%s) plays again', async (_how, decision, said) => {
  const lines: string[] = [];
  const recorder = recordCassette((line) => lines.push(line), { now: () => 0 });
  const model = scripted([
    [
      { type: 'tool-call', toolCallId: 'srv', toolName: 'mcp.drop', input: '{}', providerExecuted: true },
      { type: 'tool-approval-request', approvalId: 'apr', toolCallId: 'srv' },
      finish('stop'),
    ],
    say('done'),
  ]);
  const { sessions } = stage({
    models: recorder.models(resolverOf({ 'test/model': model })),
    storage: recorder.storage(memoryStorage()),
    permissions: { decide: () => decision },
    ask: async () => said,
  });
  const session = await sessions.create({ model: 'test/model' });
  expect(await session.turn('go').outcome()).toMatchObject({ status: 'done', steps: 2 });
  expect(lines.join('')).toContain('"verdict"');
  expect(await replayCassette(readCassette(lines.join('')))).toEqual({ turns: 1, skipped: [] });
  const models = resolverOf({ 'test/model': model });
  expect(await replayCassette(cassetteOf(await session.export()), { models })).toEqual({ turns: 1, skipped: [] });
});
