import assert from 'node:assert/strict';
import type { Lease } from '../../contracts/storage.ts';
import { isCoded } from '../../errors.ts';
import { headOf, text, type Rule, type Stage } from '../stage.ts';

const STEPS = 250;
const IDS = ['a', 'b', 'c'] as const;

/** What a store must look like after any sequence of moves. */
interface Model {
  readonly logs: Map<string, string[]>;
  readonly leases: Map<string, Lease>;
  /** Leases that ended. */
  readonly dead: Lease[];
}

/** A small generator of its own (mulberry32), so that a failure can be played again from its seed. */
function random(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

async function codeOf(work: Promise<unknown>): Promise<string> {
  try {
    await work;
    return 'ok';
  } catch (error) {
    return isCoded(error) ? error.code : String(error);
  }
}

async function move(stage: Stage, model: Model, pick: (below: number) => number, step: number): Promise<void> {
  const { logs, leases, dead } = model;
  const id = IDS[pick(IDS.length)] as string;
  const log = logs.get(id);
  const lease = leases.get(id);
  const end = (): void => {
    dead.push(lease as Lease);
    leases.delete(id);
  };
  switch (pick(8)) {
    case 0: {
      if (lease !== undefined)
        return assert.equal(await codeOf(stage.acquire(id)), log ? 'SESSION_BUSY' : 'SESSION_NOT_FOUND');
      if (log === undefined) assert.equal(await codeOf(stage.acquire(id)), 'SESSION_NOT_FOUND');
      const taken = await stage.acquire(id, log === undefined ? 'new' : 'existing');
      assert.equal(taken.head?.seq, log?.length);
      leases.set(id, taken);
      return;
    }
    case 1:
      if (lease === undefined || pick(3) > 0) return;
      await lease.release();
      return end();
    case 2: {
      if (lease === undefined || log === undefined || pick(4) > 0) return;
      await stage.storage.remove(lease);
      logs.delete(id);
      return end();
    }
    case 3: {
      const old = dead[pick(dead.length + 1)];
      if (old === undefined) return;
      return assert.equal(await codeOf(stage.append(old, logs.get(old.id)?.length ?? 0, [text(-1)])), 'FENCED');
    }
    case 4: {
      if (log === undefined) return;
      const after = pick(log.length + 1);
      const reverse = pick(2) === 0;
      const wanted = log.map((json, at) => ({ seq: at + 1, json })).slice(after);
      return assert.deepEqual(await stage.read(id, { after, reverse }), reverse ? wanted.reverse() : wanted);
    }
    default: {
      if (lease === undefined) return;
      const tip = log?.length ?? 0;
      const records = Array.from({ length: 1 + pick(3) }, (_, at) => text(step * 10 + at));
      const wrong = pick(6) === 0 ? 1 + pick(2) : 0;
      const code = await codeOf(stage.append(lease, tip + wrong, records));
      if (wrong > 0) return assert.equal(code, 'CONFLICT');
      assert.equal(code, 'ok');
      logs.set(id, [...(log ?? []), ...records]);
    }
  }
}

async function compare(stage: Stage, { logs, leases }: Model): Promise<void> {
  assert.deepEqual((await stage.storage.list()).items.map(({ id }) => id).sort(), [...logs.keys()].sort());
  for (const id of IDS) {
    const log = logs.get(id);
    const head = await stage.storage.head(id);
    if (log === undefined) {
      assert.equal(head, undefined);
      continue;
    }
    assert.deepEqual(await stage.texts(id), log);
    if (leases.has(id)) assert.ok((head?.seq ?? 0) <= log.length);
    else assert.deepEqual(head, headOf(id, log.length));
  }
}

export const lawRules: readonly Rule[] = [1, 2, 3].map((seed) => ({
  name: `laws: after any sequence of moves the store is what the contract says (seed ${seed})`,
  async run(stage) {
    const model: Model = { logs: new Map(), leases: new Map(), dead: [] };
    const pick = random(seed);
    for (let step = 1; step <= STEPS; step += 1) {
      await move(stage, model, pick, step);
      if (step % 10 === 0) await compare(stage, model);
    }
    await compare(stage, model);
  },
}));
