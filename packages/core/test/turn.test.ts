import { expect, test } from 'vitest';
import type { StepRecord } from '../src/records/types.ts';
import { call, calls, finish, reasoning, say, scripted, text } from './support/model.ts';
import { problemsOf } from './support/prompt-rules.ts';
import { chunksOf, infoOf, resolverOf, shownText, stage, tool } from './support/stage.ts';
import { recordsOf } from './support/storage.ts';

const start = { model: 'test/model' };

test('a message is answered: the user’s message, one step and one terminal record are stored', async () => {
  const { model, sessions, storage } = stage();
  model.script.push(say('Hello there'));
  const session = await sessions.create(start);
  const message = await session.message('Hi');
  expect(message).toMatchObject({ role: 'assistant', content: 'Hello there', finishReason: 'stop', tokens: 5 });
  expect(message.usage).toEqual({ input: 10, output: 5, cached: 0, reasoning: 0, total: 15 });
  const records = await recordsOf(storage, session.id);
  expect(records.map(({ type }) => type)).toEqual(['session', 'message', 'step', 'turn-end']);
  expect(records.at(-1)).toMatchObject({ status: 'done', finishReason: 'stop', steps: 1 });
  expect(session.state).toMatchObject({
    status: 'idle',
    messageCount: 2,
    tokenUsage: { input: 10, output: 5, total: 15 },
  });
});

test('the request holds the system prompt verbatim, the history, the tools and the settings that the model takes', async () => {
  const { model, sessions } = stage({ tools: [tool('look')] });
  const session = await sessions.create({
    ...start,
    systemPrompt: '  You are\na cat. ',
    temperature: 0.2,
    maxTokens: 100,
    stopSequences: ['END'],
  });
  await session.message('one');
  await session.message('two');
  const request = model.requests[1];
  expect(request?.prompt[0]).toEqual({ role: 'system', content: '  You are\na cat. ' });
  expect(request?.prompt.slice(1).map(({ role }) => role)).toEqual(['user', 'assistant', 'user']);
  expect(request?.tools).toEqual([
    { type: 'function', name: 'look', description: 'The tool look.', inputSchema: expect.anything() as unknown },
  ]);
  expect(request).toMatchObject({ temperature: 0.2, maxOutputTokens: 100, stopSequences: ['END'] });
});

test('a temperature is left out where the model takes none, tools where it takes none', async () => {
  const { model, sessions } = stage({ tools: [tool('look')] }, infoOf({}, { temperature: false, tools: false }));
  const session = await sessions.create({ ...start, temperature: 0.2 });
  await session.message('one');
  expect(model.requests[0]).not.toHaveProperty('temperature');
  expect(model.requests[0]).not.toHaveProperty('tools');
});

test('without tools earlier calls and results go as plain text', async () => {
  const other = scripted([], 'other');
  const { model, sessions, restart } = stage({ tools: [tool('look')] });
  model.script.push(calls(call('c1', 'look', { n: 1 })), say('seen'));
  const { id } = await sessions.create(start);
  await (await sessions.resume(id)).message('look');
  const later = restart({ models: resolverOf({ 'other/plain': other }, infoOf({}, { tools: false })) });
  const session = await later.sessions.resume(id, { model: 'other/plain' });
  await session.message('and now?');
  expect(problemsOf(other.requests[0] ?? { prompt: [] }, { own: 'other' })).toEqual([]);
  expect(JSON.stringify(other.requests[0]?.prompt)).toContain('[called look with {\\"n\\":1}]');
  expect(JSON.stringify(other.requests[0]?.prompt)).toContain('[look answered]');
});

test('reasoning keeps the signature that comes on an empty delta, and goes back with it to the same provider only', async () => {
  const other = scripted([], 'other');
  const { model, sessions, storage, restart } = stage();
  model.script.push([...reasoning('Let me think', 'sig-1'), ...text('Done'), finish()]);
  const session = await sessions.create(start);
  const chunks = chunksOf(session.turn('Think'));
  await session.message('more');
  expect((await chunks).filter(({ type }) => type === 'reasoning')).toEqual([
    { type: 'reasoning', content: 'Let me think', at: expect.anything() as unknown },
  ]);
  const step = (await recordsOf(storage, session.id)).find((record): record is StepRecord => record.type === 'step');
  expect(step?.parts?.[0]).toEqual({ type: 'reasoning', text: 'Let me think', meta: { test: { signature: 'sig-1' } } });
  expect(model.requests[1]?.prompt[1]).toEqual({
    role: 'assistant',
    content: [
      { type: 'reasoning', text: 'Let me think', providerOptions: { test: { signature: 'sig-1' } } },
      { type: 'text', text: 'Done' },
    ],
  });
  const later = restart({ models: resolverOf({ 'other/m': other }) });
  await (await later.sessions.resume(session.id, { model: 'other/m' })).message('again');
  expect(JSON.stringify(other.requests[0]?.prompt)).not.toContain('think');
  expect(problemsOf(other.requests[0] ?? { prompt: [] }, { own: 'other' })).toEqual([]);
});

test('what a provider says of a block in several places is kept together, and its last word counts', async () => {
  const { model, sessions } = stage({ tools: [tool('look')] });
  const about = (facts: Record<string, string>) => ({ providerMetadata: { test: facts } });
  model.script.push([
    { type: 'reasoning-start', id: 'r', ...about({ itemId: 'rs_1', signature: 'early' }) },
    { type: 'reasoning-delta', id: 'r', delta: 'hm' },
    { type: 'reasoning-delta', id: 'r', delta: '', ...about({ signature: 'late' }) },
    { type: 'reasoning-end', id: 'r', providerMetadata: { gateway: { route: 'a' } } },
    ...text('Done', { test: { itemId: 'msg_1' } }),
    { ...call('c1', 'look'), ...about({ thoughtSignature: 'ts' }) },
    finish('stop'),
  ]);
  await (await sessions.create(start)).message('x');
  expect(model.requests[1]?.prompt[1]?.content).toEqual([
    {
      type: 'reasoning',
      text: 'hm',
      providerOptions: { test: { itemId: 'rs_1', signature: 'late' }, gateway: { route: 'a' } },
    },
    { type: 'text', text: 'Done', providerOptions: { test: { itemId: 'msg_1' } } },
    {
      type: 'tool-call',
      toolCallId: 'c1',
      toolName: 'look',
      input: {},
      providerOptions: { test: { thoughtSignature: 'ts' } },
    },
  ]);
});

test('an edited answer is sent with its new text and without what was signed for the old one', async () => {
  const { model, sessions, restart } = stage();
  model.script.push([...reasoning('hm', 'sig'), ...text('short'), finish()]);
  const session = await sessions.create(start);
  const { id } = await session.message('x');
  await session.editMessage(id, { content: 'a much longer text' });
  await session.message('y');
  expect(model.requests[1]?.prompt[1]?.content).toEqual([{ type: 'text', text: 'a much longer text' }]);
  await (await restart().sessions.resume(session.id)).message('z');
  expect(model.requests[2]?.prompt[1]).toEqual(model.requests[1]?.prompt[1]);
});

test('a response of nothing but reasoning, or of nothing at all, is delivered and not sent back', async () => {
  const { model, sessions } = stage();
  model.script.push([...reasoning('hm', 'sig'), finish()], [finish()], [...text('  \n'), finish()]);
  const session = await sessions.create(start);
  for (const input of ['a', 'b', 'c', 'd']) await session.message(input);
  for (const request of model.requests) expect(problemsOf(request, { own: 'test' })).toEqual([]);
  expect((await session.getMessages()).map(({ content }) => content)).toEqual([
    'a',
    '',
    'b',
    '',
    'c',
    '  \n',
    'd',
    'ok',
  ]);
});

test('text blocks that interleave are shown and stored in the order of arrival', async () => {
  const { model, sessions } = stage();
  model.script.push([
    { type: 'text-start', id: 'a' },
    { type: 'text-delta', id: 'a', delta: 'A1 ' },
    { type: 'text-start', id: 'b' },
    { type: 'text-delta', id: 'b', delta: 'B1 ' },
    { type: 'text-delta', id: 'a', delta: 'A2 ' },
    { type: 'text-end', id: 'a' },
    { type: 'text-delta', id: 'b', delta: 'B2' },
    { type: 'text-end', id: 'b' },
    finish(),
  ]);
  const session = await sessions.create(start);
  const turn = session.turn('x');
  expect(shownText(await chunksOf(turn))).toBe('A1 B1 A2 B2');
  expect((await turn.outcome()).message?.content).toBe('A1 B1 A2 B2');
  await session.message('y');
  const sent = model.requests[1]?.prompt[1]?.content as { text: string }[];
  expect(sent.map((part) => part.text).join('')).toBe('A1 B1 A2 B2');
});

test('text deltas without a start, and starts that repeat, still give the text once', async () => {
  const { model, sessions } = stage();
  model.script.push([
    { type: 'text-delta', id: 'x', delta: 'one ' },
    { type: 'text-start', id: 'x' },
    { type: 'text-start', id: 'x' },
    { type: 'text-delta', id: 'x', delta: 'two' },
    finish(),
  ]);
  const session = await sessions.create(start);
  expect((await session.message('x')).content).toBe('one two');
});

test('`pause_turn` is continued with the model’s own message last', async () => {
  const { model, sessions } = stage();
  model.script.push([...text('Searching'), finish('stop', 'pause_turn')], say(' found'));
  const session = await sessions.create(start);
  const outcome = await session.turn('search').outcome();
  expect(outcome).toMatchObject({ status: 'done', steps: 2 });
  expect(model.requests[1]?.prompt.at(-1)).toMatchObject({ role: 'assistant', content: [{ text: 'Searching' }] });
  expect(problemsOf(model.requests[1] ?? { prompt: [] }, { own: 'test', paused: true })).toEqual([]);
  await session.message('next');
  expect(problemsOf(model.requests[2] ?? { prompt: [] }, { own: 'test' })).toEqual([]);
});

test('calls that the provider ran are stored with their results, are no tool calls, and go back in pairs', async () => {
  const { model, sessions, storage } = stage();
  model.script.push([
    { type: 'tool-call', toolCallId: 'srv_1', toolName: 'web', input: '{"q":"cats"}', providerExecuted: true },
    { type: 'tool-result', toolCallId: 'srv_1', toolName: 'web', result: { hits: 3 } },
    { type: 'tool-call', toolCallId: 'srv_2', toolName: 'web', input: '{"q":"dogs"}', providerExecuted: true },
    ...text('Three cats'),
    finish(),
  ]);
  const session = await sessions.create(start);
  const message = await session.message('cats?');
  expect(message).not.toHaveProperty('toolCalls');
  const step = (await recordsOf(storage, session.id)).find((record): record is StepRecord => record.type === 'step');
  expect(step?.parts?.map((part) => part.type)).toEqual(['provider-call', 'provider-result', 'provider-call', 'text']);
  await session.message('dogs?');
  expect(model.requests[1]?.prompt[1]?.content).toEqual([
    { type: 'tool-call', toolCallId: 'srv_1', toolName: 'web', input: { q: 'cats' }, providerExecuted: true },
    { type: 'tool-result', toolCallId: 'srv_1', toolName: 'web', output: { type: 'json', value: { hits: 3 } } },
    { type: 'text', text: 'Three cats' },
  ]);
});

test('calls and results of the provider that a stream repeats go back once', async () => {
  const { model, sessions } = stage();
  const made = { type: 'tool-call', toolCallId: 'srv', toolName: 'web', input: '{}', providerExecuted: true } as const;
  const result = { type: 'tool-result', toolCallId: 'srv', toolName: 'web', result: 1 } as const;
  model.script.push([made, made, result, result, made, ...text('x'), finish()]);
  const session = await sessions.create(start);
  await session.message('x');
  await session.message('y');
  const types = (model.requests[1]?.prompt[1]?.content as { type: string }[]).map(({ type }) => type);
  expect(types).toEqual(['tool-call', 'tool-result', 'text']);
});

test('parts that the engine does not know are kept as they came', async () => {
  const { model, sessions, storage } = stage();
  const source = { type: 'source' as const, sourceType: 'url' as const, id: 's', url: 'https://example.org/' };
  const novel = { type: 'hologram', data: [1, 2] };
  model.script.push([
    source,
    novel as never,
    { type: 'custom', kind: 'test.thing', providerMetadata: { test: { a: 1 } } },
    ...text('x'),
    finish(),
  ]);
  const session = await sessions.create(start);
  await session.message('x');
  const step = (await recordsOf(storage, session.id)).find((record): record is StepRecord => record.type === 'step');
  expect(step?.parts?.slice(0, 2)).toEqual([
    { type: 'other', part: source },
    { type: 'other', part: novel },
  ]);
  await session.message('y');
  expect(model.requests[1]?.prompt[1]?.content).toContainEqual({
    type: 'custom',
    kind: 'test.thing',
    providerOptions: { test: { a: 1 } },
  });
  expect(problemsOf(model.requests[1] ?? { prompt: [] }, { own: 'test' })).toEqual([]);
});

test('usage is summed over the steps of a turn and over the session; what is not reported counts 0', async () => {
  const { model, sessions } = stage({ tools: [tool('look')] });
  const seen: unknown[] = [];
  model.script.push(
    [call('c1', 'look'), finish('tool-calls', 'tool_use', 100, 20)],
    [...text('x'), finish('stop', 'stop', 130, 7)],
  );
  const session = await sessions.create(start);
  session.on('token_usage', (usage) => seen.push(usage));
  const outcome = await session.turn('x').outcome();
  expect(outcome).toMatchObject({ tokens: 257, steps: 2, usage: { input: 230, output: 27, total: 257 } });
  expect(seen).toMatchObject([
    { total: 120, session: { total: 120 } },
    { total: 137, session: { total: 257 } },
  ]);
  model.script.push([
    ...text('x'),
    {
      type: 'finish',
      finishReason: { unified: 'stop', raw: 'stop' },
      usage: {
        inputTokens: { total: NaN, noCache: NaN, cacheRead: NaN, cacheWrite: NaN },
        outputTokens: { total: undefined, text: undefined, reasoning: undefined },
      },
    },
  ]);
  expect((await session.turn('y').outcome()).usage).toEqual({ input: 0, output: 0, cached: 0, reasoning: 0, total: 0 });
  expect(session.state.tokenUsage.total).toBe(257);
});

test('the step limit ends a turn after its calls ran: the message is there, the error says BUDGET_EXCEEDED', async () => {
  const look = tool('look');
  const { model, sessions } = stage({ tools: [look] });
  model.script.push(calls(call('c1', 'look', { n: 1 })), calls(call('c2', 'look', { n: 2 })), say('never'));
  const session = await sessions.create({ ...start, maxSteps: 2 });
  const turn = session.message('go');
  const outcome = await turn.outcome();
  expect(outcome).toMatchObject({
    status: 'step-limit',
    steps: 2,
    finishReason: 'tool-calls',
    error: { code: 'BUDGET_EXCEEDED' },
  });
  expect((await turn).toolResults).toHaveLength(1);
  await expect(chunksOf(turn)).resolves.not.toHaveLength(0);
  expect(look.runs).toHaveLength(2);
  expect((await session.message('go on')).content).toBe('never');
});

test('`length` and `content-filter` end the turn as what they are', async () => {
  const { model, sessions } = stage();
  model.script.push(
    [...text('cut'), finish('length', 'max_tokens')],
    [...text('no'), finish('content-filter', 'refusal')],
  );
  const session = await sessions.create(start);
  expect(await session.message('a')).toMatchObject({ finishReason: 'length', content: 'cut' });
  expect(await session.message('b')).toMatchObject({ finishReason: 'content-filter', content: 'no' });
});
