/**
 * What the campaigns' writers do, and what must be there afterwards. A writer says `begin <move>` before each move and `done` once it was
 * acknowledged; from these lines alone it is known which logs may be found after a crash.
 */

/** Record `n` of generation `g`: of many sizes, some longer than a page, now and then longer than a read buffer. */
export function recordOf(g, n) {
  const size = n % 29 === 0 ? 70_000 : n % 7 === 0 ? 5000 : (n * 37) % 300;
  return JSON.stringify({ type: 'note', g, n, pad: 'x'.repeat(size) });
}

export function recordsOf(g, from, count) {
  return Array.from({ length: count }, (_, at) => recordOf(g, from + at));
}

export function headOf(id, seq, more = {}) {
  const time = '2026-01-02T03:04:05.006Z';
  const tokenUsage = { input: 0, output: 0, total: 0 };
  const state = { id, model: 'm', createdAt: time, lastMessage: time, messageCount: seq, tokenUsage };
  return { ...state, tools: [], status: 'idle', seq, checkpoint: 0, ...more };
}

/** The moves of one round: a session grows, is forked, the fork is deleted, the session is rewritten and goes on growing. */
export function* moves(rounds, start = { tip: 0, g: 1 }) {
  let { tip, g } = start;
  for (let round = 0; round < rounds; round += 1) {
    for (const count of [1, 3, 1, 2]) {
      yield { what: 'append', id: 'one', expected: tip, count, g };
      tip += count;
    }
    const through = Math.max(1, tip - 2);
    yield { what: 'copy', id: 'two', from: 'one', through };
    yield { what: 'append', id: 'two', expected: through, count: 1, g };
    yield { what: 'remove', id: 'two' };
    // The head alone, so that the stored one stands at the end of a log that then becomes shorter.
    yield { what: 'append', id: 'one', expected: tip, count: 0, g };
    g += 1;
    tip = Math.max(1, tip - 3);
    yield { what: 'rewrite', id: 'one', count: tip, g };
  }
}

/** Plays a move on `storage`; `leases` keeps the lease of each session between moves. */
export async function play(storage, leases, move) {
  const { what, id } = move;
  const owner = { name: 'campaign' };
  const lease = async () => {
    if (!leases.has(id)) {
      const expect = (await storage.head(id)) === undefined ? 'new' : 'existing';
      leases.set(id, await storage.acquire(id, { owner, expect }));
    }
    return leases.get(id);
  };
  const own = await lease();
  if (what === 'append') {
    const { expected, count, g } = move;
    const records = recordsOf(g, expected + 1, count);
    // A head alone changes the title too, and with it metadata.json.
    const head = headOf(id, expected + count, count === 0 ? { title: `generation ${g}` } : {});
    await storage.append(own, { expected, records, head });
  } else if (what === 'copy') {
    await storage.copy({ id: move.from, through: move.through }, own, headOf(id, move.through));
  } else if (what === 'remove') {
    leases.delete(id);
    await storage.remove(own);
  } else {
    const pages = (async function* () {
      for (let n = 1; n <= move.count; n += 1) yield [{ seq: n, json: recordOf(move.g, n) }];
    })();
    await storage.rewrite(own, pages, headOf(id, move.count));
  }
}

/** The logs that were acknowledged, and the move that was under way. */
export class Model {
  logs = new Map();
  pending;

  /** Takes a line that a writer said. */
  take(line) {
    if (line.startsWith('begin ')) this.pending = JSON.parse(line.slice(6));
    else if (line === 'done') {
      this.#apply(this.pending);
      this.pending = undefined;
    } else if (line === 'failed') this.pending = undefined;
  }

  #apply({ what, id, expected, count, g, from, through }) {
    if (what === 'append') this.logs.set(id, [...(this.logs.get(id) ?? []), ...recordsOf(g, expected + 1, count)]);
    else if (what === 'copy') this.logs.set(id, this.logs.get(from).slice(0, through));
    else if (what === 'remove') this.logs.delete(id);
    else this.logs.set(id, recordsOf(g, 1, count));
  }

  /**
   * Every log that `id` may have now; `undefined` among them where it may be absent. A batch is there whole or not at all; of the one that
   * would have made the session any beginning may be there, since nothing was promised before.
   */
  allowed(id) {
    const now = this.logs.get(id);
    const move = this.pending;
    if (move?.id !== id) return [now];
    if (move.what === 'append') {
      const some = recordsOf(move.g, move.expected + 1, move.count);
      if (now !== undefined) return [now, [...now, ...some]];
      return [now, ...some.map((_, at) => some.slice(0, at + 1))];
    }
    const after = new Model();
    after.logs = new Map(this.logs);
    after.#apply(move);
    return [now, after.logs.get(id)];
  }

  /** Takes what was found for what is there, so that the next writer goes on from it. */
  settle(found) {
    this.logs = new Map([...found].filter(([, log]) => log !== undefined));
    this.pending = undefined;
  }
}

export const IDS = ['one', 'two'];
