import { readFileSync, writeFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { verifySession } from '../src/index.ts';
import { append, make, OWNER, salvage, text, textsOf } from './moves.ts';
import { temporaryStorage } from './temporary.ts';

let made: ReturnType<typeof temporaryStorage>;
beforeEach(() => (made = temporaryStorage()));
afterEach(async () => {
  await made.storage.close();
  made.cleanup();
  expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  expect(Object.keys(Object.prototype)).toEqual([]);
});

const POLLUTING = '{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}},"toJSON":1}';
const file = (name: string, id = 'one'): string => join(made.root, id, name);

test('a record of 64 MiB, one nested 100,000 deep and keys of the prototype come back byte for byte', async () => {
  const records = [
    text(1, 64 << 20),
    `{"deep":${'['.repeat(100_000)}${']'.repeat(100_000)}}`,
    POLLUTING,
    '{"half":"\\ud800","nul":"\\u0000"}',
  ];
  await make(made.storage, 'one', records);
  const stored = await textsOf(made.storage, 'one');
  expect(stored.map((json, at) => json === records[at])).toEqual([true, true, true, true]);
  expect(verifySession('one', { root: made.root })).toEqual([]);
});

test('invalid UTF-8 is damage where it stands in the log, and never becomes another text', async () => {
  await make(made.storage, 'one', [text(1), '{"type":"note","text":"caf\u00e9"}', text(3)]);
  const bytes = readFileSync(file('messages.json'));
  // The second byte of the é becomes a beginning without an end.
  bytes[bytes.indexOf(0xa9)] = 0xff;
  writeFileSync(file('messages.json'), bytes);
  expect(await salvage(made.storage, 'one')).toMatchObject({ seqs: [1, 3], damage: [{ kind: 'checksum', seq: 2 }] });
  expect(verifySession('one', { root: made.root })).toMatchObject([{ line: 2, seq: 2 }]);
});

test.each([
  ['invalid UTF-8', Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x3a, 0x31, 0x7d])],
  ['keys of the prototype', Buffer.from(POLLUTING)],
  ['something nested', Buffer.from('['.repeat(200_000))],
  ['nothing', Buffer.alloc(0)],
  ['zeros', Buffer.alloc(5000)],
])('small files that hold %s are as good as lost: the session opens from its log', async (_name, bytes) => {
  const { storage } = made;
  await make(storage, 'one', [text(1), text(2)]);
  for (const name of ['state.json', 'metadata.json', 'draft', 'holder']) writeFileSync(file(name), bytes);
  expect(await storage.head('one')).toMatchObject({ id: 'one', seq: 2 });
  expect((await storage.list()).items).toMatchObject([{ id: 'one', seq: 2 }]);
  expect(await storage.draft?.read('one')).toEqual([]);
  const lease = await storage.acquire('one', { owner: OWNER, expect: 'existing' });
  await append(storage, lease, 2, [text(3)]);
  await storage.draft?.add(lease, { step: 's', attempt: 1, offset: 0, json: '{}' });
  await lease.release();
  expect(await storage.draft?.read('one')).toHaveLength(1);
  expect(JSON.parse(readFileSync(file('state.json'), 'utf8'))).toMatchObject({ seq: 3 });
  expect(verifySession('one', { root: made.root })).toEqual([]);
});

test('a hand-written session keeps hostile arguments and results as they are', async () => {
  mkdirSync(join(made.root, 'old'), { recursive: true, mode: 0o700 });
  const call = `{"id":"c","tool":"x","params":${POLLUTING}}`;
  const said = `{"role":"assistant","content":"\\ud800","toolCalls":[${call}],"toolResults":[{"id":"c","result":${POLLUTING}}]}`;
  writeFileSync(file('messages.json', 'old'), `[{"role":"user","content":"go"},${said}]`);
  const [, , step, result] = await textsOf(made.storage, 'old');
  expect(step).toContain(POLLUTING);
  expect(result).toContain(POLLUTING);
  const deep = `{"role":"assistant","content":"x","toolCalls":[{"id":"c","tool":"x","params":{"x":${'['.repeat(50_000)}${']'.repeat(50_000)}}}]}`;
  writeFileSync(file('messages.json', 'old'), `[{"role":"user","content":"go"},${deep}]`);
  await expect(textsOf(made.storage, 'old')).rejects.toMatchObject({ code: expect.stringMatching(/^S/) });
});
