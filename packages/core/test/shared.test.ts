import { describe, expect, test, vi } from 'vitest';
import type { MessagePage } from '../src/contracts/history.ts';
import type { Session } from '../src/contracts/session.ts';
import { memoryStorage } from '../src/storage/memory.ts';
import { call, calls, say, text } from './support/model.ts';
import { stage, tool } from './support/stage.ts';
import { faulty, recordsOf } from './support/storage.ts';
import { Viewer } from './support/viewer.ts';

const start = { model: 'test/model' };

test('a message with the same key is one turn, also in the next process', async () => {
  const { sessions, model, restart } = stage();
  model.script.push(say('first'), say('second'));
  const session = await sessions.create(start);
  const twice = [session.turn('hello', { key: 'k1' }), session.turn('hello', { key: 'k1' })] as const;
  const joined: unknown[] = [];
  twice[1].on('joined', (event) => joined.push(event));
  const [one, two] = await Promise.all(twice.map((turn) => turn.outcome()));
  expect(two).toMatchObject({ status: 'done', message: one?.message ?? {} });
  expect(joined).toEqual([{ turn: twice[0].id, seq: 2 }]);
  const again = await restart().sessions.resume(session.id);
  expect((await again.message('hello', { key: 'k1' })).content).toBe('first');
  expect((await again.message('hello', { key: 'k2' })).content).toBe('second');
  expect(model.requests).toHaveLength(2);
  await expect(again.message('other', { key: 'k1' })).rejects.toMatchObject({ code: 'CONFLICT' });
});

test('a message with the same key and other files is another one; the files of a new key are read once', async () => {
  const { sessions, model, restart } = stage();
  let reads = 0;
  const file = (content: string) => ({
    name: 'notes.txt',
    data: (async function* () {
      reads += 1;
      yield new TextEncoder().encode(content);
    })(),
  });
  const sent = (...contents: string[]) => ({ text: 'look', attachments: contents.map(file) });
  const session = await sessions.create(start);
  await session.message(sent('one', 'two'), { key: 'k1' });
  expect(reads).toBe(2);
  for (const handle of [session, await restart().sessions.resume(session.id)]) {
    const first = await handle.turn(sent('one', 'two'), { key: 'k1' }).outcome();
    expect(first).toMatchObject({ status: 'done' });
    for (const other of [sent(), sent('one'), sent('one', '2'), sent('two', 'one'), sent('one', 'two', 'three')])
      await expect(handle.message(other, { key: 'k1' })).rejects.toMatchObject({ code: 'CONFLICT' });
  }
  expect(model.requests).toHaveLength(1);
});

describe('a key is remembered over the whole history', () => {
  /** A session that was told something under a key, which then left its window; the store says which records are read. */
  async function long(leave: (session: Session) => Promise<unknown>) {
    const seen: number[] = [];
    const inner = memoryStorage();
    const storage = faulty({
      ...inner,
      async *read(...range) {
        for await (const page of inner.read(...range))
          for (const record of page) {
            seen.push(record.seq);
            yield [record];
          }
      },
    });
    const scene = stage({ storage, tools: [tool('look')] });
    scene.model.script.push(calls(call('a', 'look')), say('first'));
    const session = await scene.sessions.create(start);
    const { tokens } = await session.turn('hello', { key: 'k1' }).outcome();
    await session.message('and then?');
    await leave(session);
    seen.length = 0;
    return { ...scene, session, seen, storage, tokens };
  }

  const answered = { status: 'done', steps: 2, message: { content: 'first', finishReason: 'stop' } };

  test.each<[string, (session: Session) => Promise<unknown>]>([
    ['pruned', (session) => session.pruneContext({ keepLast: 1 })],
    ['cleared', (session) => session.clearHistory()],
    ['deleted', async (session) => session.deleteMessage((await session.getMessages())[0]?.id ?? '')],
    ['edited', async (session) => session.editMessage((await session.getMessages())[0]?.id ?? '', { content: 'hi' })],
    ['taken back', async (session) => session.rewind((await session.getMessages())[0]?.id ?? '')],
  ])(
    '%s: the same message gets the same answer, here and after a restart, and nobody is asked',
    async (_how, leave) => {
      const { session, model, restart, storage, tokens } = await long(leave);
      const asked = model.requests.length;
      const records = (await recordsOf(storage, session.id)).length;
      for (const handle of [session, await restart({ storage }).sessions.resume(session.id)]) {
        const turn = handle.turn('hello', { key: 'k1' });
        const joined = new Promise((resolve) => turn.once('joined', resolve));
        expect(await turn.outcome()).toMatchObject({ ...answered, tokens });
        expect(await joined).toMatchObject({ seq: 2 });
        expect(await handle.knows('k1')).toBe(true);
        await expect(handle.message('other', { key: 'k1' })).rejects.toMatchObject({ code: 'CONFLICT' });
      }
      expect(model.requests).toHaveLength(asked);
      expect(await recordsOf(storage, session.id)).toHaveLength(records);
    },
  );

  test('a new key reads nothing of it; an old one reads up to its message, and from there to the end of its turn', async () => {
    const { session, seen } = await long((one) => one.pruneContext({ keepLast: 1 }));
    await session.message('something new', { key: 'k2' });
    expect(seen).toEqual([]);
    await session.message('hello', { key: 'k1' });
    // session and message; message, step, result, step and the end of the turn
    expect(seen).toEqual([1, 2, 2, 3, 4, 5, 6]);
  });

  test('of a message whose end is lost: that, and not the end of another', async () => {
    const { session, sessions } = await long((one) => one.setModel('test/model'));
    const { records = [], ...exported } = await session.export();
    const end = (records as { type: string }[]).findIndex(({ type }) => type === 'turn-end');
    const torn = records.map((record, i) =>
      i === end ? { type: 'warning', at: exported.metadata.createdAt, message: '' } : record,
    );
    const other = await sessions.import({ ...exported, id: 'other', records: torn });
    const outcome = await other.turn('hello', { key: 'k1' }).outcome();
    expect(outcome).toMatchObject({ status: 'failed', error: { code: 'STORAGE_DAMAGED' } });
  });

  test('of a message that no turn answers: CONFLICT', async () => {
    const { sessions } = stage();
    const { createdAt: timestamp, id } = (await sessions.create(start)).state;
    const exported = await (await sessions.resume(id)).export();
    const said = { type: 'message', id: 'm1', role: 'user', content: 'hello', timestamp, key: 'k1' };
    const session = await sessions.import({ ...exported, id: 'other', records: [...(exported.records ?? []), said] });
    await expect(session.message('hello', { key: 'k1' })).rejects.toMatchObject({
      code: 'CONFLICT',
      message: 'The key k1 was used for a message that no turn answers.',
    });
  });
});

test('the key of a turn that a crash cut short answers with what is left of it', async () => {
  const { sessions, model, clock, storage, restart } = stage();
  model.script.push([...text('half an ans'), { act: 'deaf' }]);
  const session = await sessions.create(start);
  session.turn('hello', { key: 'k1' });
  const viewer = new Viewer();
  await viewer.follow(sessions, session.id, (_, seen) => seen.text === 'half an ans');
  await clock.advance(300);
  storage.crash();
  const again = await restart().sessions.resume(session.id);
  expect(await again.turn('hello', { key: 'k1' }).outcome()).toMatchObject({
    status: 'aborted',
    message: { content: 'half an ans', finishReason: 'interrupted' },
  });
  expect(model.requests).toHaveLength(1);
});

test('a change that expects another last record changes nothing', async () => {
  const { sessions, storage } = stage();
  const session = await sessions.create(start);
  await session.message('one');
  const [first] = await session.getMessages();
  const id = first?.id ?? '';
  const { seq } = session.head;
  await session.update({ title: 'Counting' }, { expected: seq });
  const before = await recordsOf(storage, session.id);
  const late = { expected: seq };
  for (const change of [
    () => session.editMessage(id, { content: 'uno' }, late),
    () => session.deleteMessage(id, late),
    () => session.pruneContext({ keepLast: 1, ...late }),
    () => session.clearHistory(late),
    () => session.update({ title: 'Other' }, late),
  ])
    await expect(change()).rejects.toMatchObject({ code: 'CONFLICT', details: { seq: seq + 1 } });
  expect(await recordsOf(storage, session.id)).toEqual(before);
  await session.editMessage(id, { content: 'uno' }, { expected: seq + 1 });
});

test('title, tags and settings are recorded at once; what they are already is not', async () => {
  const { sessions } = stage();
  const session = await sessions.create(start);
  await session.update({ title: 'A', tags: ['x'], maxSteps: 3 });
  expect(await sessions.info(session.id)).toMatchObject({ title: 'A', tags: ['x'], seq: 2 });
  await session.update({ title: 'A', maxSteps: 3 });
  expect((await sessions.info(session.id)).seq).toBe(2);
  await expect(session.update({ model: 'no/model' })).rejects.toMatchObject({ code: 'MODEL_NOT_FOUND' });
  expect((await sessions.info(session.id)).seq).toBe(2);
});

/** Ten exchanges with tools, then changes of what came before. */
async function talk() {
  const theatre = stage({ tools: [tool('look')], storage: faulty(memoryStorage()) });
  const session = await theatre.sessions.create(start);
  for (let n = 1; n <= 10; n += 1) {
    theatre.model.script.push(calls(call('same', 'look', { n })), say(`answer ${n}`));
    await session.message(`question ${n}`);
  }
  const all = await session.getMessages();
  await session.editMessage(all[0]?.id ?? '', { content: 'the first question' });
  await session.editMessage(all[0]?.id ?? '', { important: true });
  await session.deleteMessage(all[8]?.id ?? '');
  return { ...theatre, session };
}

test.each([1, 3, 7, 50])('pages of %i messages are the whole, forwards and backwards', async (limit) => {
  const { sessions, session } = await talk();
  const whole = await session.getMessages();
  expect(whole).toHaveLength(29);
  const back: MessagePage['items'][number][] = [];
  let before: number | undefined;
  do {
    const page = await sessions.messages(session.id, { limit, ...(before !== undefined && { before }) });
    expect(page.items.length).toBeLessThanOrEqual(limit);
    back.unshift(...page.items);
    before = page.before;
  } while (before !== undefined);
  const forth: typeof back = [];
  let after: number | undefined = 0;
  do {
    const page: MessagePage = await sessions.messages(session.id, { limit, after });
    expect(page.items.length).toBeLessThanOrEqual(limit);
    forth.push(...page.items);
    after = page.after;
  } while (after !== undefined);
  const plain = (items: typeof back) => items.map(({ seq: _, turn: __, ...message }) => message);
  expect(plain(back)).toEqual(whole);
  expect(plain(forth)).toEqual(whole);
  expect(back.map(({ seq }) => seq)).toEqual(forth.map(({ seq }) => seq));
  expect(back.map(({ turn }) => turn)).toEqual(forth.map(({ turn }) => turn));
  expect(back[0]?.turn).toEqual(back[1]?.turn);
});

test('pages begin at the last clear, unless all is asked for', async () => {
  const { sessions, session } = await talk();
  const before = await session.getMessages({ all: true });
  await session.clearHistory({ keepLast: 2 });
  await session.message('after');
  for (const query of [{}, { after: 0 }]) {
    const shown = await sessions.messages(session.id, { ...query, limit: 1000 });
    expect(shown.items.map(({ content }) => content)).toEqual(
      (await session.getMessages()).map(({ content }) => content),
    );
    const all = await sessions.messages(session.id, { ...query, limit: 1000, all: true });
    expect(all.items).toHaveLength(before.length + 2);
  }
});

test('the newest page reads no more than it shows', async () => {
  const { sessions, session, storage } = await talk();
  let read = 0;
  const inner = storage.inner.read.bind(storage.inner);
  storage.inner.read = async function* (id, range) {
    for await (const page of inner(id, range)) {
      for (const one of page) {
        read += 1;
        yield [one];
      }
    }
  };
  expect((await sessions.messages(session.id, { limit: 2 })).items).toHaveLength(2);
  expect(read).toBeLessThan(12);
});

test.each([{ before: 1, after: 1 }, { limit: 0 }, { limit: 1001 }, { before: -1 }, { after: 1.5 }])(
  'the page %j is INVALID_INPUT',
  async (query) => {
    const { sessions } = stage();
    const { id } = await sessions.create(start);
    await expect(sessions.messages(id, query)).rejects.toMatchObject({ code: 'INVALID_INPUT' });
  },
);

test('there are no messages of a session that is not there', async () => {
  const { sessions } = stage();
  await expect(sessions.messages('nobody')).rejects.toMatchObject({ code: 'SESSION_NOT_FOUND' });
});

test('sessions with a turn that has no end are found, also where their heads are old', async () => {
  const { sessions, model, storage, restart } = stage();
  await (await sessions.create(start)).message('over');
  model.script.push([...text('half'), { act: 'deaf' }]);
  const session = await sessions.create(start);
  session.turn('hello');
  await new Viewer().follow(sessions, session.id, (_, seen) => seen.text === 'half');
  expect(await sessions.info(session.id)).toMatchObject({ seq: 2, status: 'active' });
  const head = await storage.inner.head(session.id);
  storage.crash();
  const there = restart();
  const open = async () => {
    const ids: string[] = [];
    for await (const id of there.sessions.unfinished()) ids.push(id);
    return ids;
  };
  // As a store that writes heads with leases only.
  const old = { ...head, seq: 1, status: 'idle' } as NonNullable<typeof head>;
  there.storage.list = async () => ({ items: [...(await sessionsBefore()), old] });
  async function sessionsBefore() {
    const all = await storage.inner.list();
    return all.items.filter(({ id }) => id !== session.id);
  }
  expect(await open()).toEqual([session.id]);
  await (await there.sessions.resume(session.id)).update({});
  expect(await open()).toEqual([]);
});

test('a session on which a turn runs here can be opened, copied and exported meanwhile', async () => {
  const { sessions, model } = stage();
  const gate = Promise.withResolvers<void>();
  model.script.push([...text('half'), { act: 'wait', for: gate.promise }, ...say(' whole')]);
  const session = await sessions.create(start);
  const turn = session.turn('hello');
  await new Viewer().follow(sessions, session.id, (_, seen) => seen.text === 'half');
  expect(await sessions.resume(session.id)).toBe(session);
  expect((await session.export()).messages).toHaveLength(1);
  expect((await session.fork()).head.messageCount).toBe(1);
  gate.resolve();
  await turn.outcome();
});

test('a list asks those sessions how they are on which a turn runs, not all that are open', async () => {
  const { sessions, model } = stage();
  const gate = Promise.withResolvers<void>();
  const open = [];
  for (let n = 0; n < 40; n += 1) open.push(await sessions.create(start));
  model.script.push([...text('half'), { act: 'wait', for: gate.promise }, ...say(' whole')]);
  const turn = open[7]?.turn('hello');
  await new Viewer().follow(sessions, open[7]?.id ?? '', (_, seen) => seen.text === 'half');
  const looks = vi.spyOn(WeakRef.prototype, 'deref');
  try {
    const active = await sessions.list({ where: { status: 'active' } });
    expect(active.map(({ id }) => id)).toEqual([open[7]?.id]);
    expect(looks.mock.calls.length).toBeLessThan(5);
  } finally {
    looks.mockRestore();
  }
  gate.resolve();
  await turn?.outcome();
  expect(await sessions.list({ where: { status: 'active' } })).toEqual([]);
  expect(open.map((session) => sessions.isRunning(session.id))).toEqual(open.map(() => false));
});
