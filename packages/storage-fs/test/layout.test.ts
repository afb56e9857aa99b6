import { mkdirSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { fsStorage, rootOf } from '../src/index.ts';
import { heldSyncs } from './faulty.ts';
import { append, headOf, make, OWNER, text, textsOf } from './moves.ts';
import { temporaryStorage } from './temporary.ts';

let made: ReturnType<typeof temporaryStorage>;
beforeEach(() => (made = temporaryStorage()));
afterEach(async () => {
  await made.storage.close();
  made.cleanup();
});

const file = (name: string): string => join(made.root, 'one', name);

test('messages.json is valid JSON after every append, and what was acknowledged never changes', async () => {
  const { storage } = made;
  const lease = await storage.acquire('one', { owner: OWNER, expect: 'new' });
  let before = '';
  for (let seq = 0; seq < 30; seq += 1) {
    await append(storage, lease, seq, [text(seq + 1, (seq * 997) % 9000)]);
    const now = readFileSync(file('messages.json'), 'utf8');
    const records = JSON.parse(now) as { seq: number; n: number }[];
    expect(records.map((each) => [each.seq, each.n])).toEqual(records.map((_, at) => [at + 1, at + 1]));
    expect(records.length).toBe(seq + 1);
    const acknowledged = before.slice(0, -']\n'.length);
    expect(now.startsWith(acknowledged)).toBe(true);
    before = now;
  }
});

test('one record a line, with its seq in front and a checksum of its bytes behind, which says whether the batch goes on', async () => {
  await make(made.storage, 'one', ['{"type":"session","format":1}', '{}', '{ }']);
  expect(readFileSync(file('messages.json'), 'utf8').split('\n')).toEqual([
    expect.stringMatching(/^\[\{"seq":1,"type":"session","format":1,"and":"[0-9a-f]{8}"\}$/),
    expect.stringMatching(/^,\{"seq":2,"and":"[0-9a-f]{8}"\}$/),
    expect.stringMatching(/^,\{"seq":3 ,"sum":"[0-9a-f]{8}"\}$/),
    ']',
    '',
  ]);
});

test('metadata.json names the format, state.json is the state with its position', async () => {
  const { storage } = made;
  const lease = await storage.acquire('one', { owner: OWNER, expect: 'new' });
  const head = headOf('one', 1, { title: 'T', cwd: '/w', tags: ['x'], parent: { id: 'p', seq: 3 }, messageCount: 1 });
  await storage.append(lease, { expected: 0, records: [text(1)], head });
  expect(JSON.parse(readFileSync(file('metadata.json'), 'utf8'))).toEqual({
    ...{ format: 1, id: 'one', model: 'm', createdAt: head.createdAt },
    ...{ title: 'T', cwd: '/w', tags: ['x'], parent: { id: 'p', seq: 3 } },
  });
  expect(JSON.parse(readFileSync(file('state.json'), 'utf8'))).toEqual({
    ...head,
    sum: expect.stringMatching(/^[0-9a-f]{8}$/),
  });
});

test('folders are 0700 and files 0600, whatever the umask', async () => {
  for (const umask of [0o000, 0o022, 0o177, 0o277]) {
    const { storage, root, cleanup } = temporaryStorage();
    const old = process.umask(umask);
    try {
      const lease = await storage.acquire('one', { owner: OWNER, expect: 'new' });
      await append(storage, lease, 0, [text(1)]);
      await storage.draft?.add(lease, { step: 's', attempt: 1, offset: 0, json: '{}' });
      await storage.inbox?.put('one', { key: 'k', json: '{}' });
      await storage.blobs?.put(
        lease,
        (async function* () {
          yield new Uint8Array(3);
        })(),
      );
      const to = await storage.acquire('two', { owner: OWNER, expect: 'new' });
      await storage.copy?.({ id: 'one', through: 1 }, to, headOf('two', 1));
    } finally {
      process.umask(old);
    }
    const seen = readdirSync(join(root, '..'), { recursive: true, withFileTypes: true });
    expect(seen.length).toBeGreaterThan(12);
    for (const entry of seen) {
      const mode = statSync(join(entry.parentPath, entry.name)).mode & 0o777;
      expect([entry.name, mode.toString(8)]).toEqual([entry.name, entry.isDirectory() ? '700' : '600']);
    }
    await storage.close();
    cleanup();
  }
});

test('nothing is made before the first session, and an unused lease leaves no folder', async () => {
  const { storage, root } = made;
  expect(await storage.list()).toEqual({ items: [] });
  expect(await storage.head('one')).toBeUndefined();
  await expect(storage.acquire('one', { owner: OWNER, expect: 'existing' })).rejects.toMatchObject({
    code: 'SESSION_NOT_FOUND',
  });
  expect(() => statSync(root)).toThrow('ENOENT');
  await (await storage.acquire('one', { owner: OWNER, expect: 'new' })).release();
  expect(readdirSync(root)).toEqual([]);
  mkdirSync(join(root, 'empty'), { mode: 0o700 });
  await expect(storage.acquire('empty', { owner: OWNER, expect: 'existing' })).rejects.toMatchObject({
    code: 'SESSION_NOT_FOUND',
  });
  expect(readdirSync(join(root, 'empty')), 'nor a lock in a folder that is no session').toEqual([]);
});

test('the root is the option, else REPRISE_HOME/sessions, else ~/.opencode/sessions', () => {
  expect(rootOf({ root: '/a/b', env: { REPRISE_HOME: '/r' } })).toBe('/a/b');
  expect(rootOf({ env: { REPRISE_HOME: '/r', HOME: '/h' } })).toBe('/r/sessions');
  expect(rootOf({ env: { HOME: '/h' } })).toBe('/h/.opencode/sessions');
});

test('the head is rebuilt where state.json is lost or damaged, without a write', async () => {
  const { storage, root } = made;
  const session = { type: 'session', format: 1, at: '2026-04-30T00:00:00.000Z', model: { requested: 'm', name: 'm' } };
  const first = JSON.stringify({ ...session, system: [], tools: [], named: true, settings: {} });
  const message = (role: string, timestamp: string): string =>
    JSON.stringify({ type: role === 'user' ? 'message' : 'step', id: timestamp, role, content: 'hi', timestamp });
  await make(storage, 'one', [first, message('user', '2026-05-01T00:00:00.000Z'), text(3)]);
  const lease = await storage.acquire('one', { owner: OWNER, expect: 'existing' });
  await append(storage, lease, 3, [message('assistant', '2026-05-02T00:00:00.000Z')]);
  await lease.release();
  const { rmSync, writeFileSync } = await import('node:fs');
  const expected = { seq: 4, messageCount: 2, lastMessage: '2026-05-02T00:00:00.000Z', model: 'm', checkpoint: 0 };
  for (const damage of [() => rmSync(file('state.json')), () => writeFileSync(file('state.json'), '{"id":"one","se')]) {
    damage();
    const before = readdirSync(join(root, 'one'));
    expect(await storage.head('one')).toMatchObject(expected);
    expect((await storage.list()).items).toMatchObject([expected]);
    expect(readdirSync(join(root, 'one'))).toEqual(before);
  }
  rmSync(file('metadata.json'));
  expect(await storage.head('one')).toMatchObject({ seq: 4, messageCount: 2 });
  const again = await storage.acquire('one', { owner: OWNER, expect: 'existing' });
  expect(again.head).toMatchObject({ seq: 4, messageCount: 2 });
  await again.release();
  expect(JSON.parse(readFileSync(file('state.json'), 'utf8'))).toMatchObject({ seq: 4, messageCount: 2 });
  expect(JSON.parse(readFileSync(file('metadata.json'), 'utf8'))).toMatchObject({ format: 1, id: 'one' });
});

test('epochs grow also where the holder file is lost, with a clock that was set back', async () => {
  const { storage } = made;
  await make(storage, 'one', [text(1)]);
  const { now } = Date;
  let last = 0;
  try {
    for (const hours of [0, -1000, -1]) {
      // More than a tick of the file system's clock: that of the last append may stand in.
      await new Promise((resolve) => setTimeout(resolve, 20));
      rmSync(file('holder'));
      // More leases than milliseconds.
      for (let time = 0; time < 100; time += 1) {
        Date.now = () => now() + hours * 3_600_000;
        const lease = await storage.acquire('one', { owner: OWNER, expect: 'existing' });
        expect(lease.epoch).toBeGreaterThan(last);
        last = lease.epoch;
        if (time === 0) await append(storage, lease, lease.head?.seq ?? 0, [text(2)]);
        await lease.release();
      }
    }
  } finally {
    Date.now = now;
  }
});

test('a removed session is out of sight at once; a half-made one blocks nobody and is not listed', async () => {
  const { storage, root } = made;
  await make(storage, 'one', [text(1)]);
  await storage.remove(await storage.acquire('one', { owner: OWNER, expect: 'existing' }));
  expect(readdirSync(root)).toEqual([]);
  const { writeFileSync } = await import('node:fs');
  for (const torn of ['', '[{"seq":1,"type":"sess', '[{"seq":1,"type":"session","sum":"00000000"}\n]\n']) {
    mkdirSync(join(root, 'half'), { mode: 0o700 });
    writeFileSync(join(root, 'half', 'messages.json'), torn);
    writeFileSync(join(root, 'half', '.tmp-1-1'), '{');
    const again = fsStorage({ root });
    expect(await again.list()).toEqual({ items: [] });
    expect(await again.head('half')).toBeUndefined();
    await expect(textsOf(again, 'half')).rejects.toMatchObject({ code: 'SESSION_NOT_FOUND' });
    await make(again, 'half', [text(7)]);
    expect(await textsOf(again, 'half')).toEqual([text(7)]);
    await again.remove(await again.acquire('half', { owner: OWNER, expect: 'existing' }));
  }
});

test.skipIf(process.platform !== 'linux')(
  'nothing stays open: not after a release, nor after a reader that stopped (needs /proc)',
  async () => {
    const { storage } = made;
    await make(storage, 'one', [text(1), text(2)]);
    const use = async (time: number): Promise<void> => {
      const lease = await storage.acquire('one', { owner: OWNER, expect: 'existing' });
      await storage.draft?.add(lease, { step: `s${time}`, attempt: 1, offset: 0, json: '{}' });
      await expect(storage.acquire('one', { owner: OWNER, expect: 'existing' })).rejects.toThrow('in use');
      await expect(storage.acquire('one', { owner: OWNER, expect: 'new' })).rejects.toThrow('exists');
      await lease.release();
      for await (const page of storage.read('one')) if (page.length > 0) break;
      const stop = new AbortController();
      for await (const _ of storage.watch?.('one', stop.signal) ?? []) stop.abort();
      await storage.head('one');
      await storage.list();
    };
    // The first watcher of a process opens the one descriptor that all of them share.
    await use(0);
    const open = (): number => readdirSync('/proc/self/fd').length;
    const before = open();
    for (let time = 1; time < 5; time += 1) await use(time);
    expect(open()).toBe(before);
  },
);

test('the holder file says who holds the lease last, whatever longer name stood there, and counts on', async () => {
  const { storage } = made;
  await make(storage, 'one', [text(1)]);
  const first = JSON.parse(readFileSync(file('holder'), 'utf8')).epoch;
  for (const [at, name] of ['a long name of one who came before', 'b', 'Ünïcödé', 'c'].entries()) {
    const lease = await storage.acquire('one', { owner: { name }, expect: 'existing' });
    expect(JSON.parse(readFileSync(file('holder'), 'utf8'))).toMatchObject({ epoch: first + at + 1, owner: { name } });
    expect(lease.epoch).toBe(first + at + 1);
    const busy = storage.acquire('one', { owner: OWNER, expect: 'existing' });
    await expect(busy).rejects.toMatchObject({ code: 'SESSION_BUSY', details: { holder: { name } } });
    await lease.release();
  }
});

test('temporary files that a killed process of the same number left are in nobody’s way', async () => {
  const { storage, root } = made;
  await make(storage, 'one', [text(1)]);
  const { writeFileSync } = await import('node:fs');
  for (let n = 0; n < 2000; n += 1) writeFileSync(join(root, 'one', `.tmp-${process.pid}-${n}`), 'left');
  const lease = await storage.acquire('one', { owner: OWNER, expect: 'existing' });
  await append(storage, lease, 1, [text(2)]);
  await lease.release();
  expect(JSON.parse(readFileSync(file('state.json'), 'utf8'))).toMatchObject({ seq: 2 });
});

test('state.json is written over in its place; one that is half another, shared, open to others or of another length is not', async () => {
  const { storage } = made;
  await make(storage, 'one', [text(1)]);
  const { linkSync, chmodSync, writeFileSync } = await import('node:fs');
  const path = file('state.json');
  const read = (): string => readFileSync(path, 'utf8');
  const add = async (title: string): Promise<number> => {
    const lease = await storage.acquire('one', { owner: OWNER, expect: 'existing' });
    const seq = (lease.head?.seq ?? 0) + 1;
    await storage.append(lease, { expected: seq - 1, records: [text(seq)], head: headOf('one', seq, { title }) });
    await lease.release();
    expect(await storage.head('one')).toEqual(headOf('one', seq, { title }));
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(statSync(path).size % 256).toBe(0);
    return statSync(path).ino;
  };
  const first = await add('a');
  expect(await add('b')).toBe(first);
  const before = read();
  linkSync(path, `${path}.backup`);
  const second = await add('c');
  expect(second).not.toBe(first);
  expect(readFileSync(`${path}.backup`, 'utf8')).toBe(before);
  rmSync(`${path}.backup`);
  chmodSync(path, 0o644);
  expect(await add('d')).not.toBe(second);
  const third = statSync(path).ino;
  expect(await add('x'.repeat(300))).not.toBe(third);
  // A reader in the middle of a write, and a power cut in it: the first half of one text and the rest of another.
  const old = read();
  await add('y'.repeat(300));
  const fresh = read();
  expect(fresh).toHaveLength(old.length);
  for (let at = 1; at < old.length; at += 1) {
    const mixed = `${old.slice(0, at)}${fresh.slice(at)}`;
    if (mixed === fresh || mixed === old) continue;
    writeFileSync(path, mixed);
    expect(await storage.head('one'), `mixed at ${at}`).toMatchObject({ seq: 7, title: 'y'.repeat(300) });
  }
});

test('a state.json that could not be written over is replaced', async () => {
  const { storage } = made;
  await make(storage, 'one', [text(1)]);
  const lease = await storage.acquire('one', { owner: OWNER, expect: 'existing' });
  await append(storage, lease, 1, [text(2)]);
  const before = statSync(file('state.json')).ino;
  const syncs = heldSyncs();
  try {
    const released = lease.release();
    await expect.poll(() => syncs.waiting()).toBe(1);
    syncs.stop();
    syncs.letGo('EIO');
    await released;
  } finally {
    syncs.undo();
  }
  expect(statSync(file('state.json')).ino).not.toBe(before);
  expect(JSON.parse(readFileSync(file('state.json'), 'utf8'))).toMatchObject({ seq: 2 });
});
