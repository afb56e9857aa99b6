import { describe, expect, test } from 'vitest';
import type { MessageInput, Session } from '../src/contracts/session.ts';
import type { Turn } from '../src/contracts/turn.ts';
import { memoryStorage } from '../src/storage/memory.ts';
import { until } from './support/clock.ts';
import { call, calls, httpError, say } from './support/model.ts';
import { problemsOf } from './support/prompt-rules.ts';
import { stage, tool } from './support/stage.ts';
import { faulty, recordsOf } from './support/storage.ts';

const start = { model: 'test/model' };

/** A session whose first turn stands in a tool until it is let go, and another process on the same store. */
async function busy() {
  const gate = Promise.withResolvers<string>();
  const wait = tool('wait', { run: () => gate.promise });
  const shared = memoryStorage();
  const storage = faulty({ ...shared, supports: { ...shared.supports, processes: 'many' } });
  const here = stage({ tools: [wait], storage });
  const session = await here.sessions.create(start);
  here.model.script.push(calls(call('a', 'wait')), say('first answer'), say('second answer'), say('third answer'));
  const turn = session.turn('first');
  await until(() => wait.runs.length === 1, 'the tool');
  const there = here.restart({ tools: [wait], storage: faulty(storage.inner) });
  const other = await there.sessions.resume(session.id);
  const asked = () => here.model.requests.map(({ prompt }) => JSON.stringify(prompt));
  return { ...here, storage, session, turn, other, there, letGo: () => gate.resolve('go'), asked };
}

async function queued(turn: Turn): Promise<string> {
  return new Promise((resolve) => turn.once('queued', ({ key }) => resolve(key)));
}

test('without being told to wait, a message to a busy session fails at once and leaves nothing', async () => {
  const { other, turn, letGo, storage, session } = await busy();
  const before = await recordsOf(storage, session.id);
  expect(await other.turn('now!').outcome()).toMatchObject({ status: 'failed', error: { code: 'SESSION_BUSY' } });
  expect(await recordsOf(storage, session.id)).toEqual(before);
  letGo();
  expect(await turn.outcome()).toMatchObject({ status: 'done', steps: 2 });
});

test('steer: a message of another process becomes part of the turn that runs, before its next model call', async () => {
  const { other, turn, letGo, storage, session, asked, clock, model } = await busy();
  const steering = other.turn('look left', { busy: 'steer' });
  await queued(steering);
  letGo();
  expect(await turn.outcome()).toMatchObject({ status: 'done', message: { content: 'first answer' } });
  expect(asked()[1]).toContain('look left');
  expect(await clock.drive(steering.outcome())).toMatchObject({ status: 'done', message: { content: 'first answer' } });
  const records = await recordsOf(storage, session.id);
  expect(records.filter(({ type }) => type === 'turn-end')).toHaveLength(1);
  expect((await session.getMessages()).map(({ content }) => content)).toEqual([
    'first',
    '',
    'look left',
    'first answer',
  ]);
  for (const request of model.requests) expect(problemsOf(request, { own: 'test' })).toEqual([]);
});

test('steer: with files too the sender hears how that turn ended', async () => {
  const { other, turn, letGo, clock } = await busy();
  const steering = other.turn({ text: 'look left', attachments: [{ text: 'a map' }] }, { busy: 'steer' });
  await queued(steering);
  letGo();
  await turn.outcome();
  expect(await clock.drive(steering.outcome())).toMatchObject({ status: 'done', message: { content: 'first answer' } });
});

test('steer: the sender hears how that turn ended, also when it failed, with what it took', async () => {
  const { other, turn, letGo, clock, model } = await busy();
  model.script.splice(0, 9, httpError(401, 'bad key'));
  const steering = other.turn('look left', { busy: 'steer' });
  await queued(steering);
  letGo();
  const { status, error, usage, steps } = await turn.outcome();
  expect([status, error?.code]).toEqual(['failed', 'AUTH']);
  expect(await clock.drive(steering.outcome())).toMatchObject({ status, error: { code: 'AUTH' }, usage, steps });
});

test('queue: it is answered in a turn of its own, by whoever waits, once the session is free', async () => {
  const { other, turn, letGo, storage, session, asked, clock } = await busy();
  const waiting = other.turn('second', { busy: 'queue' });
  await queued(waiting);
  letGo();
  await turn.outcome();
  expect(asked()[1]).not.toContain('second');
  expect(await clock.drive(waiting.outcome())).toMatchObject({ status: 'done', message: { content: 'second answer' } });
  expect((await recordsOf(storage, session.id)).filter(({ type }) => type === 'turn-end')).toHaveLength(2);
});

test('within one process too: a message steers the turn that runs', async () => {
  const { session, turn, letGo, asked, clock } = await busy();
  const steering = session.turn('look left', { busy: 'steer' });
  await queued(steering);
  letGo();
  await turn.outcome();
  expect(asked()[1]).toContain('look left');
  expect(await clock.drive(steering.outcome())).toMatchObject({ status: 'done', message: { content: 'first answer' } });
});

test('whoever waits may die: the next turn answers what is left first, as a turn that listeners are told of', async () => {
  const { other, there, turn, letGo, session, asked } = await busy();
  const waiting = other.turn('second', { busy: 'queue' });
  await queued(waiting);
  there.storage.crash();
  letGo();
  await turn.outcome();
  const begun: Turn[] = [];
  session.on('turn', (own) => begun.push(own));
  expect((await session.message('third')).content).toBe('third answer');
  expect(await begun[0]?.outcome()).toMatchObject({ status: 'done', message: { content: 'second answer' } });
  expect(asked().at(-1)).toContain('third');
  expect((await session.getMessages()).map(({ content }) => content).slice(-4)).toEqual([
    'second',
    'second answer',
    'third',
    'third answer',
  ]);
});

describe('a key whose turn runs in another process', () => {
  async function keyed(how: 'known' | 'unknown', message: MessageInput = 'keyed') {
    const scene = await busy();
    const { session, there, other, storage, letGo } = scene;
    letGo();
    await scene.turn.outcome();
    const early = how === 'unknown' ? other : undefined;
    await early?.getMessages();
    const gate = Promise.withResolvers<void>();
    scene.model.script.splice(0, 2, [{ act: 'wait', for: gate.promise }, ...say('kept')]);
    const running = session.turn(message, { key: 'k1' });
    await until(() => scene.model.requests.length === 3, 'the model');
    const late = early ?? (await there.sessions.resume(session.id));
    return { ...scene, storage, running, late, letGo: gate.resolve };
  }

  test.each([
    ['known', 'fail'],
    ['known', 'queue'],
    ['known', 'steer'],
    ['unknown', 'fail'],
    ['unknown', 'queue'],
  ] as const)('of a session where it is %s, sent again with %j, it is that turn', async (how, mode) => {
    const { late, running, letGo, clock, session, storage, model } = await keyed(how);
    const again = late.turn('keyed', { key: 'k1', busy: mode });
    const told: unknown[] = [];
    again.on('queued', () => told.push('queued')).on('joined', (event) => told.push(event));
    await until(() => told.length === 1);
    expect(told).toEqual([{ turn: running.id, seq: expect.any(Number) }]);
    letGo();
    const { message } = await running.outcome();
    expect(await clock.drive(again.outcome())).toMatchObject({
      status: 'done',
      message: { content: message?.content },
    });
    expect(told).toHaveLength(1);
    expect(model.requests).toHaveLength(3);
    const said = (await recordsOf(storage, session.id)).filter((record) => record.type === 'message');
    expect(said.filter((record) => record.key === 'k1')).toHaveLength(1);
  });

  test('with files it is that turn where theirs are the same; a stream is read once', async () => {
    const { late, running, letGo, clock } = await keyed('known', { text: 'keyed', attachments: [{ text: 'notes' }] });
    const bearing = (content: string): MessageInput => ({
      text: 'keyed',
      attachments: [{ data: new Blob([content]).stream() as AsyncIterable<Uint8Array> }],
    });
    await expect(late.message(bearing('other'), { key: 'k1' })).rejects.toMatchObject({ code: 'CONFLICT' });
    const again = late.turn(bearing('notes'), { key: 'k1' });
    expect(await new Promise((resolve) => again.once('joined', resolve))).toMatchObject({ turn: running.id });
    letGo();
    expect(await clock.drive(again.outcome())).toMatchObject({ status: 'done', message: { content: 'kept' } });
  });

  test('with another text it is a CONFLICT; whoever leaves ends nothing', async () => {
    const { late, running, letGo } = await keyed('known');
    const more = { text: 'keyed', attachments: [{ text: 'notes' }] };
    for (const other of ['other', more])
      await expect(late.message(other, { key: 'k1' })).rejects.toMatchObject({ code: 'CONFLICT' });
    const leaving = late.turn('keyed', { key: 'k1' });
    await new Promise<void>((resolve) => leaving.once('joined', () => resolve()));
    await leaving.abort('gone');
    expect(await leaving.outcome()).toMatchObject({ status: 'aborted' });
    letGo();
    expect(await running.outcome()).toMatchObject({ status: 'done' });
  });
});

test('one key is answered once, also when it is sent twice or a crash kept it in the inbox', async () => {
  const { other, turn, letGo, storage, session, clock } = await busy();
  const one = other.turn('second', { busy: 'queue', key: 'k1' });
  const two = other.turn('second', { busy: 'queue', key: 'k1' });
  await Promise.all([queued(one), queued(two)]);
  letGo();
  await turn.outcome();
  await clock.drive(Promise.all([one.outcome(), two.outcome()]));
  await storage.inbox?.put(session.id, {
    key: 'k1',
    json: JSON.stringify({ kind: 'message', mode: 'queue', text: 'second' }),
  });
  await session.message('third');
  const spoken = (await session.getMessages()).map(({ content }) => content);
  expect(spoken.filter((content) => content === 'second')).toHaveLength(1);
});

test('a message that was answered and then left the window was answered, for whoever waits and whatever a crash kept in the inbox', async () => {
  const { other, turn, letGo, storage, session, clock, asked } = await busy();
  const waiting = other.turn('second', { busy: 'queue', key: 'k1' });
  await queued(waiting);
  letGo();
  await turn.outcome();
  await session.message('third');
  await session.pruneContext({ keepLast: 1 });
  expect(await clock.drive(waiting.outcome())).toMatchObject({ status: 'done', message: { content: 'second answer' } });
  await storage.inbox?.put(session.id, {
    key: 'k1',
    json: JSON.stringify({ kind: 'message', mode: 'queue', text: 'second' }),
  });
  await session.message('fourth');
  expect((await session.getMessages()).filter(({ content }) => content === 'second')).toHaveLength(1);
  expect(asked().filter((prompt) => prompt.includes('"second"'))).toHaveLength(2);
  await expect(session.withdraw('k1')).rejects.toMatchObject({ code: 'CONFLICT' });
});

test('a message that nobody has taken up can be taken back', async () => {
  const { other, turn, letGo, session } = await busy();
  const waiting = other.turn('second', { busy: 'queue' });
  await queued(waiting);
  expect(await waiting.abort()).toMatchObject({ status: 'aborted', error: { code: 'ABORTED' } });
  letGo();
  await turn.outcome();
  await session.message('third');
  expect((await session.getMessages()).map(({ content }) => content)).not.toContain('second');
});

test('within one process too: its handle answers at once and waits for no turn', async () => {
  const { session, turn, letGo } = await busy();
  const waiting = session.turn('second', { busy: 'queue' });
  await queued(waiting);
  expect(await waiting.abort()).toMatchObject({ status: 'aborted', error: { code: 'ABORTED' } });
  letGo();
  await turn.outcome();
  await session.message('third');
  expect((await session.getMessages()).map(({ content }) => content)).not.toContain('second');
});

test('by its key it is taken back from anywhere, until somebody has taken it up', async () => {
  const { session, other, turn, letGo, there, clock } = await busy();
  const waiting = other.turn('second', { busy: 'queue', key: 'k1' });
  await queued(waiting);
  await session.withdraw('k1');
  const kept = other.turn('third', { busy: 'queue', key: 'k2' });
  await queued(kept);
  letGo();
  await turn.outcome();
  expect(await clock.drive(waiting.outcome())).toMatchObject({ status: 'aborted' });
  expect(await clock.drive(kept.outcome())).toMatchObject({ status: 'done', message: { content: 'second answer' } });
  expect(await Promise.all([session.knows('k1'), other.knows('k2')])).toEqual([false, true]);
  await expect(other.withdraw('k2')).rejects.toMatchObject({ code: 'CONFLICT' });
  expect(there.model.requests.map(({ prompt }) => JSON.stringify(prompt)).join()).not.toContain('"second"');
});

test('a session on which a turn runs here can be resumed, and does not wait for it', async () => {
  const { sessions, session, turn, letGo } = await busy();
  expect(await sessions.resume(session.id)).toBe(session);
  letGo();
  await turn.outcome();
});

test('an abort takes no message that waits: it is answered in a turn of its own', async () => {
  const { other, turn, session, model, clock, letGo } = await busy();
  const steering = other.turn('look left', { busy: 'steer', key: 'k1' });
  await queued(steering);
  model.script.shift();
  void turn.abort();
  letGo();
  expect(await turn.outcome()).toMatchObject({ status: 'aborted' });
  expect(await clock.drive(steering.outcome())).toMatchObject({
    status: 'done',
    message: { content: 'second answer' },
  });
  await session.getMessages();
  expect(model.requests.filter(({ prompt }) => JSON.stringify(prompt).includes('look left'))).toHaveLength(1);
});

test('abort from another process ends the turn that runs, and says so when it has', async () => {
  const { other, turn, clock, session } = await busy();
  await clock.drive(other.abort('enough'));
  expect(await turn.outcome()).toMatchObject({ status: 'aborted', error: { message: 'enough' } });
  expect((await session.message('and now?')).content).toBe('first answer');
});

test('abort with nothing running does nothing', async () => {
  const { sessions, model } = stage();
  const session = await sessions.create(start);
  await session.abort();
  model.script.push(say('hi'));
  expect((await session.message('hello')).content).toBe('hi');
});

test('a bad choice or key is refused before anything is stored', async () => {
  const { sessions } = stage();
  const session = await sessions.create(start);
  expect(() => session.turn('hi', { busy: 'later' as never })).toThrow(/busy/);
  expect(() => session.turn('hi', { busy: 'queue', key: '../x' })).toThrow(/key/);
});

describe('messages of one process are answered in the order in which they were sent', () => {
  const TEXTS = ['one', 'two', 'three'];

  /** What the user is seen to have said, and who got which answer. */
  async function answered(send: (session: Session) => Turn[]) {
    const { sessions, model, clock } = stage();
    const session = await sessions.create(start);
    model.script.push(...TEXTS.map((text) => say(`answer to ${text}`)));
    const outcomes = await clock.drive(Promise.all(send(session).map((turn) => turn.outcome())));
    const messages = await session.getMessages();
    const said = messages.flatMap(({ role, content }) => (role === 'user' ? [content] : []));
    return { said, answers: outcomes.map(({ message }) => message?.content) };
  }

  const inOrder = { said: TEXTS, answers: TEXTS.map((text) => `answer to ${text}`) };
  const modes = ['fail', 'queue'] as const;
  const lines = modes.flatMap((a) => modes.flatMap((b) => modes.map((c) => [a, b, c] as const)));

  test.each(lines)('%s, %s and %s in one tick', async (...busy) => {
    expect(
      await answered((session) => TEXTS.map((text, i) => session.turn(text, { busy: busy[i] ?? 'fail' }))),
    ).toEqual(inOrder);
  });

  test.each(modes)('also while the files of one are still being read, and %s follows', async (last) => {
    async function* slowly() {
      for (let i = 0; i < 50; i += 1) await Promise.resolve();
      yield new TextEncoder().encode('a file');
    }
    const slow = { attachments: [{ data: slowly(), mediaType: 'text/plain', name: 'a.txt' }] };
    const sent = await answered((session) => [
      session.turn('one'),
      session.turn({ text: 'two', ...slow }, { busy: 'queue' }),
      session.turn('three', { busy: last }),
    ]);
    expect(sent).toEqual(inOrder);
  });

  test('also where the last was stored before the one in the middle began', async () => {
    const { session, turn, letGo, clock } = await busy();
    const second = session.turn('second');
    const third = session.turn('third', { busy: 'queue' });
    await queued(third);
    letGo();
    const outcomes = await clock.drive(Promise.all([turn, second, third].map((each) => each.outcome())));
    expect(outcomes.map(({ message }) => message?.content)).toEqual(['first answer', 'second answer', 'third answer']);
    expect((await session.getMessages()).at(-2)).toMatchObject({ content: 'third' });
  });

  test('one that steers becomes part of the turn that was asked for in the same tick', async () => {
    const sent = await answered((session) => [session.turn('one'), session.turn('two', { busy: 'steer' })]);
    expect(sent).toEqual({ said: ['one', 'two'], answers: ['answer to one', 'answer to one'] });
  });

  test('one that is taken back before its place came holds up nobody', async () => {
    const never = {
      async *[Symbol.asyncIterator]() {
        yield* await new Promise<Uint8Array[]>(() => undefined);
      },
    };
    const sent = await answered((session) => {
      const first = session.turn('one');
      const stuck = session.turn({ attachments: [{ data: never, name: 'a.txt' }] }, { busy: 'queue' });
      const last = session.turn('two', { busy: 'queue' });
      void first.outcome().then(() => stuck.abort());
      return [first, last];
    });
    expect(sent).toEqual({ said: ['one', 'two'], answers: ['answer to one', 'answer to two'] });
  });

  test('and before a change of the history that was asked for after them', async () => {
    const { sessions, model } = stage();
    const session = await sessions.create(start);
    model.script.push(say('answer to one'), say('answer to two'));
    const turns = [session.turn('one', { busy: 'queue' }), session.turn('two')];
    // Turns begin after the caller's synchronous code.
    await Promise.resolve();
    const cleared = session.clearHistory();
    await Promise.all([...turns.map((turn) => turn.outcome()), cleared]);
    expect(await session.getMessages()).toEqual([]);
  });
});
