import { expect, test } from 'vitest';
import type { ExportedSession } from '../src/contracts/history.ts';
import { RepriseError } from '../src/errors.ts';
import { memoryStorage } from '../src/storage/memory.ts';
import { settled, until } from './support/clock.ts';
import { call, calls, say, scripted, text } from './support/model.ts';
import { problemsOf } from './support/prompt-rules.ts';
import { infoOf, resolverOf, stage, tool } from './support/stage.ts';
import { faulty, recordsOf, storedOf } from './support/storage.ts';

const start = { model: 'test/model' };
const code = (expected: string) => expect.objectContaining({ code: expected }) as Error;

test('create, resume, load and list find the same session', async () => {
  const { sessions, restart } = stage();
  const session = await sessions.create({ ...start, title: 'Cats', tags: ['a'], cwd: '/w' });
  await session.message('hi');
  expect(await sessions.list()).toEqual([session.head]);
  expect(await sessions.info(session.id)).toEqual(session.head);
  expect(session.head).toMatchObject({
    title: 'Cats',
    tags: ['a'],
    cwd: '/w',
    messageCount: 2,
    seq: 4,
    model: 'test/model',
  });
  const other = restart().sessions;
  for (const found of [
    await other.resume(session.id),
    await other.load(session.id),
    await other.create({ ...start, sessionId: session.id }),
  ]) {
    expect(found.head).toEqual(session.head);
    expect(await found.getMessages()).toEqual(await session.getMessages());
  }
});

test('handles in one process share one live session, also when they are opened at once', async () => {
  const { sessions, restart } = stage();
  const { id } = await sessions.create(start);
  const next = restart().sessions;
  const [a, b, c] = await Promise.all([next.resume(id), next.resume(id), next.load(id)]);
  expect(a).toBe(b);
  expect(a).toBe(c);
  await Promise.all([a.message('one'), b.message('two'), c.message('three')]);
  expect((await a.getMessages()).filter(({ role }) => role === 'user').map(({ content }) => content)).toEqual([
    'one',
    'two',
    'three',
  ]);
});

test('a session that does not exist is SESSION_NOT_FOUND, also by `create({ sessionId })`', async () => {
  const { sessions } = stage();
  for (const work of [
    sessions.resume('no'),
    sessions.load('no'),
    sessions.info('no'),
    sessions.show('no'),
    sessions.delete('no'),
    sessions.create({ ...start, sessionId: 'no' }),
  ])
    await expect(work).rejects.toMatchObject({ code: 'SESSION_NOT_FOUND' });
  expect(await sessions.list()).toEqual([]);
});

test.each(['', '..', '../x', 'A', 'a/b', 'a b', '-a', 'x'.repeat(129), 'a\n', undefined, 7])(
  '%j is no session id',
  async (id) => {
    const { sessions } = stage();
    const bad = id as string;
    const session = await sessions.create(start);
    for (const work of [
      () => sessions.resume(bad),
      () => sessions.load(bad),
      () => sessions.info(bad),
      () => sessions.show(bad),
      () => sessions.delete(bad),
      () => sessions.import({ id: bad, model: 'm', messages: [] }),
    ])
      if (!(id === undefined && work.toString().includes('import')))
        await expect(work()).rejects.toMatchObject({ code: 'INVALID_INPUT' });
    if (id !== undefined)
      await expect(session.fork({ newSessionId: bad })).rejects.toMatchObject({ code: 'INVALID_INPUT' });
  },
);

test.each<[string, unknown]>([
  ['model', ''],
  ['model', 7],
  ['model', {}],
  ['model', undefined],
  ['tools', 'bash'],
  ['tools', [1]],
  ['systemPrompt', 1],
  ['temperature', 2],
  ['temperature', -0.1],
  ['temperature', NaN],
  ['temperature', '0.5'],
  ['maxTokens', 0],
  ['maxTokens', 1.5],
  ['stopSequences', 'END'],
  ['contextWindow', -1],
  ['contextWindow', Infinity],
  ['autoSave', 'yes'],
  ['sessionId', 7],
  ['pruneStrategy', 'random'],
  ['pruneThreshold', 0],
  ['pruneThreshold', 1.1],
  ['maxSteps', 0],
  ['cwd', 1],
  ['title', 1],
  ['tags', [1]],
  ['modle', 'x'],
  ['__proto', 'x'],
  ['constructor', 'x'],
])('the option %s = %j is INVALID_INPUT and named', async (name, value) => {
  const { sessions } = stage();
  await expect(sessions.create({ ...start, [name]: value } as never)).rejects.toMatchObject({
    code: 'INVALID_INPUT',
    message: expect.stringContaining(name) as string,
  });
  expect(await sessions.list()).toEqual([]);
});

test.each([undefined, null, 'x', []])('options must be an object, not %j', async (options) => {
  await expect(stage().sessions.create(options as never)).rejects.toMatchObject({ code: 'INVALID_INPUT' });
});

test('an unknown tool is INVALID_INPUT with the tools that there are; an unknown model MODEL_NOT_FOUND; neither leaves a session', async () => {
  const { sessions } = stage({ tools: [tool('look')] });
  await expect(sessions.create({ ...start, tools: ['lok'] })).rejects.toMatchObject({
    code: 'INVALID_INPUT',
    hint: expect.stringContaining('look') as string,
  });
  await expect(sessions.create({ model: 'test/none' })).rejects.toMatchObject({ code: 'MODEL_NOT_FOUND' });
  expect(await sessions.list()).toEqual([]);
});

test('a resume with a model or tool that does not exist changes nothing of a session that is open', async () => {
  const { sessions } = stage();
  const session = await sessions.create(start);
  await expect(sessions.resume(session.id, { model: 'test/none' })).rejects.toMatchObject({ code: 'MODEL_NOT_FOUND' });
  await expect(sessions.resume(session.id, { tools: ['none'] })).rejects.toMatchObject({ code: 'INVALID_INPUT' });
  expect((await session.message('hi')).content).toBe('ok');
});

test('any AI SDK model is a model, by object', async () => {
  const { sessions } = stage();
  const mine = scripted([say('mine')], 'acme.chat', 'm-1');
  const session = await sessions.create({ model: mine });
  expect((await session.message('hi')).content).toBe('mine');
  expect(session.state.model).toBe('acme/m-1');
});

test('overrides at resume are recorded as one change at the next write, and hold from then on', async () => {
  const other = scripted([], 'other');
  const { sessions, storage, restart, model } = stage({ tools: [tool('look'), tool('hear')] });
  const { id } = await sessions.create({ ...start, systemPrompt: 'A', temperature: 0.5, tools: ['look'] });
  const models = resolverOf({ 'test/model': model, 'test/other': other });
  const next = restart({ models });
  const before = await recordsOf(storage, id);
  const session = await next.sessions.resume(id, {
    model: 'test/other',
    systemPrompt: 'B',
    temperature: 0.1,
    tools: ['hear'],
    title: 'T',
  });
  expect(await recordsOf(storage, id)).toEqual(before);
  await session.message('hi');
  const changes = (await recordsOf(storage, id)).filter(({ type }) => type === 'change');
  expect(changes).toMatchObject([
    {
      model: { name: 'test/other' },
      system: [{ text: 'B' }],
      tools: ['hear'],
      settings: { temperature: 0.1 },
      title: 'T',
    },
  ]);
  expect(other.requests[0]).toMatchObject({ temperature: 0.1, prompt: [{ role: 'system', content: 'B' }, {}] });
  expect(other.requests[0]?.tools?.map(({ name }) => name)).toEqual(['hear']);
  const third = await restart({ models }).sessions.resume(id, {
    temperature: 0.1,
    systemPrompt: 'B',
    model: 'test/other',
    title: 'T',
  });
  await third.message('again');
  expect((await recordsOf(storage, id)).filter(({ type }) => type === 'change')).toHaveLength(1);
  expect(other.requests).toHaveLength(2);
});

test('two processes alternate; while one works the other gets SESSION_BUSY at once and stores nothing', async () => {
  const { sessions, model, storage, restart } = stage();
  const gate = Promise.withResolvers<void>();
  model.script.push([{ act: 'wait', for: gate.promise }, ...say('one')]);
  const mine = await sessions.create(start);
  const theirs = await restart({ owner: { name: 'other' } }).sessions.resume(mine.id);
  const turn = mine.message('A');
  await until(() => model.requests.length === 1);
  const before = await recordsOf(storage, mine.id);
  await expect(theirs.message('B')).rejects.toMatchObject({
    code: 'SESSION_BUSY',
    details: { holder: { name: 'reprise' } },
  });
  await expect(theirs.clearHistory()).rejects.toMatchObject({ code: 'SESSION_BUSY' });
  expect(await recordsOf(storage, mine.id)).toEqual(before);
  expect(model.requests).toHaveLength(1);
  gate.resolve();
  await turn;
  await theirs.message('B');
  await mine.message('C');
  await theirs.message('D');
  expect((await mine.getMessages()).filter(({ role }) => role === 'user').map(({ content }) => content)).toEqual([
    'A',
    'B',
    'C',
    'D',
  ]);
  expect((await theirs.getMessages()).map(({ id }) => id)).toEqual((await mine.getMessages()).map(({ id }) => id));
  for (const request of model.requests) expect(problemsOf(request, { own: 'test' })).toEqual([]);
});

test('a model that another process switched to is the one that goes on', async () => {
  const other = scripted([], 'other');
  const { sessions, model, restart } = stage({});
  const models = resolverOf({ 'test/model': model, 'test/other': other });
  const mine = await restart({ models }).sessions.resume((await sessions.create(start)).id);
  await mine.message('A');
  await (await restart({ models }).sessions.resume(mine.id, { model: 'test/other' })).message('B');
  await mine.message('C');
  expect(mine.state.model).toBe('test/other');
  expect(other.requests).toHaveLength(2);
});

test('a session that another process deleted is SESSION_NOT_FOUND', async () => {
  const { sessions, restart } = stage();
  const mine = await sessions.create(start);
  await restart().sessions.delete(mine.id);
  await expect(mine.message('A')).rejects.toMatchObject({ code: 'SESSION_NOT_FOUND' });
  await expect(sessions.resume(mine.id)).rejects.toMatchObject({ code: 'SESSION_NOT_FOUND' });
});

test('a delete ends the turn that runs; the handle then answers SESSION_NOT_FOUND', async () => {
  const { sessions, model } = stage();
  model.script.push([...text('some'), { act: 'stall' }]);
  const session = await sessions.create(start);
  const turn = session.turn('go');
  await until(() => model.requests.length === 1);
  await sessions.delete(session.id);
  expect(await turn.outcome()).toMatchObject({ status: 'aborted' });
  expect(await sessions.list()).toEqual([]);
  await expect(session.message('x')).rejects.toMatchObject({ code: 'SESSION_NOT_FOUND' });
  await expect(session.getMessages()).rejects.toMatchObject({ code: 'SESSION_NOT_FOUND' });
  await expect(session.fork()).rejects.toMatchObject({ code: 'SESSION_NOT_FOUND' });
});

test('a delete that expects a record leaves a session alone that stands elsewhere, open here or not', async () => {
  const { sessions, model, restart } = stage();
  const session = await sessions.create(start);
  const others = restart().sessions;
  const known = session.head.seq;
  await (await others.resume(session.id)).message('A');
  for (const doors of [sessions, others, restart().sessions])
    await expect(doors.delete(session.id, { expected: known })).rejects.toMatchObject({ code: 'CONFLICT' });
  model.script.push([...text('some'), { act: 'stall' }]);
  const turn = session.turn('go');
  await until(() => model.requests.length === 2);
  const running = sessions.delete(session.id, { expected: session.head.seq });
  await expect(running).rejects.toMatchObject({ code: 'SESSION_BUSY' });
  await turn.abort();
  expect((await session.message('B')).content).not.toBe('');
  await restart().sessions.delete(session.id, { expected: session.head.seq });
  await expect(sessions.delete(session.id, { expected: session.head.seq })).rejects.toMatchObject({
    code: 'SESSION_NOT_FOUND',
  });
  const another = await sessions.create(start);
  await sessions.delete(another.id, { expected: another.head.seq });
  expect(await sessions.list()).toEqual([]);
});

test('a delete that could not be is as if it had never been asked for', async () => {
  const { sessions, model, restart } = stage();
  const session = await sessions.create(start);
  model.script.push([...text('some'), { act: 'stall' }], [...text('more'), { act: 'stall' }]);
  const elsewhere = (await restart().sessions.resume(session.id)).turn('go');
  await until(() => model.requests.length === 1);
  await expect(sessions.delete(session.id)).rejects.toMatchObject({ code: 'SESSION_BUSY' });
  await elsewhere.abort();
  const turn = session.turn('here');
  await until(() => model.requests.length === 2);
  expect(sessions.isRunning(session.id)).toBe(true);
  await sessions.delete(session.id);
  expect(await turn.outcome()).toMatchObject({ status: 'aborted' });
  expect(await sessions.list()).toEqual([]);
});

test('a delete at which the store fails leaves the session to those who hold it', async () => {
  const inner = memoryStorage();
  let fails = true;
  const storage = faulty({
    ...inner,
    async remove(lease) {
      if (fails) throw new RepriseError('STORAGE_FAILED', 'planted');
      await inner.remove(lease);
    },
  });
  const { sessions } = stage({ storage });
  const session = await sessions.create(start);
  await expect(sessions.delete(session.id)).rejects.toMatchObject({ code: 'STORAGE_FAILED' });
  expect((await session.message('still there')).content).not.toBe('');
  expect(await sessions.load(session.id)).toBe(session);
  fails = false;
  await sessions.delete(session.id);
  await expect(session.message('x')).rejects.toMatchObject({ code: 'SESSION_NOT_FOUND' });
});

test('deleteAll removes every session, over pages', async () => {
  const { sessions } = stage();
  for (let i = 0; i < 5; i += 1) await sessions.create(start);
  expect((await sessions.page({ limit: 2 })).items).toHaveLength(2);
  expect(await sessions.list()).toHaveLength(5);
  await sessions.deleteAll();
  expect(await sessions.list()).toEqual([]);
});

test('close ends what runs as aborted and gives the lease back', async () => {
  const { sessions, model, storage, restart } = stage();
  model.script.push([...text('some'), { act: 'stall' }]);
  const session = await sessions.create(start);
  (storage as { close: () => Promise<void> }).close = async () => undefined;
  const turn = session.turn('go');
  await until(() => model.requests.length === 1);
  await sessions.close();
  expect(await turn.outcome()).toMatchObject({ status: 'aborted', message: { content: 'some' } });
  expect((await (await restart().sessions.resume(session.id)).message('on')).content).toBe('ok');
});

test('`linger` keeps the lease after create for at most a second', async () => {
  const { sessions, clock, restart } = stage({ linger: 60_000 });
  const session = await sessions.create(start);
  const other = await restart().sessions.resume(session.id);
  await expect(other.message('x')).rejects.toMatchObject({ code: 'SESSION_BUSY' });
  await clock.advance(1000);
  expect((await other.message('x')).content).toBe('ok');
  expect((await session.message('y')).content).toBe('ok');
  expect((await other.message('z')).content).toBe('ok');
});

test('the prompt source is asked once, with what it is for; its blocks are stored and sent from then on', async () => {
  const asked: unknown[] = [];
  const prompt = {
    build: async (facts: unknown) => {
      asked.push(facts);
      return [
        { id: 'a', text: 'You are' },
        { id: 'b', text: 'a cat.' },
      ];
    },
  };
  const { sessions, model, restart } = stage({ prompt, tools: [tool('look')], cwd: '/w', platform: 'linux' });
  const { id } = await sessions.create(start);
  await (await restart({ prompt }).sessions.resume(id)).message('hi');
  expect(asked).toEqual([{ model: 'test/model', tools: ['look'], today: '2026-01-01', cwd: '/w', platform: 'linux' }]);
  expect(model.requests[0]?.prompt[0]).toEqual({ role: 'system', content: 'You are\n\na cat.' });
  await (await sessions.create({ ...start, systemPrompt: '' })).message('hi');
  expect(model.requests[1]?.prompt[0]?.role).toBe('user');
});

test('what a resolver has to say is recorded, and told at the first turn', async () => {
  const { model } = stage();
  const models = {
    resolve: async () => ({ requested: 'old', name: 'test/new', model, notice: 'old is retired', info: infoOf() }),
  };
  const { sessions, storage } = stage({ models });
  const session = await sessions.create({ model: 'old' });
  const warnings: unknown[] = [];
  session.on('warning', (warning) => warnings.push(warning));
  await session.message('a');
  await session.message('b');
  expect(warnings).toEqual([{ message: 'old is retired' }]);
  expect((await recordsOf(storage, session.id)).slice(0, 2)).toMatchObject([
    { model: { requested: 'old', name: 'test/new' } },
    { type: 'warning', message: 'old is retired' },
  ]);
});

test('a change of the history waits for the turn that runs', async () => {
  const { sessions, model } = stage();
  const gate = Promise.withResolvers<void>();
  model.script.push([{ act: 'wait', for: gate.promise }, ...say('one')]);
  const session = await sessions.create(start);
  const turn = session.message('A');
  await until(() => model.requests.length === 1);
  const order: string[] = [];
  const cleared = session.clearHistory().then(() => order.push('cleared'));
  const forked = session.fork();
  void turn.then(() => order.push('answered'));
  gate.resolve();
  await Promise.all([cleared, turn]);
  expect(order).toEqual(['answered', 'cleared']);
  expect(await session.getMessages()).toEqual([]);
  expect((await (await forked).message('B')).content).toBe('ok');
});

// ── autoSave ──

test('`autoSave: false` stores nothing until save(), then everything; `save` is told when something was saved', async () => {
  const { sessions, storage, restart, model } = stage();
  const session = await sessions.create({ ...start, autoSave: false });
  const saves: unknown[] = [];
  session.on('save', (saved) => saves.push(saved));
  await session.message('A');
  const { id: messageId } = (await session.getMessages())[0] ?? { id: '' };
  await session.editMessage(messageId, { content: 'A!' });
  expect(await sessions.list()).toEqual([]);
  expect(storage.counts).toMatchObject({ append: 0, acquire: 0 });
  expect(saves).toEqual([]);
  expect((await session.getMessages()).map(({ content }) => content)).toEqual(['A!', 'ok']);
  await session.save();
  expect(saves).toEqual([{ id: session.id, seq: 5 }]);
  expect(storage.counts.append).toBe(1);
  await session.message('B');
  expect((await restart().sessions.resume(session.id)).head.messageCount).toBe(2);
  await session.save();
  expect(await (await restart().sessions.resume(session.id)).getMessages()).toEqual(await session.getMessages());
  expect(model.requests.at(-1)?.prompt).toHaveLength(3);
});

test('a save that fails keeps what it holds', async () => {
  const { sessions, storage } = stage();
  const session = await sessions.create({ ...start, autoSave: false });
  await session.message('A');
  storage.failAppend(1, 'STORAGE_FULL');
  await expect(session.save()).rejects.toMatchObject({ code: 'STORAGE_FULL' });
  await session.message('B');
  await session.save();
  expect((await recordsOf(storage, session.id)).filter(({ type }) => type === 'message')).toHaveLength(2);
});

test('`save` is told once a turn or change that stored something', async () => {
  const { sessions } = stage();
  const session = await sessions.create(start);
  const saves: number[] = [];
  session.on('save', ({ seq }) => saves.push(seq));
  await session.message('A');
  await session.clearHistory();
  await sessions.delete(session.id);
  await expect(session.message('B')).rejects.toThrow();
  expect(saves).toEqual([4, 6]);
});

// ── fork ──

test('a fork holds the history up to a message, its results included, and goes its own way', async () => {
  const { sessions, model, storage, restart } = stage({ tools: [tool('look')] });
  model.script.push(calls(call('a', 'look'), call('b', 'look')), say('done'));
  const parent = await sessions.create(start);
  await parent.message('A');
  await parent.message('B');
  const messages = await parent.getMessages();
  const child = await parent.fork({ fromMessage: messages[1]?.id ?? '', newSessionId: 'child' });
  expect(child.id).toBe('child');
  expect(await child.getMessages()).toEqual(messages.slice(0, 2));
  expect(child.head).toMatchObject({ parent: { id: parent.id, seq: 5 }, messageCount: 2 });
  expect((await storedOf(storage, 'child')).slice(0, 5)).toEqual((await storedOf(storage, parent.id)).slice(0, 5));
  expect((await child.message('C')).content).toBe('ok');
  expect(problemsOf(model.requests.at(-1) ?? { prompt: [] }, { own: 'test' })).toEqual([]);
  expect(await parent.getMessages()).toEqual(messages);
  expect((await recordsOf(storage, 'child')).filter(({ type }) => type === 'turn-end')).toHaveLength(2);
  expect(await (await restart().sessions.resume('child')).getMessages()).toEqual(await child.getMessages());
});

test('without options everything is copied; a fork before the first message works', async () => {
  const { sessions } = stage();
  const parent = await sessions.create(start);
  const empty = await parent.fork();
  await parent.message('A');
  const whole = await parent.fork();
  expect(await whole.getMessages()).toEqual(await parent.getMessages());
  expect((await empty.message('B')).content).toBe('ok');
  expect((await sessions.list({ where: { parent: parent.id } })).map(({ id }) => id).sort()).toEqual(
    [empty.id, whole.id].sort(),
  );
});

test('a taken `newSessionId` is SESSION_EXISTS; an unknown message INVALID_INPUT; neither leaves anything', async () => {
  const { sessions } = stage();
  const parent = await sessions.create(start);
  await sessions.create(start);
  await expect(parent.fork({ newSessionId: 's2' })).rejects.toMatchObject({ code: 'SESSION_EXISTS' });
  await expect(parent.fork({ fromMessage: 'nope', newSessionId: 'child' })).rejects.toMatchObject({
    code: 'INVALID_INPUT',
  });
  await expect(parent.fork({ fromMessage: 7 as never })).rejects.toMatchObject({ code: 'INVALID_INPUT' });
  expect((await sessions.list()).map(({ id }) => id).sort()).toEqual(['s1', 's2']);
});

test('a fork keeps registered tools, and what it registers itself stays its own', async () => {
  const { sessions, model } = stage();
  const parent = await sessions.create(start);
  const handler = () => 'apple';
  parent.registerTool({ name: 'fruit', description: 'd', handler });
  await parent.message('A');
  const child = await parent.fork();
  child.registerTool({ name: 'nut', description: 'd', handler });
  model.script.push(calls(call('a', 'fruit'), call('b', 'nut')), say('done'));
  await child.message('B');
  expect((await child.getMessages()).at(-2)?.toolResults).toMatchObject([{ result: 'apple' }, { result: 'apple' }]);
  await parent.message('C');
  expect(model.requests.at(-1)?.tools?.map(({ name }) => name)).toEqual(['fruit']);
});

test('a fork of an unsaved session is unsaved too', async () => {
  const { sessions } = stage();
  const parent = await sessions.create({ ...start, autoSave: false });
  await parent.message('A');
  const child = await parent.fork();
  expect(await child.getMessages()).toEqual(await parent.getMessages());
  expect(await sessions.list()).toEqual([]);
  await child.save();
  expect((await sessions.list()).map(({ id }) => id)).toEqual([child.id]);
});

// ── tools ──

test('registerTool: a taken or bad name, a missing handler or description is INVALID_INPUT', async () => {
  const { sessions } = stage({ tools: [tool('look')] });
  const session = await sessions.create(start);
  const handler = () => 1;
  for (const bad of [
    { name: 'look', description: 'd', handler },
    { name: 'a b', description: 'd', handler },
    { name: 'x'.repeat(65), description: 'd', handler },
    { name: 7, description: 'd', handler },
    { name: 'x', handler },
    { name: 'x', description: 'd' },
    { name: 'x', description: 'd', handler, parameters: 'string' },
    null,
  ])
    expect(() => session.registerTool(bad as never)).toThrow(code('INVALID_INPUT'));
  session.registerTool({ name: 'twice', description: 'd', handler });
  expect(() => session.registerTool({ name: 'twice', description: 'd', handler })).toThrow(code('INVALID_INPUT'));
});

test('a custom tool is offered, recorded, called with its parameters, and offered again once it is registered after a resume', async () => {
  const { sessions, model, storage, restart } = stage();
  const session = await sessions.create(start);
  const parameters = { type: 'object', properties: { kind: { type: 'string' } }, required: ['kind'] } as const;
  const fruit = {
    name: 'fruit',
    description: 'Gives fruit.',
    parameters: parameters as never,
    handler: async ({ kind }: { kind: string }) => ({ fruit: kind }),
  };
  expect(session.registerTool(fruit)).toBe(session);
  model.script.push(calls(call('a', 'fruit', { kind: 'pear' })), say('done'));
  await session.message('A');
  expect((await session.getMessages())[1]?.toolResults).toEqual([{ id: 'a', result: { fruit: 'pear' } }]);
  expect((await recordsOf(storage, session.id))[1]).toMatchObject({ type: 'change', tools: ['fruit'] });
  const next = await restart().sessions.resume(session.id);
  await next.message('B');
  expect(model.requests.at(-1)).not.toHaveProperty('tools');
  next.registerTool(fruit);
  await next.message('C');
  expect(model.requests.at(-1)?.tools?.map(({ name }) => name)).toEqual(['fruit']);
});

// ── messages ──

test('an edit changes what is shown and sent, and what follows stays', async () => {
  const { sessions, model, restart } = stage({ tools: [tool('look')] });
  model.script.push(calls(...text('Looking'), call('a', 'look')), say('done'));
  const session = await sessions.create(start);
  await session.message('A');
  const [user, caller] = await session.getMessages();
  expect(await session.editMessage(user?.id ?? '', { content: 'A2' })).toMatchObject({ content: 'A2', role: 'user' });
  await session.editMessage(caller?.id ?? '', { content: 'Peeking', important: true });
  await session.message('B');
  const sent = JSON.stringify(model.requests.at(-1)?.prompt);
  expect(sent).toContain('"A2"');
  expect(sent).toContain('"Peeking"');
  expect(sent).not.toContain('Looking');
  expect(problemsOf(model.requests.at(-1) ?? { prompt: [] }, { own: 'test' })).toEqual([]);
  const messages = await session.getMessages();
  expect(messages.map(({ content }) => content)).toEqual(['A2', 'Peeking', 'done', 'B', 'ok']);
  expect(messages[1]).toMatchObject({ toolCalls: [{ id: 'a' }], toolResults: [{ id: 'a' }], important: true });
  expect(await (await restart().sessions.resume(session.id)).getMessages()).toEqual(messages);
});

test('a deleted message is neither shown nor sent, and an assistant’s goes with its calls and results', async () => {
  const { sessions, model } = stage({ tools: [tool('look')] });
  model.script.push(calls(call('a', 'look')), say('done'));
  const session = await sessions.create(start);
  await session.message('A');
  await session.deleteMessage((await session.getMessages())[1]?.id ?? '');
  expect(session.state.messageCount).toBe(2);
  await session.message('B');
  expect(JSON.stringify(model.requests.at(-1)?.prompt)).not.toContain('look {');
  expect(problemsOf(model.requests.at(-1) ?? { prompt: [] }, { own: 'test' })).toEqual([]);
  for (const { id } of await session.getMessages()) await session.deleteMessage(id);
  expect(session.state.messageCount).toBe(0);
  expect((await session.message('C')).content).toBe('ok');
  expect(problemsOf(model.requests.at(-1) ?? { prompt: [] }, { own: 'test' })).toEqual([]);
});

test('an unknown message, an empty change or a wrong type is INVALID_INPUT, as a rejection', async () => {
  const { sessions } = stage();
  const session = await sessions.create(start);
  await session.message('A');
  const { id } = (await session.getMessages())[0] ?? { id: '' };
  const bad: (() => Promise<unknown>)[] = [
    () => session.editMessage('nope', { content: 'x' }),
    () => session.editMessage(id, {}),
    () => session.editMessage(id, undefined as never),
    () => session.editMessage(id, { content: 7 as never }),
    () => session.editMessage(id, { important: 'yes' as never }),
    () => session.editMessage(id, { content: ' ' }),
    () => session.deleteMessage('nope'),
    () => session.clearHistory({ keepLast: -1 }),
    () => session.clearHistory({ keepLast: 1.5 }),
    () => session.pruneContext({ keepLast: 'x' as never }),
  ];
  for (const work of bad) {
    let made: Promise<unknown> | undefined;
    expect(() => (made = work())).not.toThrow();
    await expect(made).rejects.toMatchObject({ code: 'INVALID_INPUT' });
  }
});

test('clearHistory forgets, keeps the last few on request, and destroys nothing', async () => {
  const { sessions, model, restart } = stage();
  const session = await sessions.create(start);
  for (const input of ['A', 'B', 'C']) await session.message(input);
  await session.clearHistory({ keepLast: 3 });
  expect((await session.getMessages()).map(({ content }) => content)).toEqual(['ok', 'C', 'ok']);
  expect(session.state.messageCount).toBe(3);
  await session.clearHistory();
  expect(await session.getMessages()).toEqual([]);
  expect(session.state.messageCount).toBe(0);
  expect(await session.getMessages({ all: true })).toHaveLength(6);
  await session.message('D');
  expect(model.requests.at(-1)?.prompt).toMatchObject([{ role: 'user', content: [{ text: 'D' }] }]);
  const next = await restart().sessions.resume(session.id);
  expect((await next.getMessages()).map(({ content }) => content)).toEqual(['D', 'ok']);
  expect(next.head).toEqual(session.head);
});

test('a message from before a clear can be edited and deleted without changing the count of what is shown', async () => {
  const { sessions, restart } = stage();
  const session = await sessions.create(start);
  await session.message('A');
  const [old] = await session.getMessages();
  await session.clearHistory();
  await session.message('B');
  await session.deleteMessage(old?.id ?? '');
  expect(session.state.messageCount).toBe(2);
  expect(await session.getMessages()).toHaveLength(2);
  expect(await session.getMessages({ all: true })).toHaveLength(3);
  expect((await restart().sessions.resume(session.id)).state.messageCount).toBe(2);
});

test('the title is the first line of the first message unless one was given', async () => {
  const { sessions } = stage();
  const session = await sessions.create(start);
  await session.message(`  Build ${'x'.repeat(100)}\nand more`);
  expect(session.head.title).toBe(`Build ${'x'.repeat(73)}…`);
  expect(session.head.title).toHaveLength(80);
  const smiling = await sessions.create(start);
  await smiling.message(`${'x'.repeat(78)}🙂🙂`);
  expect(smiling.head.title).toBe(`${'x'.repeat(78)}…`);
});

// ── export and import ──

async function exported(): Promise<ExportedSession> {
  const { sessions, model } = stage({ tools: [tool('look')] });
  model.script.push(calls(...text('Looking'), call('a', 'look')), say('done'), [...text('x'), { act: 'stall' }]);
  const session = await sessions.create({ ...start, title: 'T', systemPrompt: 'S' });
  await session.message('A');
  const turn = session.turn('B');
  await until(() => model.requests.length === 3);
  await settled(3);
  await turn.abort();
  await session.editMessage((await session.getMessages())[0]?.id ?? '', { content: 'A2' });
  return session.export();
}

test('an export imported into another store is the same session, record by record', async () => {
  const data = JSON.parse(JSON.stringify(await exported())) as ExportedSession;
  const { sessions, storage, model } = stage();
  const session = await sessions.import(data);
  expect(session.id).toBe(data.id);
  expect(await recordsOf(storage, session.id)).toEqual(data.records);
  expect(await session.export()).toEqual(data);
  expect(session.state).toEqual(data.state);
  expect(await session.getMessages()).toEqual(data.messages);
  expect((await session.message('go on')).content).toBe('ok');
  expect(problemsOf(model.requests[0] ?? { prompt: [] }, { own: 'test' })).toEqual([]);
});

test('after a clear or a prune the import is the same but for the checkpoints, which are no facts', async () => {
  const { sessions, storage } = stage();
  const source = await sessions.create(start);
  for (const input of ['A', 'B', 'C']) await source.message(input);
  await source.clearHistory({ keepLast: 2 });
  await source.message('D');
  const data = await source.export();
  const copy = await sessions.import(data, { newId: true });
  expect(await copy.getMessages()).toEqual(await source.getMessages());
  expect(await copy.getMessages({ all: true })).toEqual(await source.getMessages({ all: true }));
  const facts = async (id: string) =>
    (await recordsOf(storage, id)).map((record) =>
      record.type === 'checkpoint' || record.type === 'warning' ? '-' : record,
    );
  expect((await facts(copy.id)).slice(0, data.records?.length)).toEqual(await facts(source.id));
});

test('a taken id is SESSION_EXISTS, with `newId` another one is made', async () => {
  const data = await exported();
  const { sessions } = stage().restart();
  await sessions.import(data);
  await expect(sessions.import(data)).rejects.toMatchObject({ code: 'SESSION_EXISTS' });
  const copy = await sessions.import(data, { newId: true });
  expect(copy.id).not.toBe(data.id);
  expect(await copy.getMessages()).toEqual(data.messages);
});

test('an array of the spec’s messages can be imported: calls keep their results, for people and for the model', async () => {
  const { sessions, model } = stage();
  const timestamp = '2026-01-01T00:00:00.000Z';
  const messages = [
    { role: 'system', content: 'Be kind.', timestamp },
    { role: 'user', content: 'Look', timestamp },
    {
      role: 'assistant',
      content: '',
      timestamp,
      toolCalls: [
        { id: 'call_1', tool: 'look', params: { n: 1 } },
        { id: 'call_2', tool: 'look', params: {} },
      ],
      toolResults: [
        { id: 'call_1', result: 'seen' },
        { id: 'call_2', result: null, error: 'blind' },
      ],
    },
    { role: 'assistant', content: 'There it is', timestamp },
    { role: 'user', content: 'Again', timestamp },
    {
      role: 'assistant',
      content: '',
      timestamp,
      toolCalls: [{ id: 'call_1', tool: 'look', params: { n: 2 } }],
      toolResults: [{ id: 'call_1', result: 'seen again' }],
    },
  ];
  const session = await sessions.import(messages, { model: 'test/model' });
  expect(await session.getMessages()).toMatchObject(messages);
  expect(session.state).toMatchObject({ messageCount: 5, status: 'idle' });
  await session.message('Thanks');
  const request = model.requests[0] ?? { prompt: [] };
  expect(problemsOf(request, { own: 'test' })).toEqual([]);
  const sent = JSON.stringify(request.prompt);
  for (const word of ['seen', 'blind', 'seen again', 'Be kind.', 'There it is']) expect(sent).toContain(word);
  expect(sent).not.toContain('unknown');
  await session.deleteMessage((await session.getMessages())[2]?.id ?? '');
  await session.message('And now?');
  expect(JSON.stringify(model.requests[1]?.prompt)).toContain('seen again');
  expect(problemsOf(model.requests[1] ?? { prompt: [] }, { own: 'test' })).toEqual([]);
});

test.each<[string, unknown]>([
  ['nothing', undefined],
  ['a text', 'x'],
  ['a number', 7],
  ['an empty object', {}],
  ['a message without content', [{ role: 'user', timestamp: '2026-01-01T00:00:00Z' }]],
  ['a role that is none', [{ role: 'tool', content: 'x', timestamp: '2026-01-01T00:00:00Z' }]],
  ['a time that is none', [{ role: 'user', content: 'x', timestamp: 'yesterday' }]],
  ['no model', [{ role: 'user', content: 'x', timestamp: '2026-01-01T00:00:00Z' }]],
  [
    'records that begin with another one',
    { messages: [], records: [{ type: 'warning', at: '2026-01-01T00:00:00Z', message: 'x' }] },
  ],
  ['a record that is none', { messages: [], records: [{ type: 'session' }] }],
])('an import of %s is INVALID_INPUT and leaves nothing', async (_name, data) => {
  const { sessions } = stage();
  await expect(sessions.import(data)).rejects.toMatchObject({ code: 'INVALID_INPUT' });
  expect(await sessions.list()).toEqual([]);
});

test('an import of a newer format is FORMAT_TOO_NEW', async () => {
  await expect(stage().sessions.import({ format: 2, messages: [] })).rejects.toMatchObject({ code: 'FORMAT_TOO_NEW' });
});

test('an import as deep as no stack is refused with a typed error', async () => {
  let result: unknown = 1;
  for (let i = 0; i < 20_000; i += 1) result = [result];
  const timestamp = '2026-01-01T00:00:00Z';
  const deep = [
    {
      role: 'assistant',
      content: 'x',
      timestamp,
      toolCalls: [{ id: 'a', tool: 't', params: {} }],
      toolResults: [{ id: 'a', result }],
    },
  ];
  await expect(stage().sessions.import(deep, { model: 'test/model' })).rejects.toMatchObject({ code: 'INVALID_INPUT' });
});

test('`show` reads without a lease, also while another process works', async () => {
  const { sessions, model, storage, restart } = stage();
  model.script.push([...text('some'), { act: 'stall' }]);
  const session = await sessions.create(start);
  const turn = session.turn('go');
  await until(() => model.requests.length === 1);
  const { acquire } = storage.counts;
  const shown = await restart().sessions.show(session.id);
  expect(shown).toMatchObject({ head: { status: 'active' }, messages: [{ content: 'go' }] });
  expect(storage.counts.acquire).toBe(acquire);
  await turn.abort();
});

test('sessions need nothing but a store and a resolver', async () => {
  const { createSessions } = await import('../src/index.ts');
  const sessions = createSessions({ storage: memoryStorage(), models: resolverOf({ 'a/b': scripted() }, infoOf()) });
  const session = await sessions.create({ model: 'a/b' });
  expect(session.id).toMatch(/^[a-z0-9][a-z0-9_-]+$/);
  expect((await session.message('hi')).content).toBe('ok');
  await sessions.close();
});

test('a store that overlooks the conditions of a list loses no other session with the one that is deleted', async () => {
  const store = memoryStorage();
  const { sessions } = stage({ storage: { ...store, list: () => store.list() } });
  const kept = await sessions.create({ model: 'test/model' });
  const gone = await kept.fork();
  await sessions.delete(gone.id);
  expect((await store.list()).items.map(({ id }) => id)).toEqual([kept.id]);
  await sessions.delete(kept.id);
});
