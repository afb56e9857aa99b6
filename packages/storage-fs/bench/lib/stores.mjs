import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createSessions } from '@reprise/core';
import { fsStorage } from '@reprise/storage-fs';

const TIME = '2026-01-02T03:04:05.006Z';
const WINDOW = 100;
const ALL = 100_000;

export function headOf(id, seq, more = {}) {
  const tokenUsage = { input: 0, output: 0, total: 0 };
  const state = { id, model: 'demo/offline', createdAt: TIME, lastMessage: TIME, messageCount: seq, tokenUsage };
  return { ...state, tools: [], status: 'idle', seq, checkpoint: 0, ...more };
}

/** A message of about 1 kB. */
export function messageText(n) {
  const content = `message ${n} ${'lorem ipsum dolor sit amet '.repeat(33)}`;
  const common = { id: `m${n}`, content, timestamp: TIME };
  if (n % 2 === 1) return JSON.stringify({ type: 'message', role: 'user', ...common });
  return JSON.stringify({ type: 'step', role: 'assistant', ...common, finishReason: 'stop' });
}

function firstText() {
  const model = { requested: 'demo/offline', name: 'demo/offline' };
  return JSON.stringify({
    type: 'session',
    format: 1,
    at: TIME,
    model,
    system: [],
    tools: [],
    named: true,
    settings: {},
  });
}

async function session(root, id, from, to) {
  const storage = fsStorage({ root });
  const lease = await storage.acquire(id, { owner: { name: 'bench' }, expect: 'new' });
  const records = [firstText()];
  for (let n = from; n <= to; n += 1) records.push(messageText(n));
  for (let at = 0; at < records.length; at += 1000) {
    const some = records.slice(at, at + 1000);
    await storage.append(lease, { expected: at, records: some, head: headOf(id, at + some.length) });
  }
  await lease.release();
  await storage.close();
}

/** Forgets all but the last messages, so that core writes its boundary and its checkpoint. */
async function clear(root, id) {
  const sessions = createSessions({ storage: fsStorage({ root }), models: { resolve: async () => undefined } });
  const open = await sessions.load(id);
  await open.clearHistory({ keepLast: WINDOW });
  await sessions.close();
}

/** A session of the large one's last messages, of which the last 100 are in the window too. */
export async function smallSession(root, id) {
  await session(root, id, ALL - WINDOW - 1, ALL);
  await clear(root, id);
}

/** A session of 100,000 messages in about 100 MB, of which the last 100 are in the window; its log. */
export async function largeSession(root, id) {
  await session(root, id, 1, ALL);
  await clear(root, id);
  return join(root, id, 'messages.json');
}

/** A store of `count` sessions of 20 messages: one is made, the others are copies of its files under other ids and times. */
export async function manySessions(root, count) {
  await session(root, 'first', 1, 20);
  const log = readFileSync(join(root, 'first', 'messages.json'));
  for (let n = 0; n < count; n += 1) {
    const id = `s${n}`;
    const head = headOf(id, 21, { lastMessage: new Date(Date.UTC(2026, 0, 1) + n * 1000).toISOString() });
    mkdirSync(join(root, id), { mode: 0o700 });
    writeFileSync(join(root, id, 'messages.json'), log, { mode: 0o600 });
    writeFileSync(join(root, id, 'state.json'), JSON.stringify(head), { mode: 0o600 });
    writeFileSync(
      join(root, id, 'metadata.json'),
      JSON.stringify({ format: 1, id, model: head.model, createdAt: TIME }),
      { mode: 0o600 },
    );
  }
}

/** What this process has handed to write calls so far; `undefined` where the system doesn't say. */
export function bytesWritten() {
  if (!existsSync('/proc/self/io')) return undefined;
  return Number(/wchar: (\d+)/.exec(readFileSync('/proc/self/io', 'utf8'))?.[1]);
}

/** The most memory that a process of its own holds while it does `work`, one call of the functions below, in MB. */
export function peakMemory(work) {
  const script = `
    import { createSessions } from '@reprise/core';
    import { fsStorage } from '@reprise/storage-fs';
    const owner = { name: 'bench' };
    const load = async (root, id) => {
      const sessions = createSessions({ storage: fsStorage({ root }), models: { resolve: async () => undefined } });
      await (await sessions.load(id)).getMessages();
      await sessions.close();
    };
    const append = async (root, id) => {
      const storage = fsStorage({ root });
      const lease = await storage.acquire(id, { owner, expect: 'existing' });
      const head = { ...lease.head, seq: lease.head.seq + 1 };
      await storage.append(lease, { expected: lease.head.seq, records: ['{"type":"note"}'], head });
      await storage.close();
    };
    const fork = async (root, id) => {
      const storage = fsStorage({ root });
      const from = await storage.head(id);
      const to = await storage.acquire('fork', { owner, expect: 'new' });
      await storage.copy({ id, through: from.seq }, to, { ...from, id: 'fork' });
      await storage.remove(to);
      await storage.close();
    };
    const list = async (root) => {
      const storage = fsStorage({ root });
      await storage.list();
      await storage.close();
    };
    await ${work || 'undefined'};
    console.log(process.resourceUsage().maxRSS / 1024);`;
  const options = { cwd: dirname(import.meta.dirname), encoding: 'utf8' };
  return Number(execFileSync(process.execPath, ['--no-warnings', '--input-type=module', '-e', script], options));
}
