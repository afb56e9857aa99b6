import { expect, test } from 'vitest';
import type { Session } from '../src/contracts/session.ts';
import { RepriseError } from '../src/errors.ts';
import { memoryStorage } from '../src/storage/memory.ts';
import { call, calls, say, text } from './support/model.ts';
import { extendsPrefix, flattened } from './support/prompt-rules.ts';
import { stage, tool } from './support/stage.ts';
import { recordsOf } from './support/storage.ts';

const start = { model: 'test/model' };
const AT = '2026-01-01T00:00:00.000Z';

async function texts(session: Session, all = false): Promise<string[]> {
  return (await session.getMessages({ all })).map(({ content, takenBack }) => (takenBack ? `(${content})` : content));
}

async function idOf(session: Session, content: string): Promise<string> {
  return (await session.getMessages({ all: true })).findLast((message) => message.content === content)?.id ?? '';
}

/** Three exchanges: one, a1; two, a2; three, a3. */
async function told(change: Parameters<typeof stage>[0] = {}) {
  const scene = stage(change);
  const session = await scene.sessions.create(start);
  scene.model.script.push(say('a1'), say('a2'), say('a3'));
  for (const said of ['one', 'two', 'three']) await session.message(said);
  return { ...scene, session };
}

// ── rewind ──

test('a rewind takes a message and all that followed back, as one record, and gives the message to be said anew', async () => {
  const { session, storage } = await told();
  const before = await recordsOf(storage.inner, session.id);
  const message = await session.rewind(await idOf(session, 'two'));
  expect(message).toMatchObject({ role: 'user', content: 'two' });
  expect(message.takenBack).toBeUndefined();
  expect(await texts(session)).toEqual(['one', 'a1']);
  expect(session.head.messageCount).toBe(2);
  // Nothing is lost: the log keeps it.
  expect(await texts(session, true)).toEqual(['one', 'a1', '(two)', '(a2)', '(three)', '(a3)']);
  const after = await recordsOf(storage.inner, session.id);
  expect(after.slice(0, before.length)).toEqual(before);
  expect(after.slice(before.length).map(({ type }) => type)).toEqual(['rewind', 'checkpoint']);
});

test('what was deleted before it was taken back is counted once', async () => {
  const { session } = await told();
  await session.rewind(await idOf(session, 'three'));
  await session.message('three anew');
  const messages = await session.getMessages();
  await session.deleteMessage(messages.at(-1)?.id ?? '');
  expect(session.head.messageCount).toBe(5);
  await session.rewind(await idOf(session, 'three anew'));
  expect(session.head.messageCount).toBe(4);
});

test('the next request begins with what the request before that message was, byte for byte', async () => {
  const { session, model } = await told();
  await session.rewind(await idOf(session, 'two'));
  model.script.push(say('b2'));
  await session.message('another two');
  const [first, , , again] = model.requests.map(flattened);
  expect(extendsPrefix(first!, again!)).toBe(true);
  expect(JSON.stringify(model.requests.at(-1)?.prompt)).not.toContain('three');
  expect(await texts(session)).toEqual(['one', 'a1', 'another two', 'b2']);
});

test('the same in another process, after a restart, in pages and on show', async () => {
  const { session, restart, model } = await told();
  const other = restart();
  const handle = await other.sessions.resume(session.id);
  await session.rewind(await idOf(session, 'two'));
  model.script.push(say('c2'));
  await handle.message('from there');
  expect(await texts(handle)).toEqual(['one', 'a1', 'from there', 'c2']);
  const third = restart();
  const resumed = await third.sessions.resume(session.id);
  expect(await texts(resumed)).toEqual(['one', 'a1', 'from there', 'c2']);
  for (const query of [{}, { after: 0 }]) {
    const page = await third.sessions.messages(session.id, query);
    expect(page.items.map(({ content }) => content)).toEqual(['one', 'a1', 'from there', 'c2']);
    const all = await third.sessions.messages(session.id, { ...query, all: true });
    expect(all.items.filter(({ takenBack }) => takenBack).map(({ content }) => content)).toEqual([
      'two',
      'a2',
      'three',
      'a3',
    ]);
  }
  const { messages, head } = await third.sessions.show(session.id);
  expect(messages.filter(({ takenBack }) => takenBack)).toHaveLength(4);
  expect(head.messageCount).toBe(4);
  const exported = await resumed.export();
  expect(exported.messages.map(({ content }) => content)).toEqual(['one', 'a1', 'from there', 'c2']);
});

test('a log without a usable checkpoint folds to the same', async () => {
  const { session, storage, sessions, model } = await told();
  await session.rewind(await idOf(session, 'two'));
  const exported = JSON.parse(JSON.stringify(await session.export())) as object;
  const copy = await sessions.import({ ...exported, id: 'copy' });
  expect((await recordsOf(storage.inner, 'copy')).filter(({ type }) => type === 'checkpoint')).toHaveLength(1);
  expect(await texts(copy)).toEqual(['one', 'a1']);
  model.script.push(say('b'));
  await copy.message('and');
  expect(JSON.stringify(model.requests.at(-1)?.prompt)).not.toMatch(/two|three/);
});

test('edits and deletions of what is left stay; those of what is gone can be undone no more than it', async () => {
  const { session } = await told();
  await session.editMessage(await idOf(session, 'one'), { content: 'uno' });
  await session.deleteMessage(await idOf(session, 'a1'));
  await session.deleteMessage(await idOf(session, 'a2'));
  await session.rewind(await idOf(session, 'two'));
  expect(await texts(session)).toEqual(['uno']);
  expect(session.head.messageCount).toBe(1);
});

test('over a prune, a compaction and a clear: the window is what it was then', async () => {
  const { session, model } = await told();
  const three = await idOf(session, 'three');
  await session.pruneContext({ keepLast: 1 });
  await session.rewind(three);
  model.script.push(say('b3'));
  await session.message('third');
  expect(flattened(model.requests.at(-1)!)).toEqual(
    expect.arrayContaining([expect.stringContaining('one'), expect.stringContaining('a2')]),
  );
  await session.clearHistory();
  expect(await texts(session)).toEqual([]);
  await session.rewind(await idOf(session, 'two'));
  expect(await texts(session)).toEqual(['one', 'a1']);
  expect(session.head.messageCount).toBe(2);
  model.script.push(say('b2'));
  await session.message('second');
  expect(extendsPrefix(flattened(model.requests[0]!), flattened(model.requests.at(-1)!))).toBe(true);
});

test('a summary that was made since is gone with what it stood beside, and the messages that it stood for are back', async () => {
  const { sessions, model } = stage({}, undefined);
  const session = await sessions.create({ ...start, contextWindow: 1000, pruneStrategy: 'summarize' });
  for (let n = 0; n < 3; n += 1) {
    model.script.push(say(`a${n}`));
    await session.message(`${n} ${'word '.repeat(200)}`);
  }
  model.script.push(say('the summary'), say('last'));
  await session.message(`over ${'word '.repeat(300)}`);
  expect(JSON.stringify(model.requests.at(-1)?.prompt)).toContain('the summary');
  const over = (await session.getMessages({ all: true })).findLast(({ role }) => role === 'user')?.id ?? '';
  await session.rewind(over);
  model.script.push(say('b'));
  await session.message('short');
  const asked = JSON.stringify(model.requests.at(-1)?.prompt);
  expect(asked).not.toContain('the summary');
  expect(asked).toContain('a0');
});

test('to a message that steered a turn: what the turn did before it stays, and no call is without its result', async () => {
  const held = Promise.withResolvers<string>();
  const slow = tool('slow', { run: () => held.promise });
  const { sessions, model } = stage({ tools: [slow] });
  const session = await sessions.create(start);
  model.script.push(calls(call('c1', 'slow', '{}')), say('steered'));
  const turn = session.turn('go');
  for await (const chunk of turn) {
    if (chunk.type !== 'tool_call') continue;
    const steer = session.turn('rather this', { busy: 'steer' });
    steer.once('queued', () => held.resolve('done'));
  }
  await turn.outcome();
  expect(await texts(session)).toEqual(['go', '', 'rather this', 'steered']);
  await session.rewind(await idOf(session, 'rather this'));
  expect((await session.getMessages()).at(-1)).toMatchObject({ toolResults: [{ id: 'c1', result: 'done' }] });
  model.script.push(say('ok'));
  expect((await session.message('go on')).content).toBe('ok');
});

test('a turn that a crash left open is ended first', async () => {
  const { sessions, model, storage, restart } = stage({ tools: [tool('look')] });
  const session = await sessions.create(start);
  model.script.push(say('a1'), calls(call('c1', 'look', '{}')), say('never'));
  await session.message('one');
  storage.crashAppend(2, 'after');
  await session.turn('two').outcome();
  const next = restart();
  const handle = await next.sessions.load(session.id);
  expect(handle.open).toBeDefined();
  await handle.rewind(await idOf(handle, 'two'));
  expect(await texts(handle)).toEqual(['one', 'a1']);
  expect(handle.head.status).toBe('idle');
  expect((await recordsOf(storage.inner, session.id)).map(({ type }) => type)).toContain('turn-end');
});

test('a question that waits is cancelled with its turn', async () => {
  const { sessions, model, storage, restart } = stage({
    tools: [tool('look')],
    permissions: { decide: () => ({ verdict: 'ask' }) },
    onAsk: 'wait',
  });
  const session = await sessions.create(start);
  model.script.push(calls(call('c1', 'look', '{}')));
  const turn = session.turn('one');
  for await (const chunk of turn) if (chunk.type === 'approval') break;
  storage.crash();
  const next = restart();
  const handle = await next.sessions.load(session.id);
  expect(await handle.approvals()).toHaveLength(1);
  await handle.rewind(await idOf(handle, 'one'));
  expect(await handle.approvals()).toEqual([]);
  expect(await texts(handle)).toEqual([]);
});

test('what somebody allowed for good in what is taken back is asked again', async () => {
  const asked: string[] = [];
  const { sessions, model } = stage({
    tools: [tool('look')],
    permissions: { decide: () => ({ verdict: 'ask' }) },
    ask: async ({ tool: name }) => {
      asked.push(name);
      return { allow: true, always: true };
    },
  });
  const session = await sessions.create(start);
  const look = () => model.script.push(calls(call('c1', 'look', '{}')), say('ok'));
  look();
  await session.message('one');
  look();
  await session.message('two');
  expect(asked).toHaveLength(1);
  await session.rewind(await idOf(session, 'one'));
  look();
  await session.message('one again');
  expect(asked).toHaveLength(2);
});

test('messages that wait stay and are answered next; one that was taken up is not answered again', async () => {
  const { session, storage, model } = await told();
  const letter = (key: string, said: string) => ({
    key,
    json: JSON.stringify({ kind: 'message', key, text: said, mode: 'queue' }),
  });
  model.script.push(say('answered'));
  await session.message('was queued', { key: 'k1' });
  // As after a crash between the record and the removal from the inbox.
  await storage.inner.inbox?.put(session.id, letter('k1', 'was queued'));
  await storage.inner.inbox?.put(session.id, letter('k2', 'waits'));
  await session.rewind(await idOf(session, 'two'));
  model.script.push(say('to the one that waited'), say('to the new one'));
  await session.message('new');
  expect(await texts(session)).toEqual(['one', 'a1', 'waits', 'to the one that waited', 'new', 'to the new one']);
});

test('where the log has lost its beginning, the session stays what it is', async () => {
  const { session, storage, restart } = await told();
  await session.pruneContext({ keepLast: 2 });
  const one = await idOf(session, 'one');
  const { read } = storage.inner;
  storage.inner.read = async function* (id, range) {
    for await (const page of read(id, range)) yield page.filter(({ seq }) => seq > 1);
    throw new RepriseError('STORAGE_DAMAGED', 'The first record is damaged.');
  };
  const other = await restart().sessions.resume(session.id);
  await other.rewind(one);
  expect(other.head).toMatchObject({ model: 'test/model', createdAt: session.head.createdAt, messageCount: 0 });
  expect(await texts(other)).toEqual([]);
  expect((await other.undo())?.what).toBe('rewind');
  expect(await texts(other)).toHaveLength(6);
});

test('sub-sessions of what is taken back stay, and so does what they took', async () => {
  const work = tool('work', {
    run: async (_input, context) => (await context.spawn({ prompt: 'below' }).outcome()).status,
  });
  const { sessions, model } = stage({ tools: [work] });
  const session = await sessions.create(start);
  model.script.push(say('a1'), calls(call('c1', 'work', '{}')), say('from below'), say('a2'));
  await session.message('one');
  await session.message('two');
  const before = await session.usage();
  expect(before.all.total.calls).toBe(4);
  await session.rewind(await idOf(session, 'two'));
  expect(await texts(session)).toEqual(['one', 'a1']);
  expect((await session.usage()).all).toEqual(before.all);
  expect((await sessions.tree(session.id)).items.map(({ kind }) => kind)).toEqual([undefined, 'spawn']);
  expect((await session.undo())?.what).toBe('rewind');
  expect(await texts(session)).toEqual(['one', 'a1', 'two', '', 'a2']);
});

test('attachments of what is taken back can still be read', async () => {
  const { sessions, model } = stage();
  const session = await sessions.create(start);
  model.script.push(say('seen'));
  await session.message({ text: 'look', attachments: [{ text: 'let x', name: 'x.ts' }] });
  const [{ sha256 } = { sha256: '' }] = (await session.getMessages())[0]?.attachments ?? [];
  await session.rewind(await idOf(session, 'look'));
  expect(new TextDecoder().decode(await session.attachment(sha256))).toBe('let x');
});

test('a fork of what was taken back goes on with it, and a fork of the rest has what it has', async () => {
  const { session, model } = await told();
  const [two, a2] = [await idOf(session, 'two'), await idOf(session, 'a2')];
  await session.rewind(two);
  model.script.push(say('b2'));
  await session.message('second');
  const branch = await session.fork({ fromMessage: a2 });
  expect(await texts(branch)).toEqual(['one', 'a1', 'two', 'a2']);
  const whole = await session.fork();
  expect(await texts(whole)).toEqual(['one', 'a1', 'second', 'b2']);
  expect((await whole.undo())?.what).toBe('exchange');
  expect((await whole.undo())?.what).toBe('rewind');
  expect(await texts(whole)).toEqual(['one', 'a1', 'two', 'a2', 'three', 'a3']);
  expect(await texts(session)).toEqual(['one', 'a1', 'second', 'b2']);
  // From between two rewinds: what the later one took back is there, what the earlier one did is not.
  const b2 = await idOf(session, 'b2');
  await session.rewind(await idOf(session, 'second'));
  expect(await texts(await session.fork({ fromMessage: b2 }))).toEqual(['one', 'a1', 'second', 'b2']);
});

test('what was spent stays spent, and settings stay as they are', async () => {
  const { session } = await told();
  const { total } = session.state.tokenUsage;
  await session.update({ temperature: 0.2, title: 'named' });
  await session.rewind(await idOf(session, 'one'));
  expect(session.state.tokenUsage.total).toBe(total);
  expect((await session.usage()).own.total.calls).toBe(3);
  expect(session.head.title).toBe('named');
  expect(await texts(session)).toEqual([]);
});

test('only to a message of the user that is there; while another process works, not at all', async () => {
  const { session, restart, model } = await told();
  const refused = { code: 'INVALID_INPUT' };
  await expect(session.rewind('none')).rejects.toMatchObject(refused);
  await expect(session.rewind(await idOf(session, 'a2'))).rejects.toMatchObject(refused);
  await expect(session.rewind(undefined as never)).rejects.toMatchObject(refused);
  const two = await idOf(session, 'two');
  await expect(session.rewind(two, { expected: 1 })).rejects.toMatchObject({ code: 'CONFLICT' });
  await session.rewind(two, { expected: session.head.seq });
  await expect(session.rewind(two)).rejects.toMatchObject({ message: expect.stringContaining('taken back') as string });
  await expect(session.editMessage(two, { content: 'x' })).rejects.toMatchObject(refused);
  await expect(session.deleteMessage(two)).rejects.toMatchObject(refused);
  const other = await restart().sessions.load(session.id);
  model.script.push([...text('half'), { act: 'stall' }]);
  const turn = session.turn('busy');
  for await (const _ of turn) break;
  for (const work of [() => other.rewind(two), () => other.undo(), () => other.redo()])
    await expect(work()).rejects.toMatchObject({ code: 'SESSION_BUSY' });
  await turn.abort();
});

test('nothing is stored of a rewind that failed, and the session goes on', async () => {
  const { session, storage, model } = await told();
  const records = await recordsOf(storage.inner, session.id);
  storage.failAppend(1, 'STORAGE_FULL');
  const two = await idOf(session, 'two');
  await expect(session.rewind(two)).rejects.toMatchObject({ code: 'STORAGE_FULL' });
  expect(await recordsOf(storage.inner, session.id)).toEqual(records);
  expect(await texts(session)).toHaveLength(6);
  model.script.push(say('a4'));
  await session.message('four');
  await session.rewind(two);
  expect(await texts(session)).toEqual(['one', 'a1']);
});

// ── undo and redo ──

test('an undo takes back what was last done, whatever it was, and each redo brings one of them again', async () => {
  const { session, model } = await told();
  await session.editMessage(await idOf(session, 'one'), { content: 'uno' });
  await session.deleteMessage(await idOf(session, 'a1'));
  await session.pruneContext({ keepLast: 1 });
  model.script.push(say('a4'));
  await session.message('four');
  await session.rewind(await idOf(session, 'three'));
  await session.clearHistory();
  const states: string[] = [];
  const look = async () =>
    states.push(JSON.stringify([await texts(session), session.head.messageCount, session.getContextUsage()]));
  await look();
  const undone: (string | undefined)[] = [];
  for (;;) {
    const one = await session.undo();
    if (one === undefined) break;
    undone.push(`${one.what} ${one.message?.content ?? ''}`.trim());
    await look();
  }
  expect(undone).toEqual([
    'clear',
    'rewind three',
    'exchange four',
    'prune',
    'delete a1',
    'edit one',
    'exchange three',
    'exchange two',
    'exchange one',
  ]);
  expect(await texts(session)).toEqual([]);
  const back = states.toReversed();
  for (const expected of back.slice(1)) {
    expect(await session.redo()).toBeDefined();
    expect(JSON.stringify([await texts(session), session.head.messageCount, session.getContextUsage()])).toBe(expected);
  }
  expect(await session.redo()).toBeUndefined();
});

test('after an undo of a deletion, an edit or a prune, the request is what it was before it', async () => {
  const { session, model } = await told();
  const promptNow = async () => {
    model.script.push(say('x'));
    await session.message('probe');
    const { prompt } = model.requests.at(-1)!;
    await session.undo();
    return JSON.stringify(prompt);
  };
  const before = await promptNow();
  const changes = [
    async () => session.deleteMessage(await idOf(session, 'two')),
    async () => session.editMessage(await idOf(session, 'a1'), { content: 'other' }),
    () => session.pruneContext({ keepLast: 1 }),
    () => session.clearHistory(),
    async () => session.rewind(await idOf(session, 'two')),
  ];
  for (const change of changes) {
    await change();
    expect(await promptNow()).not.toBe(before);
    await session.undo();
    expect(await promptNow()).toBe(before);
  }
});

test('what was done lately is taken back at the cost of what came since, however long the history is', async () => {
  const { sessions, storage, model } = stage();
  const many = Array.from({ length: 3000 }, (_, n) => ({
    role: n % 2 === 0 ? 'user' : 'assistant',
    content: `${n}`,
    timestamp: AT,
  }));
  const session = await sessions.import(many, { model: 'test/model' });
  await session.pruneContext({ keepLast: 4 });
  for (const said of ['one', 'two']) {
    model.script.push(say(`to ${said}`));
    await session.message(said);
  }
  const { read } = storage.inner;
  let records = 0;
  storage.read = async function* (id, range) {
    for await (const page of read(id, range)) {
      for (const one of page) {
        records += 1;
        yield [one];
      }
    }
  };
  const two = (await sessions.messages(session.id, { limit: 2 })).items[0]!.id;
  records = 0;
  await session.rewind(two);
  expect([(await session.undo())?.what, (await session.redo())?.what]).toEqual(['rewind', 'rewind']);
  expect((await session.undo())?.what).toBe('rewind');
  expect((await session.undo())?.what).toBe('exchange');
  expect(records).toBeGreaterThan(10);
  expect(records).toBeLessThan(300);
  expect(session.head.messageCount).toBe(3002);
  expect((await session.getMessages()).length).toBe(3002);
  expect((await session.undo())?.what).toBe('exchange');
  expect((await session.undo())?.what).toBe('prune');
  expect(await session.undo()).toMatchObject({ what: 'exchange', message: { content: '2998' } });
});

test('how many messages are left is counted right where a part of the log is enough', async () => {
  const { session, model } = await told();
  await session.pruneContext({ keepLast: 2 });
  model.script.push(say('b1'), say('b2'));
  await session.message('four');
  await session.message('five');
  // An undone rewind, and then one that reaches further.
  await session.rewind(await idOf(session, 'five'));
  await session.undo();
  await session.rewind(await idOf(session, 'four'));
  expect(session.head.messageCount).toBe(6);
  await session.undo();
  // A message that was cleared when it was deleted, and is not any more.
  await session.clearHistory();
  await session.deleteMessage(await idOf(session, 'four'));
  await session.rewind(await idOf(session, 'five'));
  expect(await texts(session)).toEqual(['one', 'a1', 'two', 'a2', 'three', 'a3', 'b1']);
  expect(session.head.messageCount).toBe(7);
});

test('a turn whose window was moved, and which was steered after that, is one exchange', async () => {
  const held = Promise.withResolvers<string>();
  const big = tool('big', { run: async () => 'word '.repeat(600) });
  const slow = tool('slow', { run: () => held.promise });
  const { sessions, model, storage } = stage({ tools: [big, slow] });
  const session = await sessions.create({ ...start, contextWindow: 1300 });
  model.script.push(say('a1'), calls(call('c1', 'big', '{}')), calls(call('c2', 'slow', '{}')), say('a2'));
  await session.message(`one ${'word '.repeat(800)}`);
  const turn = session.turn('two');
  for await (const chunk of turn) {
    if (chunk.type !== 'tool_call' || chunk.tool !== 'slow') continue;
    session.turn('steered', { busy: 'steer' }).once('queued', () => held.resolve('done'));
  }
  await turn.outcome();
  const types = (await recordsOf(storage.inner, session.id)).map((record) => record.type);
  expect(types.lastIndexOf('message')).toBeGreaterThan(types.lastIndexOf('checkpoint'));
  expect(types.indexOf('boundary')).toBeGreaterThan(types.indexOf('turn-end'));
  expect(await session.undo()).toMatchObject({ what: 'exchange', message: { content: 'two' } });
  expect(await texts(session)).toHaveLength(2);
});

test('something new ends what can be done again, and an undo then begins with it', async () => {
  const { session, model } = await told();
  await session.undo();
  model.script.push(say('b3'));
  await session.message('third');
  expect(await session.redo()).toBeUndefined();
  expect(await session.undo()).toMatchObject({ what: 'exchange', message: { content: 'third' } });
  expect(await session.undo()).toMatchObject({ what: 'exchange', message: { content: 'two' } });
  expect(await texts(session)).toEqual(['one', 'a1']);
});

test('an undo after a restart, and a redo in a third process', async () => {
  const { session, restart } = await told();
  await session.deleteMessage(await idOf(session, 'two'));
  const second = await restart().sessions.resume(session.id);
  expect(await second.undo()).toMatchObject({ what: 'delete', message: { content: 'two' } });
  expect(await texts(second)).toHaveLength(6);
  const third = await restart().sessions.resume(session.id);
  expect(await third.redo()).toEqual({ what: 'delete' });
  expect(await texts(third)).toHaveLength(5);
  expect(await texts(await restart().sessions.load(session.id))).toHaveLength(5);
});

test('what the engine does in a turn belongs to its exchange', async () => {
  const { sessions, model } = stage();
  const session = await sessions.create({ ...start, contextWindow: 700 });
  for (let n = 0; n < 5; n += 1) {
    model.script.push(say(`a${n}`));
    await session.message(`${n} ${'word '.repeat(150)}`);
  }
  const undone: (string | undefined)[] = [];
  for (let one = await session.undo(); one !== undefined; one = await session.undo()) undone.push(one.what);
  expect(undone).toEqual(['exchange', 'exchange', 'exchange', 'exchange', 'exchange']);
});

test('followers are told, in order, and where to read from', async () => {
  const { session, sessions } = await told();
  const stop = new AbortController();
  const after = session.head.seq;
  const seen: object[] = [];
  const following = (async () => {
    for await (const event of sessions.follow(session.id, { after, signal: stop.signal })) {
      const { at: _at, ...facts } = event;
      seen.push(facts);
      if (seen.length === 3) stop.abort();
    }
  })();
  const two = await idOf(session, 'two');
  await session.rewind(two);
  await session.undo();
  await session.redo();
  await following;
  const from = (await sessions.messages(session.id, { all: true })).items.find(({ id }) => id === two)?.seq;
  expect(seen).toEqual([
    { type: 'rewind', time: AT, message: two, from },
    { type: 'undo', time: AT, of: after + 1, what: 'rewind', message: two },
    { type: 'undo', time: AT, of: after + 3, what: 'rewind', message: two, redo: true },
  ]);
});

test('of a session that is saved by hand', async () => {
  const { sessions, model } = stage({ storage: memoryStorage() });
  const session = await sessions.create({ ...start, autoSave: false });
  model.script.push(say('a1'), say('a2'));
  await session.message('one');
  await session.message('two');
  await session.rewind(await idOf(session, 'two'));
  expect(await texts(session)).toEqual(['one', 'a1']);
  await session.save();
  expect((await sessions.show(session.id)).messages.filter(({ takenBack }) => takenBack)).toHaveLength(2);
});
