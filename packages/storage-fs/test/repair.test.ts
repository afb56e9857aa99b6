import { cpSync, existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { SessionStorage } from '@reprise/core';
import fc from 'fast-check';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { fsStorage, repairSession, verifySession } from '../src/index.ts';
import { append, make, OWNER, salvage, text, textsOf } from './moves.ts';
import { temporaryStorage } from './temporary.ts';

let made: ReturnType<typeof temporaryStorage>;
let storage: SessionStorage;
let root: string;
beforeEach(() => {
  made = temporaryStorage();
  ({ storage, root } = made);
});
afterEach(async () => {
  await storage.close();
  made.cleanup();
});

const file = (name: string): string => join(root, 'one', name);
const linesOf = (): string[] => readFileSync(file('messages.json'), 'utf8').split('\n').slice(0, -2);
const write = (lines: readonly string[], closer = ']\n'): void =>
  writeFileSync(file('messages.json'), `${lines.join('\n')}\n${closer}`);
const texts = (count: number): string[] => Array.from({ length: count }, (_, at) => text(at + 1));
const LOST = expect.stringContaining('"type":"lost"');

/** Every file of the store with its bytes. */
function snapshot(folder = root): Record<string, string> {
  const names = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((each) => each.isFile());
  const paths = names.map((each) => join(each.parentPath, each.name)).filter((path) => !path.endsWith('/lock'));
  return Object.fromEntries(paths.map((path) => [path, readFileSync(path, 'latin1')]));
}

test('a sound session is left alone', async () => {
  await make(storage, 'one', texts(3));
  const before = snapshot();
  expect(await repairSession('one', { root })).toEqual({ id: 'one', dryRun: false, damage: [], steps: [] });
  expect(snapshot()).toEqual(before);
});

test('an unreadable record becomes one that says so; all others keep text and number; the original and the bad bytes are kept', async () => {
  await make(storage, 'one', texts(6));
  const lines = linesOf();
  const bad = (lines[2] as string).replace('note', 'nope');
  write([...lines.slice(0, 2), bad, lines[3] as string, ',{"by":"hand"}', ...lines.slice(3)]);
  const original = readFileSync(file('messages.json'));
  const dry = await repairSession('one', { root, dryRun: true });
  expect(readFileSync(file('messages.json'))).toEqual(original);
  expect(existsSync(file('damaged'))).toBe(false);
  const done = await repairSession('one', { root });
  expect(dry).toEqual({ ...done, dryRun: true });
  expect(done.damage.map(({ kind }) => kind)).toEqual(['checksum', 'foreign', 'sequence']);
  expect(done.steps.map(({ kind, note }) => [kind, note])).toEqual([
    ['drop-lines', expect.stringContaining('bytes that are no record')],
    ['mark-lost', expect.stringContaining('record 3;')],
    ['keep-original', expect.any(String)],
    ['rebuild-small', expect.any(String)],
  ]);
  expect(await textsOf(storage, 'one')).toEqual([text(1), text(2), LOST, text(4), text(5), text(6)]);
  expect(verifySession('one', { root })).toEqual([]);
  const kept = readdirSync(file('damaged')).map((name) => readFileSync(file(`damaged/${name}`)));
  expect(kept.some((bytes) => bytes.equals(original))).toBe(true);
  expect(kept.some((bytes) => bytes.includes(bad) && bytes.includes('by":"hand') && !bytes.includes('"n":5'))).toBe(
    true,
  );
  const again = await repairSession('one', { root });
  expect(again.steps).toEqual([]);
});

test('a lost first record is made again from metadata.json', async () => {
  await make(storage, 'one', texts(3));
  write([`[${(linesOf()[0] as string).slice(1).replace('note', 'nope')}`, ...linesOf().slice(1)]);
  const { steps } = await repairSession('one', { root });
  expect(steps.map(({ kind }) => kind)).toContain('rebuild-first');
  const [first, ...rest] = await textsOf(storage, 'one');
  expect(JSON.parse(first as string)).toMatchObject({ type: 'session', model: { name: 'm' } });
  expect(rest).toEqual([text(2), text(3)]);
  expect(verifySession('one', { root })).toEqual([]);
});

test('an empty log, a missing one, and one without any sound first record or metadata open again', async () => {
  const harms = [
    () => writeFileSync(file('messages.json'), ''),
    () => rmSync(file('messages.json')),
    () => {
      const [, ...rest] = linesOf();
      write(['[garbage', ...rest]);
      rmSync(file('metadata.json'));
    },
  ];
  for (const harm of harms) {
    rmSync(join(root, 'one'), { recursive: true, force: true });
    await make(storage, 'one', texts(3));
    harm();
    await repairSession('one', { root });
    expect(verifySession('one', { root })).toEqual([]);
    const lease = await storage.acquire('one', { owner: OWNER, expect: 'existing' });
    await lease.release();
  }
});

const LAYOUTS: Readonly<Record<string, (text: string) => string>> = {
  'indented, without a line break at its end': (text) => JSON.stringify(JSON.parse(text), undefined, 2),
  'indented, with one': (text) => `${JSON.stringify(JSON.parse(text), undefined, '\t')}\n`,
  'on one line': (text) => `${JSON.stringify(JSON.parse(text))}\n`,
  'with other line breaks': (text) => text.replaceAll('\n', '\r\n'),
  'with a byte order mark': (text) => `\ufeff${text}`,
  'with its lines joined': (text) => text.replaceAll('\n', ' '),
};

test.each(Object.entries(LAYOUTS))(
  'a log that another program wrote anew, %s, gets its records back',
  async (name, layout) => {
    // The odd one’s keys come in another order when it is parsed; its line is sound where only the first is spoilt.
    const marked = name.endsWith('mark');
    const lost = marked ? [] : [{ kind: 'sequence', seq: 4 }];
    const odd = '{"type":"note","__proto__":{"x":1},"half":"\\ud800","deep":{"b":1,"2":[],"a":""}}';
    const all = [...texts(3), odd, '{}', text(6)];
    await make(storage, 'one', all);
    const before = await storage.head('one');
    const harmed = layout(readFileSync(file('messages.json'), 'utf8'));
    writeFileSync(file('messages.json'), harmed);
    const [first, ...rest] = verifySession('one', { root });
    if (marked) expect(first, 'one spoilt line is told as it is').toMatchObject({ kind: 'first-line', line: 1 });
    else expect(first).toMatchObject({ kind: 'foreign', line: 1, note: expect.stringContaining('5 records') });
    expect(rest).toMatchObject(lost);
    const dry = await repairSession('one', { root, dryRun: true });
    expect(readFileSync(file('messages.json'), 'utf8')).toBe(harmed);
    const done = await repairSession('one', { root });
    expect(dry).toEqual({ ...done, dryRun: true });
    expect(done.steps.map(({ kind }) => kind)).toEqual([
      ...['restore-layout', ...lost.map(() => 'mark-lost'), 'keep-original', 'rebuild-small'],
    ]);
    expect(await textsOf(storage, 'one')).toEqual(lost.length > 0 ? all.with(3, LOST) : all);
    expect(verifySession('one', { root })).toEqual([]);
    expect(readFileSync(file(`damaged/${readdirSync(file('damaged'))[0]}`), 'utf8')).toBe(harmed);
    expect(await storage.head('one')).toMatchObject({ id: 'one', seq: before?.seq });
  },
);

test('an attachment of other bytes than its name says is told, and put aside', async () => {
  const lease = await storage.acquire('one', { owner: OWNER, expect: 'new' });
  const put = (word: string) =>
    storage.blobs!.put(
      lease,
      (async function* () {
        yield Buffer.from(word);
      })(),
    );
  const [good, bad] = [await put('good'), await put('bad')];
  await append(storage, lease, 0, texts(2));
  await lease.release();
  writeFileSync(file(`blobs/${bad.sha256}`), 'bat');
  expect(verifySession('one', { root })).toEqual([
    { kind: 'checksum', note: expect.stringContaining(`attachment ${bad.sha256}`) },
  ]);
  const { steps } = await repairSession('one', { root });
  expect(steps.map(({ kind }) => kind)).toEqual(['put-aside', 'rebuild-small']);
  expect(verifySession('one', { root })).toEqual([]);
  expect(readdirSync(file('blobs'))).toEqual([good.sha256]);
  expect(readFileSync(file(`damaged/${readdirSync(file('damaged'))[0]}`), 'utf8')).toBe('bat');
  expect(await textsOf(storage, 'one')).toEqual(texts(2));
});

test('a torn tail is put aside; a head that promises more than there is, and lost small files, are derived again', async () => {
  await make(storage, 'one', texts(4));
  writeFileSync(file('messages.json'), `${linesOf().slice(0, 3).join('\n')}\n,{"seq":4,"ty`);
  const { steps } = await repairSession('one', { root });
  expect(steps.map(({ kind }) => kind)).toEqual(['cut-tail', 'rebuild-small']);
  expect(verifySession('one', { root })).toEqual([]);
  expect((await storage.head('one'))?.seq).toBe(3);
  rmSync(file('state.json'));
  rmSync(file('metadata.json'));
  expect((await repairSession('one', { root })).steps.map(({ kind }) => kind)).toEqual(['rebuild-small']);
  expect(JSON.parse(readFileSync(file('metadata.json'), 'utf8'))).toMatchObject({ format: 1, id: 'one' });
  expect(statSync(file('state.json')).size).toBeGreaterThan(0);
});

test('a session in use is not touched, nor one of a newer version, nor a hand-written one', async () => {
  await make(storage, 'one', texts(2));
  write([...linesOf(), ',garbage']);
  const lease = await storage.acquire('one', { owner: OWNER, expect: 'existing' });
  const before = snapshot();
  await expect(repairSession('one', { root })).rejects.toMatchObject({ code: 'SESSION_BUSY' });
  expect(snapshot()).toEqual(before);
  await lease.release();
  writeFileSync(file('metadata.json'), '{"format":99}');
  await expect(repairSession('one', { root })).rejects.toMatchObject({ code: 'FORMAT_TOO_NEW' });
  rmSync(file('metadata.json'));
  writeFileSync(file('messages.json'), '[{"role":"user","content":"by hand"}]');
  expect((await repairSession('one', { root })).steps).toEqual([]);
  expect(readFileSync(file('messages.json'), 'utf8')).toContain('by hand');
  await expect(repairSession('none', { root })).rejects.toMatchObject({ code: 'SESSION_NOT_FOUND' });
});

test('after any damage a repair leaves a sound session with every record that could be read, under its number', async () => {
  await make(storage, 'one', texts(30));
  const whole = linesOf();
  const saved = `${root}-saved`;
  cpSync(root, saved, { recursive: true });
  const place = fc.integer({ min: 0, max: 29 });
  const harm = fc.tuple(place, fc.constantFrom('spoil', 'double', 'foreign', 'remove', 'nul', 'cut'), place);
  await fc.assert(
    fc.asyncProperty(fc.array(harm, { minLength: 1, maxLength: 5 }), async (harms) => {
      rmSync(root, { recursive: true, force: true });
      cpSync(saved, root, { recursive: true });
      const all: string[][] = whole.map((line) => [line]);
      for (const [at, how, other] of harms) {
        const line = whole[at] as string;
        if (how === 'spoil') all[at] = [`${line[0]}${line.slice(1).replace('note', 'nope')}`];
        if (how === 'double') all[at] = [line, `,${(whole[other] as string).slice(1)}`];
        if (how === 'foreign') all[at] = [line, 'by hand'];
        if (how === 'remove') all[at] = [];
        if (how === 'nul') all[at] = ['\0'.repeat(40)];
        if (how === 'cut') all[at] = [line.slice(0, 12)];
      }
      write(all.flat());
      const before = await salvage(storage, 'one');
      const readable = new Map<number, string>();
      try {
        for await (const page of storage.read('one')) for (const { seq, json } of page) readable.set(seq, json);
      } catch {
        // What could be read was given before.
      }
      await repairSession('one', { root });
      expect(verifySession('one', { root })).toEqual([]);
      const after = await textsOf(storage, 'one');
      for (const seq of before.seqs) expect(after[seq - 1]).toBe(readable.get(seq));
      expect((await fsStorage({ root }).head('one'))?.seq).toBe(after.length);
      // A copy of a lost record that stands elsewhere may bring it back; nothing else is ever in its place.
      const kept = [...after.entries()].filter(([, json]) => !json.includes('"lost"') && !json.includes('"session"'));
      expect(kept.length).toBeGreaterThanOrEqual(before.seqs.length);
      for (const [at, json] of kept) expect(json).toBe(text(at + 1));
    }),
    { numRuns: 40 },
  );
  rmSync(saved, { recursive: true });
}, 60_000);

test('the head after a repair is the fold of what is left', async () => {
  const session = { type: 'session', format: 1, at: '2026-04-30T00:00:00.000Z', model: { requested: 'm', name: 'm' } };
  const first = JSON.stringify({ ...session, system: [], tools: [], named: true, settings: {} });
  const say = (n: number): string =>
    JSON.stringify({ type: 'message', id: `m${n}`, role: 'user', content: `say ${n}`, timestamp: session.at });
  await make(storage, 'one', [first, say(1), say(2), say(3)]);
  const lines = linesOf();
  write([...lines.slice(0, 2), (lines[2] as string).replace('say 2', 'say 9'), lines[3] as string]);
  await repairSession('one', { root });
  expect(await storage.head('one')).toMatchObject({ seq: 4, messageCount: 2, title: 'say 1' });
});
