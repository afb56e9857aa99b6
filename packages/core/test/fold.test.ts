import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { UsageTotals } from '../src/contracts/usage.ts';
import { decode, encode } from '../src/records/codec.ts';
import type { Rec } from '../src/records/types.ts';
import { loadState } from '../src/session/load.ts';
import { worked } from '../src/state/account.ts';
import { toCheckpoint } from '../src/state/checkpoint.ts';
import { extend } from '../src/state/extend.ts';
import { headOf } from '../src/state/head.ts';
import { mayHold } from '../src/state/keys.ts';
import { memoryStorage } from '../src/storage/memory.ts';
import { settle } from '../src/turn/settle.ts';
import { stepKey } from '../src/turn/draft.ts';
import { HASHES, expectCompilable, expectValid, fold, plain } from './support/fold.ts';

const at = '2026-01-01T00:00:00.000Z';
const usage = { input: 3, output: 2, cached: 0, reasoning: 0, total: 5 };
const usages = fc.constantFrom(undefined, usage, { ...usage, cacheWrite: 1, cost: 0.1 }, { ...usage, cost: 0.2 });
const unreported = fc.constantFrom(undefined, { input: 7, output: 1 }, { input: 7, output: 1, cost: 0.3 });
const modelName = fc.constantFrom(undefined, 'test/model', '__proto__', 'constructor');
const spent = fc.option(
  fc.record({ model: fc.constantFrom('test/model', '__proto__', 'constructor'), usage: usages, unreported }),
  { nil: undefined },
);
const child = fc.constantFrom('k1', 'k2', 'constructor');
/** Milliseconds apart, so that time has something to count. */
const moment = fc.integer({ min: 0, max: 5000 }).map((ms) => new Date(Date.parse(at) + ms).toISOString());

const turn = fc.constantFrom('t1', 't2', 't3');
const callId = fc.constantFrom('c1', 'c2', 'c 3', '', '__proto__', 'x'.repeat(70));
const requestId = fc.constantFrom('r1', 'r2', 'r3', '__proto__');
const askId = fc.constantFrom('a1', 'a2', 'a3');
const content = fc.oneof(fc.constantFrom('', ' ', 'hello', '日本語', '\ud800'), fc.string({ maxLength: 20 }));
const meta = fc.option(fc.constantFrom({ own: { signature: 'sig' } }, { own: {} }), { nil: undefined });
const reason = fc.constantFrom('stop', 'length', 'tool-calls', 'content-filter', 'error', 'interrupted', 'other');
/** An id of a message that may be there: the n-th. */
const someId = fc.integer({ min: 1, max: 12 }).map((n) => `m${n}`);
const seq = fc.integer({ min: 0, max: 40 });

function took(calls: number): UsageTotals {
  const none = { retries: 0, compactions: 0, cached: 0, cacheWrite: 0, reasoning: 0, unpriced: 0 };
  const some = { input: calls, output: calls, total: 2 * calls, cost: calls / 10 };
  return { calls, ...none, ...some, unreported: { calls: 1, tokens: 3, cost: 0.01 } };
}

const part = fc.oneof(
  fc.record({ type: fc.constant('text'), length: fc.integer({ min: 0, max: 8 }), meta }),
  fc.record({ type: fc.constant('reasoning'), text: content, meta }),
  fc.record({ type: fc.constant('provider-call'), id: callId, tool: fc.constant('web'), input: fc.constant({}), meta }),
  fc.record({
    type: fc.constant('provider-result'),
    id: callId,
    tool: fc.constant('web'),
    result: fc.constant({ hits: 1 }),
    meta,
  }),
  fc.constant({ type: 'other', part: { type: 'source', url: 'x' } }),
  fc.record({
    type: fc.constant('other'),
    part: fc.record({ type: fc.constant('tool-approval-request'), approvalId: requestId, toolCallId: callId }),
  }),
);

/** What a message, or a tool, may bring along: what models take, what none takes, and what is too large for any. */
const sha256 = fc.constantFrom(...HASHES);
const file = fc.oneof(
  sha256.map((hash) => ({ sha256: hash, mediaType: 'image/png', size: 10, tokens: 1500, pixels: [10, 10] })),
  fc.record({
    sha256,
    mediaType: fc.constantFrom('image/png', 'image/gif', 'application/pdf', 'text/plain', 'application/octet-stream'),
    size: fc.constantFrom(10, 3_500_000, 30_000_000),
    tokens: fc.nat(2000),
    name: fc.constantFrom(undefined, 'a.png', 'Grüße "1"', '\ud800'),
    pixels: fc.constantFrom(undefined, [10, 10], [9000, 1]),
  }),
);
const files = fc.option(fc.array(file, { minLength: 1, maxLength: 3 }), { nil: undefined });

/** Records of every type with fields that may or may not make sense where they stand. Only ids of messages are unique, as the engine makes them. */
const facts = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      type: fc.constant('message'),
      role: fc.constantFrom('user', 'system'),
      content,
      timestamp: fc.constant(at),
      turn: fc.option(turn, { nil: undefined }),
      attachments: files,
      output: fc.constantFrom(undefined, undefined, { type: 'object' }),
      correction: fc.constantFrom(undefined, undefined, true),
      key: fc.constantFrom(undefined, 'k1', 'k2', 'k3'),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      type: fc.constant('step'),
      role: fc.constant('assistant'),
      content,
      timestamp: moment,
      turn: fc.option(turn, { nil: undefined }),
      toolCalls: fc.option(
        fc.uniqueArray(callId, { maxLength: 3 }).map((ids) => ids.map((id) => ({ id, tool: 'look', params: {} }))),
        { nil: undefined },
      ),
      parts: fc.option(fc.array(part, { maxLength: 4 }), { nil: undefined }),
      finishReason: reason,
      rawFinishReason: fc.option(fc.constant('pause_turn'), { nil: undefined }),
      usage: usages,
      unreported,
      model: modelName,
      provider: fc.constantFrom('test', 'other'),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      type: fc.constant('result'),
      at: fc.constant(at),
      turn,
      call: callId,
      tool: fc.constant('look'),
      result: fc.jsonValue(),
      error: fc.option(content, { nil: undefined }),
      attachments: files,
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      type: fc.constant('file-lost'),
      at: fc.constant(at),
      sha256,
      reason: content,
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      type: fc.constant('ask'),
      at: moment,
      turn,
      id: askId,
      call: callId,
      tool: fc.constant('look'),
      access: fc.constant({ effect: 'read' }),
      question: fc.option(fc.constant({ text: 'which?' }), { nil: undefined }),
      fingerprint: fc.constantFrom('f1', 'f2'),
      path: fc.option(fc.constant(['child']), { nil: undefined }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      type: fc.constant('answer'),
      at: moment,
      ask: askId,
      verdict: fc.constantFrom('once', 'always', 'deny', 'expired', 'cancelled'),
      by: fc.constant('asker'),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ type: fc.constant('start'), at: fc.constant(at), turn, call: callId }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      type: fc.constant('verdict'),
      at: fc.constant(at),
      turn,
      request: requestId,
      call: callId,
      approved: fc.boolean(),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      type: fc.constant('attempt'),
      at: fc.constant(at),
      turn,
      attempt: fc.nat(5),
      code: fc.constant('NETWORK'),
      message: content,
      waitMs: fc.constant(1),
      until: fc.constantFrom(undefined, at),
      model: fc.constantFrom(undefined, { requested: 'other', name: 'test/other' }),
      spent,
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      type: fc.constant('reserve'),
      at: moment,
      turn,
      model: fc.constantFrom('test/model', '__proto__'),
      input: fc.nat(50),
      output: fc.nat(50),
      price: fc.constantFrom(undefined, { input: 1, output: 2 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('carry-on'), at: moment, turn }) },
  {
    weight: 1,
    arbitrary: fc.record({ type: fc.constant('spawn'), at: moment, turn, call: callId, session: child }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      type: fc.constant('spent'),
      at: moment,
      turn,
      session: child,
      models: fc.dictionary(fc.constantFrom('test/model', 'other'), fc.constantFrom(took(1), took(5)), { maxKeys: 2 }),
      end: fc.constantFrom(undefined, true),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      type: fc.constant('repair'),
      at: fc.constant(at),
      turn,
      reason: content,
      repair: fc.option(
        fc.record(
          {
            reasoning: fc.nat(30),
            results: fc.nat(30),
            attachments: fc.tuple(fc.nat(30), fc.nat(30)),
            from: fc.nat(30),
            keep: fc.array(fc.nat(30), { maxLength: 4 }),
          },
          { requiredKeys: ['reasoning'] },
        ),
        { nil: undefined },
      ),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      type: fc.constant('turn-end'),
      at: moment,
      turn,
      status: fc.constantFrom('done', 'failed', 'aborted', 'interrupted'),
      finishReason: reason,
      usage: fc.constant(usage),
      steps: fc.nat(3),
      spent,
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      type: fc.constant('edit'),
      at: fc.constant(at),
      message: someId,
      content: fc.option(content, { nil: undefined }),
      important: fc.option(fc.boolean(), { nil: undefined }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      type: fc.constant('delete'),
      at: fc.constant(at),
      message: someId,
      role: fc.constantFrom('user', 'assistant', 'system'),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      type: fc.constant('boundary'),
      at: fc.constant(at),
      reason: fc.constantFrom('clear', 'prune', 'compact'),
      from: seq,
      keep: fc.array(seq, { maxLength: 4 }),
      messages: fc.option(fc.nat(9), { nil: undefined }),
      summary: fc.option(content, { nil: undefined }),
      usage: usages,
      unreported,
      model: modelName,
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      type: fc.constant('change'),
      at: fc.constant(at),
      reason: content,
      tools: fc.option(fc.constant(['look']), { nil: undefined }),
      title: fc.option(content, { nil: undefined }),
      settings: fc.option(fc.constant({ temperature: 0.5 }), { nil: undefined }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ type: fc.constant('fork'), at: fc.constant(at), parent: fc.constant({ id: 'p', seq: 3 }) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      type: fc.constant('rewind'),
      at: fc.constant(at),
      message: someId,
      from: seq,
      messages: fc.nat(9),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      type: fc.constant('undo'),
      at: fc.constant(at),
      of: seq,
      what: fc.constantFrom('exchange', 'edit', 'delete', 'prune', 'clear', 'rewind'),
      redo: fc.constantFrom(undefined, true),
      messages: fc.nat(9),
    }),
  },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('warning'), at: fc.constant(at), message: content }) },
  { weight: 1, arbitrary: fc.constant({ type: 'checkpoint' }) },
  { weight: 1, arbitrary: fc.constant({ type: 'from-the-future' }) },
);

const first: Rec = {
  type: 'session',
  format: 1,
  at,
  model: { requested: 'm', name: 'm' },
  system: [],
  tools: ['look'],
  named: false,
  settings: {},
};

/** A log: the first record, then anything; checkpoints hold what the engine would write there. */
const log = fc.array(facts, { maxLength: 30 }).map((list): Rec[] => {
  let n = 0;
  const records: Rec[] = [first];
  for (const fact of list) {
    const own = fact.type === 'step' && 'provider' in fact ? String(fact.provider) : '';
    const named = fact.type === 'message' || fact.type === 'step' ? { ...fact, id: `m${(n += 1)}` } : fact;
    const given = fact.type === 'checkpoint' ? toCheckpoint(fold(records), at) : (named as unknown as Rec);
    const record = JSON.parse(encode(given).replaceAll('"own":', `"${own}":`)) as Rec;
    records.push(record);
  }
  return records;
});

/** What the engine itself appends. */
const TYPES: ReadonlySet<string> = new Set([
  'session',
  'message',
  'step',
  'result',
  'ask',
  'answer',
  'start',
  'verdict',
  'attempt',
  'reserve',
  'carry-on',
  'spawn',
  'spent',
  'repair',
  'turn-end',
  'edit',
  'delete',
  'boundary',
  'change',
  'fork',
  'warning',
  'file-lost',
]);

/** Fixed, so that a red run stays red; see laws.test.ts for other seeds. */
const runs = { numRuns: Number(process.env['REPRISE_RUNS'] ?? 200), seed: Number(process.env['REPRISE_SEED'] ?? 1) };

test('every prefix of every log has a valid state, and one that gives a valid request', () => {
  fc.assert(
    fc.property(log, (records) => {
      records.forEach((_record, at) => expectValid(fold(records.slice(0, at + 1))));
    }),
    runs,
  );
});

test('a call takes the first result that comes for it, and no other', () => {
  const called = fc.uniqueArray(callId, { minLength: 1, maxLength: 3 });
  const noise = fc.array(fc.record({ call: callId, turn, end: fc.nat(9).map((n) => n === 0) }), { maxLength: 10 });
  fc.assert(
    fc.property(called, noise, (ids, later) => {
      const toolCalls = ids.map((id) => ({ id, tool: 'look', params: {} }));
      const opening: Rec[] = [
        first,
        { type: 'message', id: 'm1', role: 'user', content: 'go', timestamp: at, turn: 't1' },
        {
          type: 'step',
          id: 'm2',
          role: 'assistant',
          content: '',
          timestamp: at,
          turn: 't1',
          toolCalls,
          finishReason: 'stop',
        },
      ];
      let state = fold(opening);
      const waiting = new Set(ids);
      const taken: number[] = [];
      for (const { call, turn: own, end } of later) {
        const result: Rec = { type: 'result', at, turn: own, call, tool: 'look', result: state.seq };
        const over: Rec = { type: 'turn-end', at, turn: own, status: 'done', finishReason: 'stop', usage, steps: 1 };
        const open = state.open !== undefined;
        state = fold([end ? over : result], state);
        // Outside a turn an import has results: they name the turn of their step.
        if (!end && (open || own === 't1') && waiting.delete(call)) taken.push(state.seq);
        expectValid(state);
      }
      const kept = state.entries.toArray().filter(({ record }) => record.type === 'result');
      expect(kept.map((entry) => entry.seq)).toEqual(taken);
    }),
    runs,
  );
});

test('what is taken back leaves the window exactly as it was, whatever happened to it since', () => {
  const apart = ['edit', 'delete', 'rewind', 'undo', 'file-lost', 'fork'];
  fc.assert(
    fc.property(log, log, (records, more) => {
      const since = more.slice(1).filter(({ type }) => !apart.includes(type));
      const back: Rec = { type: 'rewind', at, message: 'm1', from: records.length + 1, messages: 0 };
      const rest: Rec = { type: 'turn-end', at, turn: 'none', status: 'done', finishReason: 'stop', usage, steps: 0 };
      const [before, after] = [fold(records), fold([...records, ...since, back, rest])];
      expect(after.open).toBeUndefined();
      const windowOf = ({ entries, tokens, windowFrom, clearedFrom, summary, edits }: typeof before) =>
        JSON.stringify([entries.toArray(), tokens, windowFrom, clearedFrom, summary, edits]);
      // What comes outside a turn may still belong to one that is open.
      if (before.open === undefined) expect(windowOf(after)).toEqual(windowOf(before));
      // What was spent stays spent.
      const spent = fold([...records, ...since]);
      expect(after.usage).toEqual(spent.usage);
      expect(after.ledger).toEqual(spent.ledger);
      expect(after.lastMessage).toEqual(spent.lastMessage);
    }),
    runs,
  );
});

test('a state remembers every key of its log, whatever came after it', () => {
  fc.assert(
    fc.property(log, (records) => {
      const { keys } = fold(records);
      for (const record of records)
        if (record.type === 'message' && record.key !== undefined) expect(mayHold(keys, record.key)).toBe(true);
      expect(mayHold(keys, 'k4')).toBe(false);
    }),
    runs,
  );
});

test('a step that comes while people are still asked ends the question, and the time counts again', () => {
  const step = (id: string, timestamp: string): Rec => ({
    type: 'step',
    id,
    role: 'assistant',
    content: '',
    timestamp,
    turn: 't1',
    toolCalls: [{ id: `call of ${id}`, tool: 'look', params: {} }],
    finishReason: 'stop',
  });
  const after = (ms: number) => new Date(Date.parse(at) + ms).toISOString();
  const { open } = fold([
    first,
    { type: 'message', id: 'm1', role: 'user', content: 'go', timestamp: at, turn: 't1' },
    step('m2', after(1000)),
    {
      type: 'ask',
      at: after(2000),
      turn: 't1',
      id: 'a1',
      call: 'call of m2',
      tool: 'look',
      access: { effect: 'read' },
      fingerprint: 'f',
    },
    step('m3', after(60_000)),
  ]);
  expect(open && worked(open, after(60_500))).toBe(2500);
});

test('folding is pure: a state that was kept goes on being what it was', () => {
  fc.assert(
    fc.property(log, log, (records, others) => {
      const state = fold(records);
      const before = plain(state);
      fold(others.slice(1), state);
      fold(records.slice(1), state);
      expect(plain(state)).toEqual(before);
    }),
    runs,
  );
});

test('folding from any checkpoint gives what folding from the start gives', async () => {
  await fc.assert(
    fc.asyncProperty(log, async (records) => {
      const storage = memoryStorage();
      const whole = fold(records);
      const lease = await storage.acquire('s', { owner: { name: 't' }, expect: 'new' });
      await storage.append(lease, { expected: 0, records: records.map(encode), head: headOf('s', whole) });
      await lease.release();
      const checkpoints = records.flatMap((record, i) => (record.type === 'checkpoint' ? [i + 1] : []));
      for (const checkpoint of [0, ...checkpoints]) {
        const loaded = await loadState(storage, 's', { ...headOf('s', whole), checkpoint });
        expect(loaded.damage).toBeUndefined();
        expect(plain(loaded.state)).toEqual(plain(whole));
      }
    }),
    runs,
  );
});

test('a state that is settled has no open turn and one result a call; settling it again gives nothing', () => {
  fc.assert(
    fc.property(log, fc.string({ maxLength: 10 }), (records, draft) => {
      const state = fold(records);
      const { open } = state;
      const pieces =
        open === undefined
          ? []
          : [
              {
                step: stepKey(open.turn, open.steps + 1),
                attempt: 1,
                offset: 0,
                json: JSON.stringify({ text: draft }),
              },
            ];
      const added = settle(state, pieces, { at, messageId: 'settled' });
      const settled = fold(added, state);
      expectValid(settled);
      expect(settled.open).toBeUndefined();
      expect(added.flatMap((record) => (record.type === 'answer' ? [record.ask] : []))).toEqual(
        (open?.asks ?? []).flatMap(({ id, answer }) => (answer === undefined ? [id] : [])),
      );
      expect(added.filter(({ type }) => type === 'turn-end')).toHaveLength(open === undefined ? 0 : 1);
      expect(added.flatMap((record) => (record.type === 'result' ? [record.call] : []))).toEqual(
        open?.pending.map(({ id }) => id) ?? [],
      );
      expect(settle(settled, pieces, { at, messageId: 'again' })).toEqual([]);
    }),
    runs,
  );
});

test('what is appended folds to the state that appending gives', () => {
  fc.assert(
    fc.property(log, log, (records, more) => {
      const state = fold(records);
      const facts = more.filter(({ type }) => type !== 'checkpoint' && TYPES.has(type));
      const { lines, state: next } = extend(state, facts.slice(1), at);
      const read = lines.map((json, i) => decode({ seq: state.seq + i + 1, json }));
      expect(plain(fold(read as Rec[], state))).toEqual(plain(next));
      if (more.some(({ type }) => type === 'boundary')) expect(next.checkpoint).toBe(next.seq);
    }),
    runs,
  );
});

test('a request for another provider carries nothing of the first', () => {
  fc.assert(
    fc.property(log, (records) => expectCompilable(fold(records), 'third')),
    runs,
  );
});

test('a log at rest gets a checkpoint after 256 records', () => {
  let state = fold([first]);
  const lengths: number[] = [];
  for (let i = 0; i < 600; i += 1) {
    const extended = extend(state, [{ type: 'warning', at, message: `${i}` }], at);
    state = extended.state;
    if (extended.lines.length === 2) lengths.push(state.seq);
  }
  expect(lengths).toEqual([257, 514]);
});
