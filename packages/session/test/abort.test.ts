import { existsSync, readFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { startFakeProvider } from '@reprise/fake-provider';
import type { Dialect, FakeProvider, Reply } from '@reprise/fake-provider';
import type { Access, PermissionPolicy, Session, Sessions, SessionStorage, Tool, Turn } from '@reprise/core';
import { memoryStorage } from '@reprise/core';
import { MODELS, sessionsOn, temporaryFolder } from './support.ts';
import { really } from './wire/clock.ts';
import { DIALECTS, failed, said } from './wire/dialects.ts';

/** 200 ms and 2 s, five times: a machine that does other things too makes everything late, and what waits for ever is later still. */
const SOCKET_MS = 5 * 200;
const TOOLS_MS = 5 * 2000;

const CALLS = [
  { id: 'call_a', name: 'look', input: { at: 'a' } },
  { id: 'call_b', name: 'peek', input: { at: 'b' } },
];
const steps = (dialect: Dialect) => [
  said(dialect, { thinking: 'Let me think about it.', text: 'I look around here. ', calls: CALLS }),
  said(dialect, { text: 'All is done here now.' }),
];

/** How many points were tried, over all tests of this file. */
let points = 0;
let fake: FakeProvider;
let sessions: Sessions;
let storage: SessionStorage;
/** Called around each append, with its number. */
let onAppend: (n: number, when: 'before' | 'after') => void;
/** Tools that run, and what a tool does once it runs. */
let alive = 0;
let stage: (call: string, event: 'runs' | 'progressed', signal: AbortSignal) => void;

beforeAll(async () => void (fake = await startFakeProvider({ strict: true })));
afterAll(() => fake.close());
afterEach(() => sessions.close());
beforeEach(() => {
  let appends = 0;
  const memory = memoryStorage();
  alive = 0;
  onAppend = () => undefined;
  stage = () => undefined;
  storage = {
    ...memory,
    async append(lease, batch) {
      const n = (appends += 1);
      onAppend(n, 'before');
      await memory.append(lease, batch);
      onAppend(n, 'after');
    },
  };
  sessions = sessionsOn('/tmp', fake, { storage, report: () => undefined });
});

/** A tool that says where it is, then waits for what the test wants: it ends a moment after it is told to. */
function tool(name: string, access: Access, waits: () => Promise<unknown> | undefined): Tool {
  return {
    name,
    description: name,
    input: { type: 'object', properties: { at: { type: 'string' } } },
    replay: 'never',
    access: () => access,
    async run(_input, context) {
      alive += 1;
      try {
        stage(name, 'runs', context.signal);
        context.progress({ text: 'half' });
        stage(name, 'progressed', context.signal);
        const ended = new Promise((resolve) => context.signal.addEventListener('abort', resolve, { once: true }));
        const wait = waits();
        if (wait !== undefined && !context.signal.aborted) await Promise.race([ended, wait]);
        context.signal.throwIfAborted();
        return 'seen';
      } finally {
        alive -= 1;
      }
    },
  };
}

interface Tools {
  readonly look?: () => Promise<unknown> | undefined;
  readonly peek?: () => Promise<unknown> | undefined;
  readonly access?: Access;
}
const FREE: Access = { effect: 'read', locks: [] };

async function begin(dialect: Dialect, { look, peek, access = FREE }: Tools = {}): Promise<Session> {
  const session = await sessions.create({ model: MODELS[dialect], tools: [] });
  return session
    .registerTool(tool('look', access, look ?? (() => undefined)))
    .registerTool(tool('peek', access, peek ?? (() => undefined)));
}

const shownBy = (turn: Turn): { text: string } => {
  const shown = { text: '' };
  // The text of the step in flight.
  turn.on('text', ({ content }) => (shown.text += content)).on('tool_call', () => (shown.text = ''));
  turn.on('reset', ({ offset }) => (shown.text = shown.text.slice(0, offset)));
  return shown;
};

/** What must hold after any abort. `from`: the first request of the turn. `at`: when it was aborted. */
async function expectEnded(
  dialect: Dialect,
  session: Session,
  turn: Turn,
  facts: { readonly from: number; readonly at: number; readonly text?: string },
): Promise<void> {
  points += 1;
  const outcome = await turn.outcome();
  expect(performance.now() - facts.at).toBeLessThan(TOOLS_MS);
  expect(alive).toBe(0);
  for (const request of fake.requests.slice(facts.from)) {
    const closed = await Promise.race([request.closed, really(2 * SOCKET_MS)]);
    expect((closed?.at ?? Infinity) - facts.at).toBeLessThan(SOCKET_MS);
  }
  expect(outcome.status).toMatch(/^(aborted|done)$/);
  if (facts.text !== undefined) {
    expect(outcome).toMatchObject({ status: 'aborted', finishReason: 'interrupted', error: { code: 'ABORTED' } });
    if (facts.text !== '') expect(outcome.message).toMatchObject({ content: facts.text, finishReason: 'interrupted' });
  }
  const { records = [] } = await session.export();
  const kept = records as readonly { readonly type: string; readonly toolCalls?: readonly object[] }[];
  expect(kept.filter(({ type }) => type === 'turn-end')).toHaveLength(
    kept.some(({ type }) => type === 'message') ? 1 : 0,
  );
  expect(kept.filter(({ type }) => type === 'result')).toHaveLength(
    kept.flatMap(({ toolCalls = [] }) => toolCalls).length,
  );
  onAppend = () => undefined;
  stage = () => undefined;
  const before = fake.requests.length;
  // What was scripted for the rest of the turn is not for this one, and a request that was given up on its way takes nothing from it.
  fake.forget(dialect);
  fake.fallback(dialect, said(dialect, { text: 'Next.' }));
  expect(await session.turn('And now?').outcome()).toMatchObject({ status: 'done', message: { content: 'Next.' } });
  expect(fake.requests.length).toBeGreaterThan(before);
  fake.forget(dialect);
}

describe.each(DIALECTS)('%s: aborted', (dialect) => {
  const places = steps(dialect).flatMap((events, step) => events.map((_, after) => [step + 1, after] as const));

  test.each(places)('in answer %i after %i events', async (step, after) => {
    const from = fake.requests.length;
    const [one = [], two = []] = steps(dialect);
    const cut: Reply = { events: step === 1 ? one : two, fault: { afterEvents: after, then: 'stall' } };
    fake.script(dialect, ...(step === 1 ? [cut] : [one, cut]));
    const session = await begin(dialect);
    const turn = session.turn('Go on.');
    const shown = shownBy(turn);
    await fake.received(from + step - 1);
    await really(12);
    const at = performance.now();
    void turn.abort('enough');
    // The text that came before the last call is a message of its own.
    await expectEnded(dialect, session, turn, { from, at, text: shown.text });
  });

  test.each<[string, (session: Session) => Reply]>([
    ['before the first byte', () => ({ delayMs: 1e8, events: [] })],
    ['before the first event', () => ({ events: [], ending: 'stall' })],
    ['among keep-alives', () => ({ events: [], ending: 'keep-alive' })],
    [
      'while it waits for a second try',
      () => failed(dialect, 429, ['rate_limit_error', 'Slow.'], { 'retry-after': '30' }),
    ],
  ])('%s', async (_name, reply) => {
    const from = fake.requests.length;
    const session = await begin(dialect);
    fake.script(dialect, reply(session));
    const turn = session.turn('Go on.');
    await fake.received(from);
    await really(12);
    const at = performance.now();
    void turn.abort();
    await expectEnded(dialect, session, turn, { from, at, text: '' });
  });

  const never = (): Promise<never> => new Promise(() => undefined);
  test.each<[string, Tools, (call: string, event: string) => boolean]>([
    ['as a tool begins', { look: never }, (call, event) => call === 'look' && event === 'runs'],
    ['as a tool tells of its progress', { look: never }, (call, event) => call === 'look' && event === 'progressed'],
    ['while both run', { look: never, peek: never }, (call, event) => call === 'peek' && event === 'progressed'],
    ['while one runs and one has ended', { peek: never }, (call, event) => call === 'peek' && event === 'progressed'],
    [
      'while one waits for the other',
      { look: never, access: { effect: 'unknown' } },
      (_call, event) => event === 'progressed',
    ],
    [
      'as the second begins after the first',
      { access: { effect: 'unknown' } },
      (call, event) => call === 'peek' && event === 'runs',
    ],
  ])('%s', async (_name, tools, here) => {
    const from = fake.requests.length;
    fake.script(dialect, ...steps(dialect));
    const session = await begin(dialect, tools);
    const turn = session.turn('Go on.');
    const reached = Promise.withResolvers<number>();
    stage = (call, event) => {
      if (!here(call, event)) return;
      reached.resolve(performance.now());
      void turn.abort();
    };
    const at = await reached.promise;
    await expectEnded(dialect, session, turn, { from, at });
  });

  test('while somebody is asked', async () => {
    await sessions.close();
    const permissions: PermissionPolicy = { decide: () => ({ verdict: 'ask' }) };
    const reached = Promise.withResolvers<number>();
    sessions = sessionsOn('/tmp', fake, {
      storage: memoryStorage(),
      permissions,
      ask: () => {
        reached.resolve(performance.now());
        return new Promise(() => undefined);
      },
    });
    const from = fake.requests.length;
    fake.script(dialect, ...steps(dialect));
    const session = await begin(dialect);
    const turn = session.turn('Go on.');
    await reached.promise;
    const at = performance.now();
    void turn.abort();
    await expectEnded(dialect, session, turn, { from, at });
  });

  const appends = [2, 3, 4, 5, 6, 7].flatMap((n) => (['before', 'after'] as const).map((when) => [when, n] as const));
  test.each(appends)('%s append %i', async (when, n) => {
    const from = fake.requests.length;
    fake.script(dialect, ...steps(dialect));
    const session = await begin(dialect);
    const turn = session.turn('Go on.');
    const reached = Promise.withResolvers<number>();
    onAppend = (number, side) => {
      if (number !== n || side !== when) return;
      void turn.abort();
      reached.resolve(performance.now());
    };
    await expectEnded(dialect, session, turn, { from, at: await reached.promise });
  });
});

test('a tool that does not listen is left behind after two seconds', async () => {
  const from = fake.requests.length;
  fake.script('anthropic', ...steps('anthropic'));
  const session = await sessions.create({ model: MODELS.anthropic, tools: [] });
  const base = tool('look', FREE, () => undefined);
  const reached = Promise.withResolvers<void>();
  const run = (): Promise<never> => {
    reached.resolve();
    return new Promise(() => undefined);
  };
  session.registerTool({ ...base, run }).registerTool(tool('peek', FREE, () => undefined));
  const turn = session.turn('Go on.');
  await reached.promise;
  const at = performance.now();
  void turn.abort();
  await expectEnded('anthropic', session, turn, { from, at });
});

test('a shell and everything it started are gone', async () => {
  const folder = temporaryFolder();
  try {
    await sessions.close();
    sessions = sessionsOn(folder.path, fake, { storage: memoryStorage(), report: () => undefined });
    const from = fake.requests.length;
    const command = 'sleep 300 & echo $! > pid; sleep 301';
    fake.script('anthropic', said('anthropic', { calls: [{ id: 'c', name: 'bash', input: { command } }] }));
    const session = await sessions.create({ model: MODELS.anthropic, tools: ['bash'], cwd: folder.path });
    const turn = session.turn('Go on.');
    const file = `${folder.path}/pid`;
    while (!existsSync(file) || readFileSync(file, 'utf8').trim() === '') await really(10);
    const child = Number(readFileSync(file, 'utf8'));
    expect(() => process.kill(child, 0)).not.toThrow();
    const at = performance.now();
    void turn.abort();
    await turn.outcome();
    expect(performance.now() - at).toBeLessThan(TOOLS_MS);
    while (performance.now() - at < TOOLS_MS && isThere(child)) await really(10);
    expect(isThere(child)).toBe(false);
    await expectEnded('anthropic', session, turn, { from, at });
  } finally {
    folder.remove();
  }
});

function isThere(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

test('these were 200 points and more', () => {
  expect(points).toBeGreaterThanOrEqual(200);
});
