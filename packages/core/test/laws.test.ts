import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ERROR_CODES } from '../src/errors.ts';
import type { SessionsConfig } from '../src/contracts/config.ts';
import type { Session } from '../src/contracts/session.ts';
import type { Capabilities } from '../src/contracts/model.ts';
import type { Rec } from '../src/records/types.ts';
import type { State } from '../src/state/state.ts';
import { loadState } from '../src/session/load.ts';
import { settled } from './support/clock.ts';
import { expectLawful, fold, plain, transcriptOf } from './support/fold.ts';
import type { Beat, Script } from './support/model.ts';
import { call, finish, httpError, reasoning, scripted, text } from './support/model.ts';
import { extendsPrefix, flattened, problemsOf } from './support/prompt-rules.ts';
import { countingIds, infoOf, resolverOf, tool } from './support/stage.ts';
import { faulty, recordsOf } from './support/storage.ts';
import { ManualClock } from './support/clock.ts';
import { createSessions } from '../src/session/sessions.ts';

/** Fixed, so that a red run stays red; other seeds are tried by hand: `REPRISE_SEED=7 REPRISE_RUNS=1000 pnpm vitest …`. */
const SEED = Number(process.env['REPRISE_SEED'] ?? 1);
const RUNS = Number(process.env['REPRISE_RUNS'] ?? 50);

// ── what a model may say ──

const beat = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.constantFrom('Some text', ' ', 'More\n\ntext', '語').map((content): Beat[] => text(content)),
  },
  {
    weight: 2,
    arbitrary: fc
      .constantFrom(...[reasoning('hm', 'sig'), reasoning('hm'), reasoning('', 'sig')])
      .map((parts): Beat[] => parts),
  },
  {
    weight: 5,
    arbitrary: fc
      .tuple(
        fc.constantFrom('a', 'b', 'a b', '', 'toolu_1'),
        fc.constantFrom('look', 'Look', 'fail', 'deny', 'none', 'extra'),
        fc.constantFrom('{}', '{"n":1}', '{"n":"x"}', '{"n', '[]'),
      )
      .map(([id, name, input]): Beat[] => [call(id, name, input)]),
  },
  {
    weight: 1,
    arbitrary: fc.constant<Beat[]>([
      { type: 'tool-call', toolCallId: 'srv', toolName: 'web', input: '{}', providerExecuted: true },
      { type: 'tool-result', toolCallId: 'srv', toolName: 'web', result: { hits: 1 } },
    ]),
  },
  {
    weight: 1,
    arbitrary: fc.constant<Beat[]>([
      { type: 'tool-call', toolCallId: 'srv2', toolName: 'web', input: '{}', providerExecuted: true },
    ]),
  },
  {
    weight: 2,
    arbitrary: fc.constantFrom('mcp', 'deny', 'ask').map((toolName): Beat[] => [
      { type: 'tool-call', toolCallId: 'asks', toolName, input: '{}', providerExecuted: true },
      { type: 'tool-approval-request', approvalId: 'asks', toolCallId: 'asks' },
    ]),
  },
  {
    weight: 1,
    arbitrary: fc
      .boolean()
      .map((repeated): Beat[] => [
        ...(repeated
          ? [{ type: 'tool-call' as const, toolCallId: 'asked', toolName: 'mcp', input: '{}', providerExecuted: true }]
          : []),
        { type: 'tool-result', toolCallId: 'asked', toolName: 'mcp', result: 1 },
      ]),
  },
);

const ending = fc.oneof(
  { weight: 6, arbitrary: fc.constant<Beat[]>([finish('tool-calls')]) },
  { weight: 2, arbitrary: fc.constant<Beat[]>([finish('stop')]) },
  { weight: 1, arbitrary: fc.constant<Beat[]>([finish('length')]) },
  { weight: 1, arbitrary: fc.constant<Beat[]>([finish('stop', 'pause_turn')]) },
  { weight: 1, arbitrary: fc.constant<Beat[]>([]) },
  {
    weight: 1,
    arbitrary: fc.constant<Beat[]>([{ type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } }]),
  },
);

const script: fc.Arbitrary<Script> = fc.oneof(
  {
    weight: 9,
    arbitrary: fc.tuple(fc.array(beat, { maxLength: 4 }), ending).map(([beats, end]) => [...beats.flat(), ...end]),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom(httpError(503, 'busy'), httpError(400, 'bad'), httpError(400, 'prompt is too long')),
  },
);
const scripts = fc.array(script, { maxLength: 5 });

// ── what people may do ──

type Op =
  | { readonly op: 'message' | 'abort'; readonly scripts: Script[]; readonly length: number }
  | { readonly op: 'crash'; readonly scripts: Script[]; readonly append: number; readonly when: 'before' | 'after' }
  | { readonly op: 'edit' | 'delete' | 'mark' | 'fork'; readonly nth: number }
  | { readonly op: 'clear' | 'prune'; readonly keepLast: number | undefined }
  | { readonly op: 'rewind'; readonly nth: number }
  | { readonly op: 'undo' | 'redo' | 'register' | 'restart' };

const nth = fc.nat(20);
const op: fc.Arbitrary<Op> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({ op: fc.constant('message' as const), scripts, length: fc.constantFrom(5, 40, 400) }),
  },
  { weight: 2, arbitrary: fc.record({ op: fc.constant('abort' as const), scripts, length: fc.constantFrom(5, 40) }) },
  {
    weight: 3,
    arbitrary: fc.record({
      op: fc.constant('crash' as const),
      scripts,
      append: fc.integer({ min: 1, max: 8 }),
      when: fc.constantFrom('before' as const, 'after' as const),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      op: fc.constantFrom('edit' as const, 'delete' as const, 'mark' as const, 'fork' as const),
      nth,
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      op: fc.constantFrom('clear' as const, 'prune' as const),
      keepLast: fc.option(fc.nat(4), { nil: undefined }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ op: fc.constant('rewind' as const), nth }) },
  {
    weight: 4,
    arbitrary: fc.record({
      op: fc.constantFrom('undo' as const, 'undo' as const, 'redo' as const, 'register' as const, 'restart' as const),
    }),
  },
);

// ── the stage ──

let responses = 0;
/** The call that a provider asked about last. */
let asked = 'nobody';

/** Ids of calls that a provider runs itself are its own and differ from response to response. */
function fresh(scripts: readonly Script[]): Script[] {
  return scripts.map((script) => {
    responses += 1;
    if (script instanceof Error) return script;
    const before = asked;
    return script.map((each) => {
      if (!('toolCallId' in each)) return each;
      if (each.toolCallId === 'asked') return { ...each, toolCallId: before };
      if (!/^(srv|asks)/.test(each.toolCallId)) return each;
      const toolCallId = `${each.toolCallId}_${responses}`;
      if (each.toolCallId !== 'asks') return { ...each, toolCallId };
      asked = toolCallId;
      return each.type === 'tool-approval-request'
        ? { ...each, toolCallId, approvalId: toolCallId }
        : { ...each, toolCallId };
    });
  });
}

/** One session that lives through crashes, with every request of its model and the record that it followed. */
async function live(ops: readonly Op[], rules: Capabilities['rules'], contextWindow: number): Promise<void> {
  const clock = new ManualClock();
  const model = scripted();
  const { doStream } = model;
  const followed: { id: string; seq: number }[] = [];
  let session: Session;
  model.doStream = (options) => {
    followed.push({ id: session.id, seq: session.head.seq });
    return doStream(options);
  };
  const permissions: SessionsConfig['permissions'] = {
    decide: ({ tool: name }) =>
      name === 'deny' ? { verdict: 'deny', reason: 'no' } : name === 'ask' ? { verdict: 'ask' } : { verdict: 'allow' },
  };
  const fail = tool('fail', {
    run: async () => {
      throw new Error('no');
    },
  });
  const models = resolverOf({ 'test/model': model }, infoOf({}, { rules }));
  let storage = faulty();
  let extra = false;
  let processes = 0;
  const start = () => {
    processes += 1;
    return createSessions({
      storage,
      models,
      clock,
      permissions,
      tools: [tool('look'), fail, tool('deny')],
      ids: countingIds(`p${processes}_`),
      random: () => 0.5,
      report: () => undefined,
    });
  };
  const register = (): void => void session.registerTool({ name: 'extra', description: 'd', handler: () => 'e' });
  const restart = async (id: string): Promise<void> => {
    storage.crash();
    await settled(3);
    storage = faulty(storage.inner);
    session = await start().resume(id);
    if (extra) register();
  };
  const pick = async (n: number): Promise<string | undefined> => {
    const messages = await session.getMessages();
    return messages[n % Math.max(1, messages.length)]?.id;
  };
  const coded = (error: unknown): void => expect(ERROR_CODES).toContain((error as { code?: string }).code);

  session = await start().create({ model: 'test/model', contextWindow, maxSteps: 4 });
  const logs = new Map<string, Rec[]>();
  for (const each of ops) {
    const before = logs.get(session.id) ?? [];
    switch (each.op) {
      case 'message': {
        model.script.splice(0, Infinity, ...fresh(each.scripts));
        const outcome = await clock.drive(session.turn('word '.repeat(each.length)).outcome());
        if (outcome.error !== undefined) coded(outcome.error);
        break;
      }
      case 'abort': {
        model.script.splice(0, Infinity, ...fresh(each.scripts), [...text('half'), { act: 'stall' }]);
        const turn = session.turn('word '.repeat(each.length));
        await settled(3 + each.scripts.length);
        await clock.drive(turn.abort());
        break;
      }
      case 'crash': {
        model.script.splice(0, Infinity, ...fresh(each.scripts));
        storage.crashAppend(each.append, each.when);
        await clock.drive(session.turn('word').outcome());
        await restart(session.id);
        continue;
      }
      case 'restart':
        await restart(session.id);
        break;
      case 'register':
        if (!extra) register();
        extra = true;
        break;
      case 'fork': {
        const id = await pick(each.nth);
        session = await session.fork(id === undefined ? {} : { fromMessage: id });
        break;
      }
      case 'rewind': {
        const said = (await session.getMessages({ all: true })).filter(({ role }) => role === 'user');
        const id = said[each.nth % Math.max(1, said.length)]?.id;
        if (id === undefined) break;
        await session.rewind(id).catch(coded);
        model.script.length = 0;
        await clock.drive(session.turn('said anew').outcome());
        break;
      }
      case 'undo':
      case 'redo':
        await session[each.op]();
        break;
      case 'clear':
        await session.clearHistory(each.keepLast === undefined ? {} : { keepLast: each.keepLast });
        break;
      case 'prune':
        await session.pruneContext(each.keepLast === undefined ? {} : { keepLast: each.keepLast });
        break;
      default: {
        const id = await pick(each.nth);
        if (id === undefined) break;
        if (each.op === 'delete') await session.deleteMessage(id);
        else
          await session.editMessage(id, each.op === 'mark' ? { important: true } : { content: 'edited' }).catch(coded);
      }
    }
    if (session.state.status === 'active') continue;
    const records = await recordsOf(storage.inner, session.id);
    // What was acknowledged never changes; a settled log is lawful (a fork may have been taken in the middle of a turn).
    if (each.op !== 'fork') expect(records.slice(0, before.length)).toEqual(before);
    logs.set(session.id, records);
    expectLawful(records);
    const whole = fold(records);
    expectOwned(whole);
    const messages = await session.getMessages();
    expect(
      messages.map(({ role, content, toolResults }) => ({ role, content, results: toolResults?.length ?? 0 })),
    ).toEqual(transcriptOf(records, whole.clearedFrom));
    expect(session.head.messageCount).toBe(messages.filter(({ role }) => role !== 'system').length);
    expect(session.head).toEqual(await storage.inner.head(session.id));
    const loaded = await loadState(storage.inner, session.id, session.head);
    expect(plain(loaded.state)).toEqual(plain(whole));
  }
  // Never bricked: whatever was, the next message is answered, if the window has room for it.
  model.script.length = 0;
  await clock.drive(session.clearHistory());
  expect((await clock.drive(session.message('still there?'))).content).toBe('ok');
  for (const { id } of followed) logs.set(id, await recordsOf(storage.inner, id));
  expectStable(model.requests, followed, logs);
}

/** A result is in the window only behind the step that called. */
function expectOwned(state: State): void {
  const called = new Set<string>();
  for (const { record } of state.entries) {
    if (record.type === 'step') for (const { id } of record.toolCalls ?? []) called.add(id);
    else if (record.type === 'result') expect(called).toContain(record.call);
  }
}

/** Whether a turn ended between two records before any model answered to a verdict of it. */
function consentEnded(records: readonly Rec[], from: number, to: number): boolean {
  let fresh = false;
  return records.slice(0, to).some((record, at) => {
    if (record.type === 'verdict') fresh = true;
    if (record.type === 'step' && record.finishReason !== 'interrupted') fresh = false;
    if (record.type !== 'turn-end' || !fresh) return false;
    fresh = false;
    return at >= from;
  });
}

/** Laws 4 and 6 over all requests: each is valid, and each begins with the one before it unless a record says why not. */
function expectStable(
  requests: ReturnType<typeof scripted>['requests'],
  followed: readonly { id: string; seq: number }[],
  logs: ReadonlyMap<string, Rec[]>,
): void {
  requests.forEach((request, at) => {
    const paused = request.prompt.at(-1)?.role === 'assistant';
    expect(problemsOf(request, { own: 'test', paused })).toEqual([]);
    const [before, now] = [followed[at - 1], followed[at]];
    const records = logs.get(now?.id ?? '');
    if (before === undefined || now === undefined || before.id !== now.id || records === undefined) return;
    if (breaks(records.slice(before.seq, now.seq))) {
      expectRewound(requests, followed, at, records);
      return;
    }
    if (consentEnded(records, before.seq, now.seq)) return;
    expect(extendsPrefix(flattened(requests[at - 1] ?? { prompt: [] }), flattened(request))).toBe(true);
  });
}

const BREAKING: ReadonlySet<string> = new Set('boundary change edit delete fork repair rewind undo'.split(' '));

/** Whether a record among these changes what a request begins with. */
function breaks(records: readonly Rec[], but: readonly string[] = []): boolean {
  return records.some(({ type }) => BREAKING.has(type) && !but.includes(type));
}

/** The first request after a rewind begins with the last one before the message that was taken back, whatever moved the window in between. */
function expectRewound(
  requests: ReturnType<typeof scripted>['requests'],
  followed: readonly { id: string; seq: number }[],
  at: number,
  records: readonly Rec[],
): void {
  const now = followed[at] as { id: string; seq: number };
  const place = records.slice(0, now.seq).findLastIndex(({ type }) => type === 'rewind');
  const rewind = records[place];
  if (rewind?.type !== 'rewind') return;
  const { from } = rewind;
  const last = followed.findLastIndex(({ id, seq }, i) => i < at && id === now.id && seq < from);
  const seq = followed[last]?.seq ?? 0;
  const request = requests[last];
  if (request === undefined || breaks(records.slice(seq, from - 1)) || breaks(records.slice(place + 1, now.seq)))
    return;
  if (breaks(records.slice(from - 1, place), ['boundary', 'repair']) || consentEnded(records, seq, from)) return;
  // "Continue." is said where nobody said anything, and no more once somebody has.
  if (flattened(request).at(-1)?.includes('"text":"Continue."')) return;
  expect(extendsPrefix(flattened(request), flattened(requests[at] ?? { prompt: [] }))).toBe(true);
}

test.each<[Capabilities['rules'], number]>([
  ['anthropic', 100_000],
  ['anthropic', 1500],
  ['strictest', 900],
  ['google', 2500],
])(
  'a session that lives through anything keeps the laws (rules of %s, a window of %i tokens)',
  async (rules, contextWindow) => {
    await fc.assert(
      fc.asyncProperty(fc.array(op, { minLength: 1, maxLength: 14 }), (ops) => live(ops, rules, contextWindow)),
      { numRuns: RUNS, seed: SEED },
    );
  },
  60_000,
);
