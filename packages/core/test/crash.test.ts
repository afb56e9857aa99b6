import { expect, test } from 'vitest';
import type { SessionStorage } from '../src/contracts/storage.ts';
import { RepriseError } from '../src/errors.ts';
import type { Rec } from '../src/records/types.ts';
import { settled, until } from './support/clock.ts';
import { call, calls, say, text } from './support/model.ts';
import { problemsOf } from './support/prompt-rules.ts';
import { stage, tool } from './support/stage.ts';
import { recordsOf } from './support/storage.ts';

const start = { model: 'test/model' };

/** Laws 2 and 3 on a settled log: one result a call, one end a turn. */
function expectLawful(records: readonly Rec[]): void {
  const called = records.flatMap((record) =>
    record.type === 'step' ? (record.toolCalls ?? []).map(({ id }) => id) : [],
  );
  const results = records.flatMap((record) => (record.type === 'result' ? [record.call] : []));
  expect([...results].sort()).toEqual([...called].sort());
  const turns = records.flatMap((record) =>
    record.type === 'message' && record.turn !== undefined ? [record.turn] : [],
  );
  const ends = records.flatMap((record) => (record.type === 'turn-end' ? [record.turn] : []));
  expect(ends).toEqual(turns);
}

/** A turn of two steps with three calls, in a process that dies in append `n`. */
async function dieAt(n: number, when: 'before' | 'after') {
  const tools = [tool('look'), tool('write', { access: () => ({ effect: 'write', locks: ['*'] }) })];
  const theatre = stage({ tools });
  theatre.model.script.push(
    calls(...text('Looking. '), call('a', 'look'), call('b', 'look', { n: 1 })),
    calls(call('c', 'write')),
    say('done'),
  );
  theatre.storage.crashAppend(n, when);
  const outcome = await theatre.sessions
    .create(start)
    .then((session) => session.turn('go').outcome())
    .catch((error: unknown) => error);
  theatre.storage.crash();
  const ran = tools.flatMap(({ name, runs }) => runs.map((input) => `${name} ${JSON.stringify(input)}`));
  return { ...theatre, tools, outcome, ran, appends: theatre.storage.counts.append };
}

test('the scene that the crashes below cut has nine appends', async () => {
  const { outcome, storage } = await dieAt(99, 'before');
  expect(outcome).toMatchObject({ status: 'done' });
  expect((await recordsOf(storage.inner, 's1')).map(({ type }) => type)).toEqual([
    'session',
    'message',
    'step',
    'result',
    'result',
    'step',
    'result',
    'step',
    'turn-end',
  ]);
  expectLawful(await recordsOf(storage.inner, 's1'));
});

const points = [2, 3, 4, 5, 6, 7, 8, 9].flatMap((n) =>
  (['before', 'after'] as const).map((when) => [n, when] as const),
);

test.each(points)(
  'a process that dies in append %i, %s it is stored: the next one answers, and nothing finished runs again',
  async (n, when) => {
    const { restart, storage, model, tools, ran } = await dieAt(n, when);
    const before = await recordsOf(storage.inner, 's1');
    expect(before).toHaveLength(when === 'before' ? n - 1 : n);
    model.script.length = 0;
    model.script.push(say('I am back'));
    const session = await restart({ tools }).sessions.resume('s1');
    expect((await session.message('still there?')).content).toBe('I am back');
    const after = await recordsOf(storage.inner, 's1');
    expect(after.slice(0, before.length)).toEqual(before);
    expectLawful(after);
    expect(tools.flatMap(({ name, runs }) => runs.map((input) => `${name} ${JSON.stringify(input)}`))).toEqual(ran);
    expect(problemsOf(model.requests.at(-1) ?? { prompt: [] }, { own: 'test' })).toEqual([]);
    expect(session.state.status).toBe('idle');
    expect((await session.getMessages()).filter(({ role }) => role !== 'system')).toHaveLength(
      session.state.messageCount,
    );
  },
);

test('a process that dies in `create` leaves nothing, or a session that works', async () => {
  for (const when of ['before', 'after'] as const) {
    const { restart, model } = await dieAt(1, when);
    model.script.length = 0;
    const { sessions } = restart();
    expect((await sessions.list()).map(({ id }) => id)).toEqual(when === 'before' ? [] : ['s1']);
    if (when === 'after') expect((await (await sessions.resume('s1')).message('hi')).content).toBe('ok');
  }
});

test('no call of a step that could not be stored runs', async () => {
  const { tools } = await dieAt(3, 'before');
  expect(tools.flatMap(({ runs }) => runs)).toEqual([]);
});

test('the text of a response that a crash cut is kept but for the last quarter of a second', async () => {
  const { model, sessions, storage, clock, restart } = stage();
  const hold = Promise.withResolvers<void>();
  model.script.push([...text('It is known '), { act: 'wait', for: hold.promise }, ...text('that'), { act: 'stall' }]);
  const turn = (await sessions.create(start)).turn('go');
  await settled(20);
  await clock.advance(250);
  hold.resolve();
  await settled(20);
  storage.crash();
  void turn.abort();
  await settled(20);
  const next = restart();
  const shown = await next.sessions.show('s1');
  expect(shown.messages.at(-1)).toMatchObject({
    id: 'draft',
    role: 'assistant',
    content: 'It is known ',
    finishReason: 'interrupted',
  });
  expect(shown.head.status).toBe('active');
  const session = await next.sessions.resume('s1');
  expect((await session.message('go on')).content).toBe('ok');
  expect((await session.getMessages()).map(({ content }) => content)).toEqual(['go', 'It is known ', 'go on', 'ok']);
  expect(problemsOf(model.requests.at(-1) ?? { prompt: [] }, { own: 'test' })).toEqual([]);
  expect(await storage.inner.draft?.read('s1')).toEqual([]);
});

test('a crash after `reset` shows no text of the attempt that was taken back', async () => {
  const { model, sessions, storage, clock, restart } = stage();
  const hold = Promise.withResolvers<void>();
  const overloaded = { type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } } as const;
  model.script.push(
    [...text('first try'), { act: 'wait', for: hold.promise }, overloaded],
    [...text('second'), { act: 'stall' }],
  );
  const turn = (await sessions.create(start)).turn('go');
  await settled(20);
  await clock.advance(250);
  hold.resolve();
  await settled(20);
  await clock.advance(500);
  await settled(20);
  await clock.advance(250);
  storage.crash();
  void turn.abort();
  await settled(20);
  const session = await restart().sessions.resume('s1');
  await session.message('go on');
  expect((await session.getMessages())[1]).toMatchObject({ content: 'second', finishReason: 'interrupted' });
});

test('a session that a crash left open is settled once, at the next write and not by looking', async () => {
  const { restart, storage } = await dieAt(4, 'before');
  const before = await recordsOf(storage.inner, 's1');
  const { sessions } = restart();
  const session = await sessions.resume('s1');
  await session.getMessages();
  await sessions.load('s1');
  await sessions.show('s1');
  expect(await recordsOf(storage.inner, 's1')).toEqual(before);
  await session.pruneContext();
  const settledOnce = await recordsOf(storage.inner, 's1');
  expectLawful(settledOnce);
  await session.pruneContext();
  expect((await recordsOf(storage.inner, 's1')).filter(({ type }) => type === 'turn-end')).toHaveLength(1);
});

test.each([2, 3, 4, 5, 6, 7, 8, 9])(
  'a disk that is full at append %i: a typed error, no further tool starts, and the same process goes on once there is space',
  async (n) => {
    const tools = [tool('look', { access: () => ({ effect: 'write', locks: ['*'] }) })];
    const { model, sessions, storage } = stage({ tools });
    model.script.push(
      calls(...text('Looking. '), call('a', 'look'), call('b', 'look', { n: 1 })),
      calls(call('c', 'look', { n: 2 })),
      say('done'),
    );
    const session = await sessions.create(start);
    storage.failAppend(n - 1, 'STORAGE_FULL', 99);
    const turn = session.message('go');
    const outcome = await turn.outcome();
    expect(outcome).toMatchObject({ status: 'failed', error: { code: 'STORAGE_FULL' } });
    const ran = tools.flatMap(({ runs }) => runs).length;
    expect(ran).toBe([0, 0, 0, 0, 1, 2, 2, 3, 3, 3][n]);
    model.script.length = 0;
    storage.failAppend(1, 'STORAGE_FULL', 0);
    expect((await session.message('next')).content).toBe('ok');
    expect(tools.flatMap(({ runs }) => runs)).toHaveLength(ran);
    expectLawful(await recordsOf(storage, session.id));
    expect(problemsOf(model.requests.at(-1) ?? { prompt: [] }, { own: 'test' })).toEqual([]);
  },
);

test.each([2, 3, 4, 5, 6, 7, 8])(
  'a single append that fails (%i), with space again a moment later, leaves a lawful log',
  async (n) => {
    const tools = [tool('look')];
    const { model, sessions, storage } = stage({ tools });
    model.script.push(
      calls(...text('Looking. '), call('a', 'look'), call('b', 'look', { n: 1 })),
      calls(call('c', 'look', { n: 2 })),
      say('done'),
    );
    const session = await sessions.create(start);
    storage.failAppend(n - 1, 'STORAGE_FAILED');
    const outcome = await session.turn('go').outcome();
    expect(outcome).toMatchObject({ status: 'failed', error: { code: 'STORAGE_FAILED' } });
    expectLawful(await recordsOf(storage, session.id));
    model.script.length = 0;
    expect((await session.message('next')).content).toBe('ok');
    expectLawful(await recordsOf(storage, session.id));
  },
);

test.each([1, 2, 3, 4, 5, 6, 7, 8])(
  'an append that was stored and reported as failed (%i) is read back before the next one',
  async (n) => {
    const { model, sessions, storage } = stage({ tools: [tool('look')] });
    model.script.push(
      calls(call('a', 'look'), call('b', 'look', { n: 1 })),
      calls(call('c', 'look', { n: 2 })),
      say('done'),
    );
    const session = await sessions.create(start);
    const { append } = storage;
    let left = n;
    (storage as { append: SessionStorage['append'] }).append = async (lease, batch) => {
      await append(lease, batch);
      left -= 1;
      if (left === 0) throw new RepriseError('STORAGE_FAILED', 'the answer was lost');
    };
    expect(await session.turn('go').outcome()).toMatchObject({ error: { code: 'STORAGE_FAILED' } });
    model.script.length = 0;
    expect((await session.message('next')).content).toBe('ok');
    expectLawful(await recordsOf(storage, session.id));
    expect(session.head).toEqual(await storage.head(session.id));
    expect(problemsOf(model.requests.at(-1) ?? { prompt: [] }, { own: 'test' })).toEqual([]);
  },
);

test('an override that could not be stored is stored with the next write', async () => {
  const { sessions, storage, restart } = stage();
  const { id } = await sessions.create(start);
  const next = restart();
  const session = await next.sessions.resume(id, { temperature: 0.1 });
  next.storage.failAppend(1, 'STORAGE_FULL');
  await expect(session.message('a')).rejects.toMatchObject({ code: 'STORAGE_FULL' });
  await session.message('b');
  expect(await recordsOf(storage, id)).toContainEqual(
    expect.objectContaining({ type: 'change', settings: { temperature: 0.1 } }),
  );
});

test('an idle session holds no lease, also after an operation that failed', async () => {
  const { sessions, storage, restart } = stage();
  const session = await sessions.create(start);
  const other = await restart().sessions.resume(session.id);
  await other.message('from elsewhere');
  const broken = storage as { read: SessionStorage['read'] };
  const { read } = broken;
  broken.read = async function* () {
    throw new Error('cable pulled');
    yield [];
  };
  await expect(session.message('x')).rejects.toMatchObject({ message: 'cable pulled' });
  broken.read = read;
  expect((await other.message('free?')).content).toBe('ok');
  expect((await session.message('mine again')).content).toBe('ok');
});

test('a lease that was lost ends the turn with FENCED; the next message takes a new one', async () => {
  const { model, sessions, storage } = stage();
  const leases: { release(): Promise<void> }[] = [];
  const { acquire } = storage;
  (storage as { acquire: SessionStorage['acquire'] }).acquire = async (id, how) => {
    const lease = await acquire(id, how);
    leases.push(lease);
    return lease;
  };
  const hold = Promise.withResolvers<void>();
  model.script.push([{ act: 'wait', for: hold.promise }, ...say('x')]);
  const session = await sessions.create(start);
  const turn = session.message('go');
  await until(() => model.requests.length === 1);
  await leases.at(-1)?.release();
  hold.resolve();
  await expect(turn).rejects.toMatchObject({ code: 'FENCED' });
  expect((await session.message('next')).content).toBe('ok');
  expectLawful(await recordsOf(storage, session.id));
});
