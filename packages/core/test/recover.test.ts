import { expect, test } from 'vitest';
import { call, calls, say, text } from './support/model.ts';
import { extendsPrefix, flattened, problemsOf } from './support/prompt-rules.ts';
import { stage, tool } from './support/stage.ts';
import { recordsOf } from './support/storage.ts';

const start = { model: 'test/model' };

/** A turn of two steps, cut in append `n` of its process; its last call must not be run twice. */
async function cutAt(n: number, when: 'before' | 'after') {
  const look = tool('look', { replay: 'safe' });
  const write = tool('write', { replay: 'never', access: () => ({ effect: 'write', locks: ['*'] }) });
  const tools = [look, write];
  const theatre = stage({ tools });
  theatre.model.script.push(
    calls(...text('Looking. '), call('a', 'look', { n: 1 }), call('b', 'look', { n: 2 })),
    calls(call('c', 'write')),
    say('done'),
  );
  theatre.storage.crashAppend(n, when);
  const session = await theatre.sessions.create(start);
  const outcome = await session.turn('go').outcome();
  theatre.storage.crash();
  return { ...theatre, look, write, tools, outcome };
}

test('by default a turn that a crash left open is ended, and nothing of it goes on', async () => {
  const { restart, tools, model } = await cutAt(4, 'before');
  model.script.length = 0;
  model.script.push(say('next'));
  const session = await restart({ tools }).sessions.resume('s1');
  expect(session.recovering).toBeUndefined();
  await session.message('and now?');
  expect((await session.getMessages()).map(({ content }) => content)).toEqual(['go', 'Looking. ', 'and now?', 'next']);
});

test('what a request ended with so that the model goes on stays where it was: later requests begin with that one', async () => {
  const { sessions, model, storage, restart, clock } = stage();
  model.script.push([...text('half an answer'), { act: 'stall' }]);
  void (await sessions.create(start)).turn('go').outcome();
  await clock.advance(300);
  storage.crash();
  model.script.push(say('and the rest'), say('next'));
  const session = await restart().sessions.resume('s1', { recover: 'continue' });
  await session.recovering?.outcome();
  await session.message('and now?');
  const [, carried, next] = model.requests.map((request) => flattened(request));
  expect(JSON.stringify(carried?.at(-1))).toContain('Continue.');
  expect(extendsPrefix(carried ?? [], next ?? [])).toBe(true);
});

const points = [2, 3, 4, 5, 6, 7, 8, 9].flatMap((n) =>
  (['before', 'after'] as const).map((when) => [n, when] as const),
);

test.each(points)(
  'continue carries on a turn cut in append %i, %s it was stored, to one end; what has a result never runs again',
  async (n, when) => {
    const { restart, storage, model, tools, look, write } = await cutAt(n, when);
    const before = await recordsOf(storage.inner, 's1');
    const open = before.some(({ type }) => type === 'message') && !before.some(({ type }) => type === 'turn-end');
    const done = before.flatMap((record) => (record.type === 'result' ? [record.call] : []));
    const ran = [look.runs.length, write.runs.length] as const;
    const steps = before.filter(({ type }) => type === 'step').length;
    model.script.length = 0;
    model.script.push(
      ...[
        calls(...text('Looking. '), call('a', 'look', { n: 1 }), call('b', 'look', { n: 2 })),
        calls(call('c', 'write')),
        say('done'),
      ].slice(steps),
    );
    const session = await restart({ tools }).sessions.resume('s1', { recover: 'continue' });
    const turn = session.recovering;
    if (!open) return expect(turn).toBeUndefined();
    expect(turn?.id).toBe(before.find((record) => record.type === 'message')?.turn);
    const outcome = await turn?.outcome();
    expect(outcome).toMatchObject({ status: 'done', message: { content: 'done' }, steps: 3 });
    const after = await recordsOf(storage.inner, 's1');
    expect(after.slice(0, before.length)).toEqual(before);
    const results = after.flatMap((record) => (record.type === 'result' ? [record] : []));
    expect(results.map((result) => result.call).sort()).toEqual(['a', 'b', 'c']);
    expect(after.filter(({ type }) => type === 'turn-end')).toHaveLength(1);
    expect(after.filter(({ type }) => type === 'message')).toHaveLength(1);
    // Safe calls without a result ran again, finished ones and the unsafe one did not.
    const lookedAgain = look.runs.length - ran[0];
    expect(lookedAgain).toBe(2 - done.filter((id) => id !== 'c').length);
    const asked = before.some((record) => record.type === 'step' && record.toolCalls?.some(({ id }) => id === 'c'));
    const cut = asked && !done.includes('c');
    expect(write.runs.length - ran[1]).toBe(asked ? 0 : 1);
    expect(results.find((result) => result.call === 'c')?.error).toEqual(
      cut ? expect.stringContaining('unknown') : undefined,
    );
    for (const request of model.requests) expect(problemsOf(request, { own: 'test' })).toEqual([]);
  },
);

test('continuing twice, or after somebody else settled, changes nothing', async () => {
  const { restart, storage, model, tools } = await cutAt(7, 'before');
  model.script.length = 0;
  model.script.push(say('done'));
  const again = restart({ tools });
  const first = await again.sessions.resume('s1', { recover: 'continue' });
  const second = await again.sessions.resume('s1', { recover: 'continue' });
  expect(second.recovering).toBe(first.recovering);
  await first.recovering?.outcome();
  expect(first.recovering).toBeUndefined();
  const records = await recordsOf(storage.inner, 's1');
  const third = await again.sessions.resume('s1', { recover: 'continue' });
  expect(third.recovering).toBeUndefined();
  expect(await recordsOf(storage.inner, 's1')).toEqual(records);
});

test('a message that is sent meanwhile waits for the turn that goes on', async () => {
  const { restart, model, tools } = await cutAt(3, 'after');
  model.script.length = 0;
  model.script.push(calls(call('c', 'write')), say('done'), say('and more'));
  const session = await restart({ tools }).sessions.resume('s1', { recover: 'continue' });
  const message = await session.message('one more thing');
  expect(message.content).toBe('and more');
  const spoken = (await session.getMessages()).map(({ content }) => content);
  expect(spoken).toEqual(['go', 'Looking. ', '', 'done', 'one more thing', 'and more']);
});
