import { copyFileSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Damage } from '@reprise/core';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { verifySession } from '../src/index.ts';
import { append, make, OWNER, salvage, text, textsOf } from './moves.ts';
import { temporaryStorage } from './temporary.ts';

let made: ReturnType<typeof temporaryStorage>;
beforeEach(() => (made = temporaryStorage()));
afterEach(async () => {
  await made.storage.close();
  made.cleanup();
});

const log = (): string => join(made.root, 'one', 'messages.json');
const lines = (): string[] => readFileSync(log(), 'utf8').split('\n').slice(0, -2);
const write = (all: readonly string[]): void => writeFileSync(log(), `${all.join('\n')}\n]\n`);
const verify = (): readonly Damage[] => verifySession('one', { root: made.root });

async function session(count: number, pad = 0): Promise<void> {
  await make(
    made.storage,
    'one',
    Array.from({ length: count }, (_, at) => text(at + 1, pad)),
  );
}

/** The session goes on: one more record after whatever happened. */
async function goesOn(): Promise<readonly number[]> {
  const { storage } = made;
  const lease = await storage.acquire('one', { owner: OWNER, expect: 'existing' });
  const tip = lease.head?.seq ?? 0;
  await append(storage, lease, tip, [text(tip + 1)]);
  await lease.release();
  const { seqs } = await salvage(storage, 'one');
  expect(seqs.at(-1)).toBe(tip + 1);
  return seqs;
}

describe('a torn tail', () => {
  test('cut at every byte of the last two records: the others load, the next lease puts the rest aside and goes on', async () => {
    await session(5);
    const whole = readFileSync(log());
    const ends = [...whole.entries()].filter(([, byte]) => byte === 0x0a).map(([at]) => at + 1);
    for (let length = ends[2] as number; length < whole.length; length += 1) {
      writeFileSync(log(), whole.subarray(0, length));
      const kept = ends.filter((end, at) => at < 5 && end <= length).length;
      expect(await salvage(made.storage, 'one'), `cut at ${length}`).toEqual({
        seqs: Array.from({ length: kept }, (_, at) => at + 1),
        damage: [],
      });
      expect(verify()[0]).toMatchObject({ kind: 'torn-tail', byte: ends[kept - 1] });
      expect(await goesOn()).toEqual(Array.from({ length: kept + 1 }, (_, at) => at + 1));
      expect(verify()).toEqual([]);
      JSON.parse(readFileSync(log(), 'utf8'));
      const fragment = whole.subarray(ends[kept - 1], length).toString();
      if (fragment.length > 1) {
        const saved = readdirSync(join(made.root, 'one', 'damaged')).map((name) =>
          readFileSync(join(made.root, 'one', 'damaged', name), 'utf8'),
        );
        expect(saved).toEqual([fragment]);
      }
      rmSync(join(made.root, 'one', 'damaged'), { recursive: true, force: true });
    }
  });

  test('blocks that a power cut left as NUL bytes are cut off too', async () => {
    await session(4);
    const whole = readFileSync(log());
    const from = whole.lastIndexOf(',{"seq":4');
    for (const tail of [
      Buffer.concat([Buffer.alloc(300), Buffer.from('xx"}\n]\n')]),
      Buffer.concat([Buffer.from(']\n'), Buffer.alloc(100)]),
      Buffer.concat([Buffer.from(',{"seq":4,'), Buffer.alloc(10), Buffer.from('\n,{"a\n')]),
      Buffer.alloc(5000),
    ]) {
      writeFileSync(log(), Buffer.concat([whole.subarray(0, from), tail]));
      expect((await salvage(made.storage, 'one')).seqs).toEqual([1, 2, 3]);
      expect(await goesOn()).toEqual([1, 2, 3, 4]);
      expect(verify()).toEqual([]);
    }
  });

  test('a log without one whole record in a session that was whole is empty; it can be written and removed', async () => {
    for (const rest of ['', '[', ']\n', '[]\n', '[{"seq":1,"ty']) {
      await session(2);
      writeFileSync(log(), rest);
      expect((await salvage(made.storage, 'one')).damage.map(({ kind }) => kind)).toEqual(['empty']);
      expect(verify()[0]?.kind).toMatch(/^(empty|first-line)$/);
      const lease = await made.storage.acquire('one', { owner: OWNER, expect: 'existing' });
      expect(lease.head?.seq).toBe(0);
      await append(made.storage, lease, 0, [text(1)]);
      expect(await textsOf(made.storage, 'one')).toEqual([text(1)]);
      await made.storage.remove(lease);
    }
  });
});

describe('damage in the middle is named, and its neighbours load', () => {
  const cases: Record<
    string,
    { spoil: (all: string[]) => string[]; missing: number[]; kind: Damage['kind']; line: number }
  > = {
    'a changed byte': {
      spoil: (all) => all.with(3, (all[3] as string).replace('note', 'nope')),
      ...{ missing: [4], kind: 'checksum', line: 4 },
    },
    'a changed seq': {
      spoil: (all) => all.with(3, (all[3] as string).replace('"seq":4', '"seq":5')),
      ...{ missing: [4], kind: 'checksum', line: 4 },
    },
    'a bad first line': {
      spoil: (all) => all.with(0, '[{"hello":"world"}'),
      ...{ missing: [1], kind: 'first-line', line: 1 },
    },
    'a first line of garbage': {
      spoil: (all) => all.with(0, '\u0001\u0002'),
      missing: [1],
      kind: 'first-line',
      line: 1,
    },
    'a doubled record': {
      spoil: (all) => all.toSpliced(5, 0, all[4] as string),
      missing: [],
      kind: 'sequence',
      line: 6,
    },
    'an old record again': {
      spoil: (all) => all.toSpliced(5, 0, all[1] as string),
      missing: [],
      kind: 'sequence',
      line: 6,
    },
    'an old record at the end': { spoil: (all) => [...all, all[1] as string], missing: [], kind: 'sequence', line: 9 },
    'a foreign line': {
      spoil: (all) => all.toSpliced(5, 0, ',{"role":"user"}'),
      missing: [],
      kind: 'foreign',
      line: 6,
    },
    'a foreign line at the end': {
      spoil: (all) => [...all, ',{"role":"user"}'],
      missing: [],
      kind: 'foreign',
      line: 9,
    },
    'an empty line': { spoil: (all) => all.toSpliced(5, 0, ''), missing: [], kind: 'foreign', line: 6 },
    'a missing record': { spoil: (all) => all.toSpliced(4, 1), missing: [5], kind: 'sequence', line: 5 },
    'a later record too early': {
      spoil: (all) => all.toSpliced(2, 0, all[6] as string),
      missing: [],
      kind: 'sequence',
      line: 3,
    },
    'a wrong character before a record': {
      spoil: (all) => all.with(3, `;${(all[3] as string).slice(1)}`),
      ...{ missing: [], kind: 'foreign', line: 4 },
    },
    'NUL bytes': { spoil: (all) => all.with(3, '\0'.repeat(40)), missing: [4], kind: 'foreign', line: 4 },
    'a damaged last record': {
      spoil: (all) => all.with(7, (all[7] as string).replace('note', 'nope')),
      ...{ missing: [8], kind: 'checksum', line: 8 },
    },
  };

  for (const [name, { spoil, missing, kind, line }] of Object.entries(cases)) {
    test(name, async () => {
      await session(8);
      write(spoil(lines()));
      const readable = [1, 2, 3, 4, 5, 6, 7, 8].filter((seq) => !missing.includes(seq));
      const bytes = readFileSync(log());

      const forward = await salvage(made.storage, 'one');
      expect(forward.seqs).toEqual(readable);
      expect(forward.damage).toMatchObject([{ kind, line, note: expect.any(String) }]);
      expect(forward.damage[0]?.byte).toBeGreaterThanOrEqual(0);

      const backward = await salvage(made.storage, 'one', { reverse: true });
      expect(backward.seqs).toEqual(readable.toReversed());
      expect(backward.damage.length).toBe(1);

      for (let after = 0; after < 8; after += 1) {
        expect((await salvage(made.storage, 'one', { after })).seqs).toEqual(readable.filter((seq) => seq > after));
        const before = { before: after + 1, reverse: true };
        expect((await salvage(made.storage, 'one', before)).seqs).toEqual(
          readable.filter((seq) => seq <= after).reverse(),
        );
      }

      expect(verify()).toMatchObject([{ kind, line }]);
      expect(readFileSync(log()).equals(bytes), 'reading and verifying write nothing').toBe(true);

      expect(await goesOn(), 'and the session goes on').toEqual([...readable, 9]);
    });
  }

  test('a reader that asks for other records is not told of it', async () => {
    await session(8);
    write(lines().with(3, ',garbage'));
    expect(await salvage(made.storage, 'one', { after: 5 })).toEqual({ seqs: [6, 7, 8], damage: [] });
    expect(await salvage(made.storage, 'one', { before: 3 })).toEqual({ seqs: [1, 2], damage: [] });
    expect(await salvage(made.storage, 'one', { reverse: true, limit: 3 })).toEqual({ seqs: [8, 7, 6], damage: [] });
  });
});

test('every flipped bit is found, and every record on another line loads', async () => {
  await session(30, 40);
  const whole = readFileSync(log());
  copyFileSync(log(), `${log()}.good`);
  const ends = [...whole.entries()].filter(([, byte]) => byte === 0x0a).map(([at]) => at + 1);
  let state = 12345;
  const random = (below: number): number => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    return state % below;
  };
  for (let flip = 0; flip < 600; flip += 1) {
    const at = random(whole.length);
    const bytes = Buffer.from(whole);
    bytes[at] = (bytes[at] as number) ^ (1 << random(8));
    writeFileSync(log(), bytes);
    const label = `bit at byte ${at}`;
    expect(verify().length, label).toBeGreaterThan(0);
    const line = ends.findIndex((end) => at < end);
    const { seqs, damage } = await salvage(made.storage, 'one');
    // A flipped line break joins two lines; a new one inside a line splits it.
    const lost = at === (ends[line] as number) - 1 ? [line + 1, line + 2] : [line + 1];
    const others = Array.from({ length: 30 }, (_, n) => n + 1).filter((seq) => !lost.includes(seq));
    expect(
      seqs.filter((seq) => !lost.includes(seq)),
      label,
    ).toEqual(others);
    if (line < 30) expect(damage.length, `${label} is told by read`).toBeGreaterThan(0);
  }
});
