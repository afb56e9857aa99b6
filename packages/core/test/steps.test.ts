import type { LanguageModelV4StreamPart } from '@ai-sdk/provider';
import { expect, test } from 'vitest';
import { memoryStorage } from '../src/storage/memory.ts';
import { ManualClock, settled } from './support/clock.ts';
import { expectLawful } from './support/fold.ts';
import { call, finish, reasoning, say, scripted, text } from './support/model.ts';
import { problemsOf } from './support/prompt-rules.ts';
import { resolverOf, stage, tool } from './support/stage.ts';
import { faulty, recordsOf } from './support/storage.ts';
import { Steps } from './support/steps.ts';

/** Milliseconds between two parts of an answer. */
const PART_MS = 100;
/** Shown text that a crash may take. */
const LOST_MS = 500;

/** An answer with everything in it: thinking, text, and two calls whose arguments come in pieces. */
function first(): LanguageModelV4StreamPart[] {
  const typed = (id: string, json: string): LanguageModelV4StreamPart[] => [
    { type: 'tool-input-start', id, toolName: 'look' },
    { type: 'tool-input-delta', id, delta: json.slice(0, 3) },
    { type: 'tool-input-delta', id, delta: json.slice(3) },
    { type: 'tool-input-end', id },
  ];
  return [
    { type: 'stream-start', warnings: [] },
    ...reasoning('I should look at both of these.', 'sig'),
    ...text('I look at this first. '),
    ...text('Then I write that. '),
    ...typed('a', '{"n":1}'),
    call('a', 'look', { n: 1 }),
    ...typed('b', '{"n":2}'),
    call('b', 'write', { n: 2 }),
    finish('tool-calls'),
  ];
}

const rest = [say('All of it is done.')];

/** A turn in a process that stops at step `last`, with what it had shown, and when. */
async function stopAt(last: number) {
  const clock = new ManualClock();
  const shown: { readonly at: number; readonly content: string }[] = [];
  const steps = new Steps(last, async (name) => {
    if (name.startsWith('part')) await clock.advance(PART_MS);
  });
  const finished: string[] = [];
  const started: string[] = [];
  const tools = ['look', 'write'].map((name) => {
    const counted = tool(name, {
      replay: name === 'look' ? 'safe' : 'never',
      run: async (_input, { call: id }) => {
        started.push(id);
        return `${name} gave ${id}`;
      },
    });
    return steps.tool(counted);
  });
  const model = scripted([first(), ...rest]);
  const storage = faulty(memoryStorage());
  const theatre = stage({
    clock,
    tools,
    storage: steps.storage(storage),
    models: resolverOf({ 'test/model': steps.model(model) }),
  });
  const ended = (async () => {
    const session = await theatre.sessions.create({ model: 'test/model' });
    const turn = session.turn('go');
    turn.on('text', ({ content }) => shown.push({ at: clock.now(), content }));
    return turn.outcome();
  })();
  const whole = await Promise.race([ended.then((outcome) => outcome.status), steps.stopped.then(() => undefined)]);
  await settled(4);
  storage.crash();
  for (const record of await recordsOf(storage.inner, 's1').catch(() => []))
    if (record.type === 'result') finished.push(record.call);
  const again = { look: [] as string[], write: [] as string[] };
  const fresh = (['look', 'write'] as const).map((name) =>
    tool(name, {
      replay: name === 'look' ? 'safe' : 'never',
      run: async (_input, { call: id }) => {
        again[name].push(id);
        return `${name} gave ${id}`;
      },
    }),
  );
  const next = scripted([]);
  const process = (name: string) =>
    stage({
      clock,
      tools: fresh,
      storage: faulty(storage.inner),
      models: resolverOf({ 'test/model': next }),
      ids: idsOf(name),
    });
  return { whole, steps, shown, clock, finished, started, again, next, inner: storage.inner, process };
}

function idsOf(prefix: string) {
  let n = 0;
  return (kind: string): string => `${kind}_${prefix}_${(n += 1)}`;
}

type Stopped = Awaited<ReturnType<typeof stopAt>>;

/** At most half a second of what people saw is missing. */
async function expectKept({ shown, clock, inner }: Stopped): Promise<void> {
  const surely = shown.filter(({ at }) => at < clock.now() - LOST_MS).map(({ content }) => content);
  const kept = (await recordsOf(inner, 's1')).map((record) => (record.type === 'step' ? record.content : ''));
  expect(kept.join('').startsWith(surely.join(''))).toBe(true);
}

const { steps: all, whole: status } = await stopAt(Infinity);

test('the steps of a turn are always the same', async () => {
  expect(all.taken.length).toBeGreaterThan(45);
  expect(status).toBe('done');
  expect((await stopAt(Infinity)).steps.taken).toEqual(all.taken);
  expect(all.taken.filter((step) => !step.startsWith('part') && step !== 'draft')).toEqual([
    ...['before session', 'after session', 'before message', 'after message', 'request', 'before step', 'after step'],
    ...['begin look a', 'begin write b', 'end look a', 'end write b'],
    ...['before result', 'after result', 'before result', 'after result'],
    ...['request', 'before step', 'after step', 'before turn-end', 'after turn-end'],
  ]);
  expect(all.taken.filter((step) => step === 'draft').length).toBeGreaterThan(3);
});

test('a process that stops at any step: the next one settles the turn, once, and answers', async () => {
  for (let last = 3; last <= all.taken.length; last += 1) {
    const stopped = await stopAt(last);
    const { inner, process, finished, next, again } = stopped;
    const before = await recordsOf(inner, 's1');
    const one = await process('p2').sessions.resume('s1');
    await one.abort();
    await expectKept(stopped);
    const settledLog = await recordsOf(inner, 's1');
    expect(settledLog.slice(0, before.length)).toEqual(before);
    expectLawful(settledLog);
    // Twice gives the same.
    const two = await process('p3').sessions.resume('s1');
    await two.abort();
    expect(await recordsOf(inner, 's1')).toEqual(settledLog);
    expect(two.state).toEqual(one.state);
    next.script.push(say('I am back.'));
    expect([last, (await two.message('still there?')).content]).toEqual([last, 'I am back.']);
    expect(problemsOf(next.requests.at(-1) ?? { prompt: [] }, { own: 'test' })).toEqual([]);
    expect([again.look, again.write]).toEqual([[], []]);
    const results = (await recordsOf(inner, 's1')).flatMap((record) => (record.type === 'result' ? [record] : []));
    for (const id of finished) expect(results.find((result) => result.call === id)?.error).toBeUndefined();
  }
});

test('… or carries it on: to one end, nothing that finished runs again, and nothing unsafe runs twice', async () => {
  for (let last = 3; last <= all.taken.length; last += 1) {
    const stopped = await stopAt(last);
    const { inner, process, finished, started, next, again } = stopped;
    const before = await recordsOf(inner, 's1');
    const steps = before.filter(({ type }) => type === 'step').length;
    next.script.push(...[first(), ...rest].slice(steps));
    const session = await process('p2').sessions.resume('s1', { recover: 'continue' });
    const outcome = await session.recovering?.outcome();
    await expectKept(stopped);
    const after = await recordsOf(inner, 's1');
    expectLawful(after);
    const open = before.some(({ type }) => type === 'message') && !before.some(({ type }) => type === 'turn-end');
    expect([last, outcome?.status]).toEqual([last, open ? 'done' : undefined]);
    if (!open) continue;
    expect(after.filter(({ type }) => type === 'turn-end')).toHaveLength(1);
    for (const id of finished) expect([again.look, again.write].flat()).not.toContain(id);
    // What the first process asked for and may have begun is not begun again, unless its tool allows it.
    if (steps > 0) expect(again.write).toEqual([]);
    else expect(started).toEqual([]);
    for (const request of next.requests) expect(problemsOf(request, { own: 'test' })).toEqual([]);
    const again2 = await process('p3').sessions.resume('s1', { recover: 'continue' });
    expect(again2.recovering).toBeUndefined();
    expect(await recordsOf(inner, 's1')).toEqual(after);
  }
});
