import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { verifySession } from '../src/index.ts';
import { append, headOf, OWNER, salvage, text, textsOf } from './moves.ts';
import { temporaryStorage } from './temporary.ts';

const MESSAGES = [
  { role: 'user', content: 'List the files', timestamp: '2025-01-01T00:00:00.000Z' },
  {
    ...{ role: 'assistant', content: 'Here:', timestamp: '2025-01-01T00:00:01.000Z' },
    toolCalls: [{ id: 'c1', tool: 'bash', params: { command: 'ls' } }],
    toolResults: [{ id: 'c1', result: 'a.txt' }],
  },
];

let made: ReturnType<typeof temporaryStorage>;
beforeEach(() => {
  made = temporaryStorage();
  mkdirSync(join(made.root, 'old'), { recursive: true, mode: 0o700 });
});
afterEach(async () => {
  await made.storage.close();
  made.cleanup();
});

function write(messages: string, metadata?: object): string {
  const path = join(made.root, 'old', 'messages.json');
  writeFileSync(path, messages);
  if (metadata) writeFileSync(join(made.root, 'old', 'metadata.json'), JSON.stringify(metadata));
  return path;
}

test('a plain array of the spec’s messages reads as a session, in any layout, without a write', async () => {
  for (const space of [0, 2]) {
    const path = write(JSON.stringify(MESSAGES, undefined, space), {
      model: 'anthropic/x',
      createdAt: '2025-01-01T00:00:00.000Z',
    });
    const before = readFileSync(path);
    const records = (await textsOf(made.storage, 'old')).map((json) => JSON.parse(json) as object);
    expect(records).toMatchObject([
      { type: 'session', format: 1, model: { name: 'anthropic/x' } },
      { type: 'message', id: 'plain-1', role: 'user', content: 'List the files' },
      { type: 'step', id: 'plain-2', role: 'assistant', toolCalls: [{ id: 'c1' }], finishReason: 'tool-calls' },
      { type: 'result', call: 'c1', tool: 'bash', result: 'a.txt' },
    ]);
    expect((await salvage(made.storage, 'old', { after: 1, before: 4, reverse: true })).seqs).toEqual([3, 2]);
    const head = { model: 'anthropic/x', messageCount: 2, seq: 4, lastMessage: '2025-01-01T00:00:01.000Z' };
    expect(await made.storage.head('old')).toMatchObject(head);
    expect((await made.storage.list()).items).toMatchObject([head]);
    expect(verifySession('old', { root: made.root })).toEqual([]);
    expect(readFileSync(path).equals(before)).toBe(true);
  }
});

test('its first writer makes it one of ours in one step and keeps the original', async () => {
  const path = write(JSON.stringify(MESSAGES));
  const before = await textsOf(made.storage, 'old');
  const fork = await made.storage.acquire('fork', { owner: OWNER, expect: 'new' });
  await made.storage.copy?.({ id: 'old', through: 2 }, fork, headOf('fork', 2));
  expect(await textsOf(made.storage, 'fork')).toEqual(before.slice(0, 2));

  const lease = await made.storage.acquire('old', { owner: OWNER, expect: 'existing' });
  expect(lease.head?.seq).toBe(4);
  await append(made.storage, lease, 4, [text(5)]);
  await lease.release();
  expect(await textsOf(made.storage, 'old')).toEqual([...before, text(5)]);
  expect(JSON.parse(readFileSync(path, 'utf8'))).toHaveLength(5);
  expect(JSON.parse(readFileSync(join(made.root, 'old', 'messages.original.json'), 'utf8'))).toEqual(MESSAGES);
  expect(verifySession('old', { root: made.root })).toEqual([]);
});

test('one line with a checksum, or a named format, and it is a damaged log of ours instead', async () => {
  write(JSON.stringify(MESSAGES), { format: 1, model: 'm' });
  expect((await salvage(made.storage, 'old')).damage).toMatchObject([{ kind: 'empty' }]);
  write(`${JSON.stringify(MESSAGES).slice(0, -1)}\n,{"seq":9,"sum":"00000000"}\n]\n`, { model: 'm' });
  expect((await salvage(made.storage, 'old')).damage.length).toBeGreaterThan(0);
  expect(verifySession('old', { root: made.root }).length).toBeGreaterThan(0);
});
