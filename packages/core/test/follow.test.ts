import { expect, test } from 'vitest';
import fc from 'fast-check';
import type { FeedEvent } from '../src/contracts/feed.ts';
import type { StoredRecord } from '../src/contracts/storage.ts';
import type { Message } from '../src/contracts/turn.ts';
import { RepriseError } from '../src/errors.ts';
import { LAG } from '../src/follow/place.ts';
import { memoryStorage } from '../src/storage/memory.ts';
import { settled, until } from './support/clock.ts';
import type { Beat } from './support/model.ts';
import { call, calls, finish, httpError, reasoning, say, text } from './support/model.ts';
import { stage, tool } from './support/stage.ts';
import { faulty } from './support/storage.ts';
import { Viewer, replay, turnEnd } from './support/viewer.ts';

const start = { model: 'test/model' };

/** The parts one by one, with a breath between them. */
function slowly(parts: readonly Beat[]): Beat[] {
  return parts.flatMap((part): Beat[] => [
    {
      act: 'wait',
      get for() {
        return settled(1);
      },
    },
    part,
  ]);
}

function words(content: string): Beat[] {
  return content.split(/(?<= )/).flatMap((word) => text(word));
}

function many() {
  const shared = memoryStorage();
  return faulty({ ...shared, supports: { ...shared.supports, processes: 'many' } });
}

test('who follows sees each record as an event, and the text of the step in flight before it is stored', async () => {
  const { sessions, model } = stage({ tools: [tool('look')] });
  model.script.push(
    slowly(calls(...reasoning('Hm.'), ...text('Looking.'), call('a', 'look'))) as never,
    slowly(say('Done.')) as never,
  );
  const session = await sessions.create({ ...start, title: 'A title' });
  const viewer = new Viewer();
  const following = viewer.follow(sessions, session.id, turnEnd);
  await session.message('go');
  await following;
  const joined = viewer.seen.map((event) => (event.type === 'text' ? `text ${event.content}` : event.type));
  expect(joined).toEqual([
    'session',
    'message',
    'reasoning',
    'text Look',
    'text ing.',
    'message',
    'tool_result',
    'text Don',
    'text e.',
    'message',
    'turn_end',
  ]);
  expect(viewer.seen[0]).toMatchObject({ type: 'session', model: 'test/model', title: 'A title', at: { seq: 1 } });
  expect(viewer.seen[2]).toMatchObject({ content: 'Hm.', at: { seq: 2, attempt: 1, offset: 0, reasoning: 3 } });
  expect(viewer.seen[4]).toMatchObject({ at: { seq: 2, attempt: 1, offset: 8, reasoning: 3 } });
  expect(viewer.seen.at(-1)).toMatchObject({ status: 'done', steps: 2, turn: 'turn_1' });
  expect(viewer.stored).toEqual(await replay(sessions, session.id));
});

test('who comes in the middle of a step gets its text from the start, or from where they were', async () => {
  const { sessions, model } = stage();
  const gate = Promise.withResolvers<void>();
  model.script.push([...text('One two '), { act: 'wait', for: gate.promise }, ...text('three'), finish()]);
  const session = await sessions.create(start);
  const turn = session.turn('count');
  let shown = '';
  turn.on('text', ({ content }) => (shown += content));
  await until(() => shown === 'One two ');
  const late = new Viewer();
  await late.follow(sessions, session.id, (_, { text }) => text === 'One two ');
  const other = new Viewer();
  other.at = { seq: 2, attempt: 1, offset: 4 };
  other.text = 'One ';
  await other.follow(sessions, session.id, (_, { text }) => text === 'One two ');
  expect(other.seen).toEqual([{ type: 'text', content: 'two ', at: { seq: 2, attempt: 1, offset: 8 } }]);
  gate.resolve();
  await Promise.all([late.follow(sessions, session.id, turnEnd), other.follow(sessions, session.id, turnEnd)]);
  expect(late.stored).toEqual(await replay(sessions, session.id));
  expect(other.seen.at(-2)).toMatchObject({ type: 'message', message: { content: 'One two three' } });
});

/** A turn with everything that can happen to shown text, whose model takes its time. */
async function eventful() {
  const storage = many();
  const theatre = stage({
    storage,
    tools: [tool('look', { run: async (_, { progress }) => progress({ text: 'half' }) })],
  });
  const broken: Beat[] = [
    ...reasoning('Wrong. '),
    ...words('This is not it '),
    { act: 'break', error: httpError(529, 'busy') },
  ];
  theatre.model.script.push(
    slowly(broken) as never,
    slowly([
      ...reasoning('Let me see. '),
      ...words('I look at it now '),
      call('a', 'look'),
      call('b', 'look'),
      finish('tool-calls'),
    ]) as never,
    slowly([...words('And this is the answer '), finish()]) as never,
  );
  const session = await theatre.sessions.create(start);
  return { ...theatre, session, there: theatre.restart({ storage: faulty(storage.inner) }).sessions };
}

test('however often and wherever a follower is cut off, here or in another process, it sees the same', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(fc.nat(12), fc.nat(9), fc.boolean()), { maxLength: 25 }), async (cuts) => {
      const { sessions, session, clock, there } = await eventful();
      const viewer = new Viewer();
      const turn = session.turn('go');
      const whole = clock.drive(turn.outcome());
      for (const [events, pause, elsewhere] of cuts) {
        const end = viewer.seen.length + events;
        await settled(pause);
        const cut = (event: FeedEvent): boolean => viewer.seen.length >= end || turnEnd(event);
        await clock.drive(viewer.follow(elsewhere ? there : sessions, session.id, cut));
        if (viewer.seen.some(turnEnd)) break;
      }
      if (!viewer.seen.some(turnEnd)) await viewer.follow(sessions, session.id, turnEnd);
      expect(await whole).toMatchObject({ status: 'done', message: { content: 'And this is the answer ' } });
      expect(viewer.stored).toEqual(await replay(sessions, session.id));
    }),
    { numRuns: 60 },
  );
});

test('a try that failed is taken back', async () => {
  const { sessions, session, clock } = await eventful();
  const viewer = new Viewer();
  const following = viewer.follow(sessions, session.id, turnEnd);
  await clock.drive(session.turn('go').outcome());
  await following;
  const reset = viewer.seen.findIndex(({ type }) => type === 'reset');
  expect(viewer.seen[reset]).toMatchObject({
    reason: 'retry',
    offset: 0,
    code: 'OVERLOADED',
    at: { seq: 3, attempt: 2 },
  });
  expect(viewer.seen[reset - 1]).toMatchObject({ type: 'text', at: { seq: 2, attempt: 1, offset: 15, reasoning: 7 } });
  expect(viewer.seen.filter(({ type }) => type === 'tool_progress')).toMatchObject([
    { id: 'a', text: 'half' },
    { id: 'b', text: 'half' },
  ]);
});

test('another process sees the records and the draft, and then what is stored', async () => {
  const storage = many();
  const { sessions, model, clock, restart } = stage({ storage });
  const gate = Promise.withResolvers<void>();
  model.script.push([
    ...reasoning('Hm.'),
    ...text('One two '),
    { act: 'wait', for: gate.promise },
    ...text('three'),
    finish(),
  ]);
  const there = restart({ storage: faulty(storage.inner) });
  const session = await sessions.create(start);
  const turn = session.turn('count');
  const viewer = new Viewer();
  const following = viewer.follow(there.sessions, session.id, (_, { text }) => text === 'One two ');
  await clock.drive(following);
  expect(viewer.reasoning).toBe('Hm.');
  gate.resolve();
  await turn.outcome();
  await clock.drive(viewer.follow(there.sessions, session.id, turnEnd));
  expect(viewer.stored).toEqual(await replay(sessions, session.id));
});

test('what a crash took is taken back, in the next process, once it is known', async () => {
  const storage = many();
  const { sessions, model, clock, restart } = stage({ storage });
  const flushed = Promise.withResolvers<void>();
  model.script.push([...text('One two '), { act: 'wait', for: flushed.promise }, ...text('three'), { act: 'deaf' }]);
  const session = await sessions.create(start);
  session.turn('count');
  const viewer = new Viewer();
  const here = viewer.follow(sessions, session.id, (_, { text }) => text === 'One two three');
  await until(() => viewer.text === 'One two ');
  await clock.advance(300);
  flushed.resolve();
  await here;
  storage.crash();

  const there = restart({ storage: faulty(storage.inner) });
  const fresh = new Viewer();
  await clock.drive(fresh.follow(there.sessions, session.id, (_, { text }) => text === 'One two '));
  const following = viewer.follow(there.sessions, session.id, (event) => turnEnd(event) && viewer.stored.length > 5);
  const freshly = fresh.follow(there.sessions, session.id, (event) => turnEnd(event) && fresh.stored.length > 5);
  await (await there.sessions.resume(session.id)).message('go on');
  await clock.drive(Promise.all([following, freshly]));
  expect(viewer.seen.filter(({ type }) => type === 'reset')).toMatchObject([{ reason: 'crash', offset: 8 }]);
  expect(fresh.seen.filter(({ type }) => type === 'reset')).toEqual([]);
  expect(viewer.stored).toEqual(await replay(there.sessions, session.id));
  expect(fresh.stored).toEqual(viewer.stored);
});

test('what was shown of a step that is asked for again after a crash is taken back too', async () => {
  const storage = many();
  const { sessions, model, clock, restart } = stage({ storage });
  model.script.push([...text('Lost'), { act: 'deaf' }], say('Found'));
  const session = await sessions.create(start);
  session.turn('seek');
  const viewer = new Viewer();
  await viewer.follow(sessions, session.id, (_, { text }) => text === 'Lost');
  storage.crash();
  const there = restart({ storage: faulty(storage.inner) });
  const following = viewer.follow(there.sessions, session.id, turnEnd);
  const again = await there.sessions.resume(session.id, { recover: 'continue' });
  await again.recovering?.outcome();
  await clock.drive(following);
  expect(viewer.seen.filter(({ type }) => type === 'reset')).toMatchObject([{ reason: 'retry', offset: 0 }]);
  expect(viewer.seen.at(-2)).toMatchObject({ message: { content: 'Found' } });
});

test('nobody waits for a slow follower: far behind, it is told to begin the step anew and goes on with the log', async () => {
  const { sessions, model } = stage();
  const long = 'x'.repeat(LAG);
  model.script.push([...text('ab'), ...text(long), ...text(long), finish()], say('next'));
  const session = await sessions.create(start);
  const viewer = new Viewer();
  const slow = sessions.follow(session.id)[Symbol.asyncIterator]();
  const next = async (): Promise<FeedEvent> => {
    const { value } = await slow.next();
    viewer.see(value as FeedEvent);
    return value as FeedEvent;
  };
  const first = next();
  const turn = session.turn('go');
  expect([await first, await next(), await next()].map(({ type }) => type)).toEqual(['session', 'message', 'text']);
  await turn.outcome();
  await session.message('more');
  expect(await next()).toMatchObject({ type: 'reset', reason: 'lagged', offset: 0 });
  while (!turnEnd(await next()) || viewer.stored.length < 7);
  await slow.return?.();
  expect(viewer.stored).toEqual(await replay(sessions, session.id));
});

test('a session that is saved by hand can be followed before it is', async () => {
  const { sessions, model } = stage();
  model.script.push(say('Hello.'));
  const session = await sessions.create({ ...start, autoSave: false });
  const viewer = new Viewer();
  const following = viewer.follow(sessions, session.id, turnEnd);
  await session.message('hi');
  await following;
  const late = new Viewer();
  await late.follow(sessions, session.id, turnEnd);
  expect(late.stored).toEqual(viewer.stored);
  await session.save();
  expect(await replay(sessions, session.id)).toEqual(viewer.stored);
});

test('edits, deletions, boundaries and changes are events too', async () => {
  const { sessions } = stage();
  const session = await sessions.create(start);
  await session.message('one');
  const [first, second] = await session.getMessages();
  await session.editMessage(first?.id ?? '', { content: 'uno' });
  await session.deleteMessage(second?.id ?? '');
  await session.clearHistory();
  await sessions.resume(session.id, { title: 'Numbers' });
  await session.message('two');
  const events = (await replay(sessions, session.id)) as FeedEvent[];
  expect(events.slice(4, -3)).toMatchObject([
    { type: 'edit', message: first?.id, content: 'uno' },
    { type: 'delete', message: second?.id },
    { type: 'boundary', reason: 'clear' },
    { type: 'change', title: 'Numbers' },
  ]);
  const copy = await session.fork();
  expect((await replay(sessions, copy.id)).at(-1)).toMatchObject({ type: 'fork', parent: { id: session.id } });
});

test('it ends with its signal, and with the session', async () => {
  const { sessions } = stage();
  const session = await sessions.create(start);
  const stop = new AbortController();
  const seen: string[] = [];
  const done = (async () => {
    for await (const { type } of sessions.follow(session.id, { signal: stop.signal })) seen.push(type);
  })();
  await settled();
  stop.abort();
  await done;
  expect(seen).toEqual(['session']);
  const ends = new Viewer().follow(sessions, session.id, () => false);
  await settled();
  await Promise.all([sessions.delete(session.id), expect(ends).rejects.toMatchObject({ code: 'SESSION_NOT_FOUND' })]);
  await expect(new Viewer().follow(sessions, session.id, () => false)).rejects.toMatchObject({
    code: 'SESSION_NOT_FOUND',
  });
});

test.each([
  [{ seq: -1, attempt: 1, offset: 0 }, 'INVALID_INPUT'],
  [{ seq: 1, attempt: 1 }, 'INVALID_INPUT'],
  [1.5, 'INVALID_INPUT'],
  [2, 'CONFLICT'],
])('the position %j is %s', async (after, code) => {
  const { sessions } = stage();
  const { id } = await sessions.create(start);
  const events = sessions.follow(id, { after: after as number })[Symbol.asyncIterator]();
  await expect(events.next()).rejects.toMatchObject({ code });
});

test('who only follows takes no lease and opens no session', async () => {
  const { sessions, storage, restart } = stage();
  const { id } = await sessions.create(start);
  const { acquire } = storage.counts;
  const there = restart();
  await new Viewer().follow(there.sessions, id, () => true);
  expect([storage.counts.acquire, there.storage.counts.acquire]).toEqual([acquire, 0]);
});

test('who follows a turn here costs the store nothing until it is over; then what others do is seen', async () => {
  const inner = memoryStorage();
  const looks = { head: 0, watch: 0, read: 0 };
  const storage = faulty({
    ...inner,
    supports: { ...inner.supports, processes: 'many' },
    head: (id) => ((looks.head += 1), inner.head(id)),
    read: (id, range) => ((looks.read += 1), inner.read(id, range)),
    async *watch() {
      looks.watch += 1;
      yield;
    },
  });
  const { sessions, model, clock, restart } = stage({ storage });
  const there = restart({ storage: faulty(storage.inner) });
  const gate = Promise.withResolvers<void>();
  model.script.push([...text('half'), { act: 'wait', for: gate.promise }, ...say(' whole')], say('elsewhere'));
  const session = await sessions.create(start);
  const turn = session.turn('hello');
  await until(() => sessions.isRunning(session.id) && session.head.seq > 1);
  Object.assign(looks, { head: 0, watch: 0, read: 0 });
  const viewer = new Viewer();
  viewer.at = { seq: session.head.seq, attempt: 1, offset: 0 };
  let ends = 0;
  const following = viewer.follow(sessions, session.id, (event) => turnEnd(event) && (ends += 1) === 2);
  gate.resolve();
  await turn.outcome();
  await until(() => ends === 1);
  expect(looks).toEqual({ head: 0, watch: 0, read: 0 });
  await (await there.sessions.resume(session.id)).message('and there');
  await clock.drive(following);
  expect(looks.watch).toBe(1);
  expect(viewer.stored).toEqual((await replay(sessions, session.id)).slice(-viewer.stored.length));
});

test.each(['watches', 'reads up to the end'])(
  'who %s is told of no record before it is stored, and of the one in the place of one that never was',
  async (how) => {
    const inner = memoryStorage();
    // As a file whose bytes others see while the disk is still waited for.
    let written: StoredRecord[] = [];
    let hint = (): void => undefined;
    const disk = Promise.withResolvers<void>();
    let fails = false;
    const storage = faulty({
      ...inner,
      supports: { ...inner.supports, processes: 'many' },
      async append(lease, { expected, records, head }) {
        if (fails) {
          fails = false;
          written = records.map((json, i) => ({ seq: expected + 1 + i, json }));
          hint();
          await disk.promise;
          written = [];
          throw new RepriseError('STORAGE_FAILED', 'The disk.');
        }
        return inner.append(lease, { expected, records, head });
      },
      async *read(of, range) {
        yield* inner.read(of, range);
        if (range?.before === undefined && range?.reverse !== true) yield written;
      },
      async *watch(_id, signal) {
        while (!signal.aborted) {
          yield;
          await new Promise<void>((resolve) => {
            hint = resolve;
            signal.addEventListener('abort', () => resolve(), { once: true });
          });
        }
      },
    });
    const { sessions } = stage({ storage });
    const session = await sessions.create(start);
    await session.message('hello');
    const [{ id }] = (await session.getMessages()) as [Message];
    await session.editMessage(id, { content: 'first' });
    const stop = new AbortController();
    const edits: unknown[] = [];
    const follow = async (): Promise<void> => {
      for await (const event of sessions.follow(session.id, { signal: stop.signal })) {
        if (event.type === 'edit') edits.push(event.content);
      }
    };
    let following = how === 'watches' ? follow() : undefined;
    await until(() => how !== 'watches' || edits.length === 1);
    fails = true;
    const failing = session.editMessage(id, { content: 'lost' });
    await until(() => written.length > 0);
    following ??= follow();
    await settled();
    expect(edits).toEqual(['first']);
    disk.resolve();
    await expect(failing).rejects.toMatchObject({ code: 'STORAGE_FAILED' });
    await session.editMessage(id, { content: 'kept' });
    await until(() => edits.includes('kept'));
    expect(edits).toEqual(['first', 'kept']);
    stop.abort();
    await following;
  },
);

test('what others stored is told once this process has the lease, also where it stores nothing', async () => {
  const inner = memoryStorage();
  const storage = faulty({
    ...inner,
    supports: { ...inner.supports, processes: 'many' },
    // What changes under a lease of this process is no news, and no hint comes again.
    async *watch() {
      yield;
    },
  });
  const { sessions, restart } = stage({ storage });
  const session = await sessions.create(start);
  const viewer = new Viewer();
  const following = viewer.follow(sessions, session.id, (event) => event.type === 'change');
  await until(() => viewer.seen.length === 1);
  await (await restart({ storage: faulty(inner) }).sessions.resume(session.id)).update({ title: 'there' });
  await sessions.resume(session.id);
  await expect(sessions.delete(session.id, { expected: 1 })).rejects.toMatchObject({ code: 'CONFLICT' });
  await following;
  expect(viewer.seen.at(-1)).toMatchObject({ title: 'there' });
});
