import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ERROR_CODES } from '../src/errors.ts';
import type { AskAnswer } from '../src/contracts/ask.ts';
import type { SessionsConfig } from '../src/contracts/config.ts';
import { memoryStorage } from '../src/storage/memory.ts';
import { loadState } from '../src/session/load.ts';
import { expectAnswered } from './support/asks.ts';
import { ManualClock, settled } from './support/clock.ts';
import { expectLawful, fold, plain } from './support/fold.ts';
import { call, calls, say, scripted } from './support/model.ts';
import { countingIds, resolverOf, tool } from './support/stage.ts';
import { faulty, recordsOf } from './support/storage.ts';
import { createSessions } from '../src/session/sessions.ts';

const RUNS = Number(process.env['REPRISE_RUNS'] ?? 60);
const SEED = Number(process.env['REPRISE_SEED'] ?? 1);

const verdict = fc.constantFrom<AskAnswer>(
  { verdict: 'once' },
  { verdict: 'always' },
  { verdict: 'deny', message: 'no' },
  { text: 'red' },
);

type Op =
  | { readonly op: 'here' | 'there'; readonly nth: number; readonly answer: AskAnswer }
  | { readonly op: 'abort' | 'breathe' | 'message' }
  | { readonly op: 'wait'; readonly ms: number }
  | { readonly op: 'die'; readonly recover: 'interrupt' | 'continue'; readonly asker: boolean }
  | { readonly op: 'die-in'; readonly append: number; readonly when: 'before' | 'after' };

const op: fc.Arbitrary<Op> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      op: fc.constantFrom('here' as const, 'there' as const),
      nth: fc.nat(3),
      answer: verdict,
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ op: fc.constantFrom('abort' as const, 'breathe' as const, 'message' as const) }),
  },
  { weight: 3, arbitrary: fc.record({ op: fc.constant('wait' as const), ms: fc.constantFrom(500, 30_000, 60_000) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      op: fc.constant('die' as const),
      recover: fc.constantFrom('interrupt' as const, 'continue' as const),
      asker: fc.boolean(),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      op: fc.constant('die-in' as const),
      append: fc.integer({ min: 1, max: 5 }),
      when: fc.constantFrom('before' as const, 'after' as const),
    }),
  },
);

/** Steps of a turn: which tools are called, and with what. */
const steps = fc.array(
  fc.array(fc.tuple(fc.constantFrom('write', 'look', 'survey', 'alone'), fc.nat(2)), { minLength: 1, maxLength: 4 }),
  { minLength: 1, maxLength: 3 },
);

async function live(turns: readonly (typeof steps extends fc.Arbitrary<infer T> ? T : never)[], ops: readonly Op[]) {
  const clock = new ManualClock();
  const model = scripted();
  const medium = memoryStorage();
  const shared = { ...medium, supports: { ...medium.supports, processes: 'many' as const } };
  let storage = faulty(shared);
  let processes = 0;
  /** Calls that may run once only, by their id. */
  const ran = new Map<string, number>();
  const count = (id: string): void => void ran.set(id, (ran.get(id) ?? 0) + 1);
  const tools = [
    tool('write', { run: async (_input, context) => count(context.call) }),
    tool('look', { replay: 'safe' }),
    tool('survey', { replay: 'safe', run: async (_input, { ask }) => ask({ text: 'which?' }) }),
    tool('alone', { access: () => ({ effect: 'unknown' }), run: async (_input, context) => count(context.call) }),
  ];
  const permissions: SessionsConfig['permissions'] = {
    decide: ({ tool: name }) => (name === 'write' || name === 'alone' ? { verdict: 'ask' } : { verdict: 'allow' }),
  };
  const start = (asker: boolean, on = storage) =>
    createSessions({
      storage: on,
      models: resolverOf({ 'test/model': model }),
      clock,
      permissions,
      tools,
      onAsk: 'wait',
      askTimeoutMs: 60_000,
      ...(asker && { ask: async ({ question }) => ({ allow: true, ...(question !== undefined && { text: 'red' }) }) }),
      ids: countingIds(`p${(processes += 1)}_`),
      random: () => 0.5,
      report: () => undefined,
    });
  let made = 0;
  const say1 = () => {
    const turn = turns[made % turns.length] ?? [];
    made += 1;
    model.script.splice(
      0,
      Infinity,
      ...turn.map((step, s) => calls(...step.map(([name, n], c) => call(`c${made}_${s}_${c}`, name, { n })))),
      say('done'),
    );
  };
  let session = await start(false).create({ model: 'test/model' });
  say1();
  let turn = session.turn('go');
  await settled(12);
  const coded = (error: unknown): void => expect(ERROR_CODES).toContain((error as { code?: string }).code);
  for (const each of ops) {
    switch (each.op) {
      case 'here':
      case 'there': {
        const on = each.op === 'here' ? session : await start(false, faulty(shared)).load(session.id);
        const open = await on.approvals().catch(() => []);
        const id = open[each.nth % Math.max(1, open.length)]?.id ?? 'ask_none';
        await on.answer(id, each.answer).catch(coded);
        break;
      }
      case 'abort':
        await clock.drive(turn.abort(), 2000);
        break;
      case 'message':
        if (session.head.status === 'active') break;
        say1();
        turn = session.turn('go on');
        break;
      case 'wait':
        await clock.advance(each.ms);
        break;
      case 'die-in':
        storage.crashAppend(each.append, each.when);
        await settled(8);
        await clock.advance(500);
        break;
      case 'die': {
        storage.crash();
        await settled(3);
        storage = faulty(shared);
        const recover = each.recover;
        session = await start(each.asker).resume(session.id, { recover });
        turn = session.recovering ?? turn;
        break;
      }
      default:
        break;
    }
    await settled(12);
    const records = await recordsOf(shared, session.id);
    const whole = fold(records);
    const head = await shared.head(session.id);
    if (head !== undefined) expect(plain((await loadState(shared, session.id, head)).state)).toEqual(plain(whole));
  }
  // A last process settles what is left and answers.
  storage.crash();
  await settled(3);
  storage = faulty(shared);
  session = await start(false).resume(session.id);
  model.script.length = 0;
  expect((await clock.drive(session.message('still there?'))).content).toBe('ok');
  const records = await recordsOf(shared, session.id);
  expectAnswered(records);
  expectLawful(records);
  for (const [id, times] of ran) expect([id, times]).toEqual([id, 1]);
}

test('whatever answers, aborts, waits and dies: each question has one answer, each call one result, and none runs twice', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(steps, { minLength: 1, maxLength: 2 }), fc.array(op, { maxLength: 12 }), live),
    { numRuns: RUNS, seed: SEED },
  );
}, 60_000);
