import { beforeAll, expect, test } from 'vitest';
import type { SessionStorage } from '../src/contracts/storage.ts';
import type { Rec } from '../src/records/types.ts';
import { extend } from '../src/state/extend.ts';
import { headOf } from '../src/state/head.ts';
import type { State } from '../src/state/state.ts';
import { EMPTY } from '../src/state/state.ts';
import { memoryStorage } from '../src/storage/memory.ts';
import { fold, plain } from './support/fold.ts';
import { say } from './support/model.ts';
import { stage } from './support/stage.ts';

const MANY = 50_000;
const at = '2026-01-01T00:00:00.000Z';
const usage = { input: 3, output: 2, cached: 0, reasoning: 0, total: 5 };

/** One exchange under a key. */
function exchange(n: number): Rec[] {
  const turn = `turn_${n}`;
  const said = { timestamp: at, turn };
  return [
    { type: 'message', id: `u${n}`, role: 'user', content: 'hello', key: `key_${n}`, ...said },
    { type: 'step', id: `a${n}`, role: 'assistant', content: 'hi', finishReason: 'stop', usage, ...said },
    { type: 'turn-end', at, turn, status: 'done', finishReason: 'stop', usage, steps: 1 },
  ];
}

let log: string[];
let state: State;

/** What the engine appends for so many exchanges, the window moving on with them. */
beforeAll(() => {
  const first: Rec = {
    type: 'session',
    format: 1,
    at,
    model: { requested: 'test/model', name: 'test/model' },
    system: [],
    tools: [],
    named: false,
    settings: {},
  };
  log = [];
  state = EMPTY;
  const append = (...facts: Rec[]): void => {
    const extended = extend(state, facts, at);
    ({ state } = extended);
    log.push(...extended.lines);
  };
  append(first);
  for (let n = 1; n <= MANY; n += 1) {
    append(...exchange(n));
    if (n % 500 === 0) append({ type: 'boundary', at, reason: 'prune', from: state.seq - 20, keep: [] });
  }
});

/** A store that holds the log, and counts the records that are read of it. */
async function stored(): Promise<{ readonly storage: SessionStorage; readonly read: () => number }> {
  const storage = memoryStorage();
  const lease = await storage.acquire('many', { owner: { name: 't' }, expect: 'new' });
  await storage.append(lease, { expected: 0, records: log, head: headOf('many', state) });
  await lease.release();
  let count = 0;
  const counting: SessionStorage = {
    ...storage,
    async *read(...asked) {
      for await (const page of storage.read(...asked)) {
        count += page.length;
        yield page;
      }
    },
  };
  return {
    storage: counting,
    read: () => {
      const now = count;
      count = 0;
      return now;
    },
  };
}

test('beside 50,000 keys a new one costs no reading of the log, and an old one is still found', async () => {
  const { storage, read } = await stored();
  const { sessions, model } = stage({ storage });
  const session = await sessions.resume('many');
  expect(read()).toBeLessThan(1000);
  expect(await session.knows(`key_${MANY}`)).toBe(true);
  expect(read()).toBe(0);
  // Once, the pages: a record for each.
  expect(await session.knows('new_1')).toBe(false);
  expect(read()).toBe(Math.floor(MANY / 2048));
  // One in a hundred is taken for an old one, and looked for in vain.
  let looked = 0;
  for (let n = 2; n < 1002; n += 1) {
    expect(await session.knows(`new_${n}`)).toBe(false);
    looked += Math.sign(read());
  }
  expect(looked).toBeLessThanOrEqual(20);
  model.script.push(say('Hello.'));
  expect(await session.message('hello', { key: 'new_1' })).toMatchObject({ content: 'Hello.' });
  expect(read()).toBe(0);
  for (const n of [1, 2047, 2048, 30_000]) expect(await session.knows(`key_${n}`)).toBe(true);
  expect(await session.message('hello', { key: 'key_77' })).toMatchObject({ content: 'hi' });
  expect(model.requests).toHaveLength(1);
}, 30_000);

test('a copy finds the same, and so does a session that is saved by hand', async () => {
  const { storage } = await stored();
  const { sessions } = stage({ storage });
  const session = await sessions.resume('many');
  for (const autoSave of [true, false]) {
    const copy = await (await sessions.resume('many', { autoSave })).fork();
    expect(await copy.knows('key_77')).toBe(true);
    expect(await copy.knows('new_1')).toBe(false);
  }
  const middle = await session.fork({ fromMessage: 'u3100' });
  expect([await middle.knows('key_3000'), await middle.knows(`key_${MANY}`)]).toEqual([true, false]);
}, 30_000);

test('a page whose checkpoint is lost may hold every key: the log decides', async () => {
  const place = log.findIndex((line) => line.includes('"checkpoint"') && /"pages":\[(\d+,)*"/.test(line));
  const kept = log[place] ?? '';
  log[place] = JSON.stringify({ type: 'warning', at, message: 'It was a checkpoint.' });
  const { storage, read } = await stored();
  const session = await stage({ storage }).sessions.resume('many');
  read();
  expect(await session.knows('key_5')).toBe(true);
  expect(await session.knows('new_1')).toBe(false);
  expect(read()).toBeGreaterThan(log.length);
  log[place] = kept;
}, 30_000);

test('a checkpoint weighs at 50,000 keys what it weighs at 5000, and has each page once', () => {
  const checkpoints = log.filter((line) => line.startsWith('{"type":"checkpoint"'));
  const weights = checkpoints.map(({ length }) => length);
  const mean = (some: readonly number[]): number => some.reduce((sum, one) => sum + one, 0) / some.length;
  const tenth = weights.length / 10;
  expect(mean(weights.slice(-tenth)) - mean(weights.slice(tenth, 2 * tenth))).toBeLessThan(600);
  expect(Math.max(...weights)).toBeLessThan(16_000);
  expect(JSON.stringify(state.keys).length).toBeLessThan(12_000);
  const pages = checkpoints.flatMap((line): string[] => {
    const { keys } = JSON.parse(line).state as { keys: { pages?: readonly unknown[] } };
    return (keys.pages ?? []).filter((page) => typeof page === 'string');
  });
  expect(new Set(pages).size).toBe(pages.length);
  expect(pages).toHaveLength(Math.floor(MANY / 2048));
});

test('a checkpoint of the version before, with its one filter, still saves reading the log', async () => {
  const last = log.findLastIndex((line) => line.startsWith('{"type":"checkpoint"'));
  const kept = log[last] ?? '';
  const checkpoint = JSON.parse(kept) as { state: object };
  // A filter in which every key may be.
  const keys = `${'/'.repeat(5461)}w==`;
  log[last] = JSON.stringify({ ...checkpoint, version: 4, state: { ...checkpoint.state, keys } });
  const { storage, read } = await stored();
  const session = await stage({ storage }).sessions.resume('many');
  expect(read()).toBeLessThan(1000);
  expect([await session.knows('key_5'), await session.knows('new_1')]).toEqual([true, false]);
  log[last] = kept;
}, 30_000);

test('folding from the start gives what appending gave, also where pages are', () => {
  const few = log.slice(0, 20_000).map((line) => JSON.parse(line) as Rec);
  const last = few.findLastIndex(({ type }) => type === 'checkpoint');
  const { keys } = fold(few.slice(0, last + 1));
  expect(JSON.stringify(keys)).toMatch(/"pages":\[\d+,\d+/);
  expect(plain(fold(few.slice(last + 1), fold(few.slice(0, last + 1))))).toEqual(plain(fold(few)));
}, 30_000);
