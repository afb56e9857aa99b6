/**
 * What storing costs as a session and a store grow: everything is measured beside the same thing done small, or beside the plain file
 * operation, in one run. The contestants of a group take turns, so that a slow moment of the machine hits all of them.
 */
import { execFileSync } from 'node:child_process';
import { copyFileSync, lstatSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createSessions } from '@reprise/core';
import { fsStorage } from '@reprise/storage-fs';
import {
  bytesWritten,
  headOf,
  largeSession,
  manySessions,
  messageText,
  peakMemory,
  smallSession,
} from './lib/stores.mjs';

const OWNER = { name: 'bench' };

/** A row from what was measured in each round. */
function row(group, name, unit, values, baseline = false) {
  const sorted = [...values].sort((a, b) => a - b);
  const median = sorted[Math.floor(sorted.length / 2)];
  return { group, name, unit, median, min: sorted[0], max: sorted.at(-1), ...(baseline && { baseline }) };
}

async function timed(work) {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

/** Calls every contestant in turn, `rounds` times, after one round that doesn't count. */
async function inTurn(rounds, contestants) {
  const times = contestants.map(() => []);
  for (let round = -1; round < rounds; round += 1) {
    for (const [at, work] of contestants.entries()) {
      const time = await timed(() => work(round));
      if (round >= 0) times[at].push(time);
    }
  }
  return times;
}

/** Appends of one message to sessions of different lengths, record by record in turn. */
async function appends(root) {
  const storage = fsStorage({ root });
  const tips = { 10: 9, 1000: 999, 100_000: 99_999 };
  const open = {};
  for (const [name, tip] of Object.entries(tips)) {
    const lease = await storage.acquire(`at-${name}`, { owner: OWNER, expect: 'new' });
    for (let seq = 0; seq < tip; seq += 1000) {
      const records = Array.from({ length: Math.min(1000, tip - seq) }, (_, at) => messageText(seq + at + 1));
      await storage.append(lease, { expected: seq, records, head: headOf(lease.id, seq + records.length) });
    }
    open[name] = { lease, tip };
  }
  const rounds = 15;
  const each = 40;
  const times = Object.fromEntries(Object.keys(tips).map((name) => [name, []]));
  const bytes = Object.fromEntries(Object.keys(tips).map((name) => [name, []]));
  for (let round = -3; round < rounds; round += 1) {
    const one = Object.fromEntries(Object.keys(tips).map((name) => [name, []]));
    for (let n = 0; n < each; n += 1) {
      // The order changes, so that none is always the one after a slow neighbour.
      const names = Object.keys(tips);
      for (let at = 0; at < names.length; at += 1) {
        const name = names[(at + n) % names.length];
        const { lease, tip } = open[name];
        const batch = { expected: tip, records: [messageText(7)], head: headOf(lease.id, tip + 1) };
        const before = bytesWritten();
        one[name].push(await timed(() => storage.append(lease, batch)));
        if (before !== undefined) bytes[name].push(bytesWritten() - before);
        open[name].tip += 1;
      }
    }
    if (round < 0) continue;
    for (const [name, list] of Object.entries(one)) times[name].push(list.sort((a, b) => a - b)[each >> 1] * 1000);
  }
  const turns = Object.fromEntries(Object.keys(tips).map((name) => [name, []]));
  for (const name of Object.keys(tips)) {
    await open[name].lease.release();
    for (let turn = 0; turn < 5 && bytesWritten() !== undefined; turn += 1) {
      const before = bytesWritten();
      const lease = await storage.acquire(`at-${name}`, { owner: OWNER, expect: 'existing' });
      const tip = lease.head.seq;
      for (let n = 0; n < 4; n += 1) {
        const head = headOf(lease.id, tip + n + 1);
        await storage.append(lease, { expected: tip + n, records: [messageText(n)], head });
      }
      await lease.release();
      turns[name].push(bytesWritten() - before);
    }
  }
  await storage.close();
  const rows = [];
  for (const name of Object.keys(tips))
    rows.push(row('append a message', `at message ${name}`, 'µs', times[name], name === '10'));
  for (const name of Object.keys(tips)) {
    if (bytes[name].length > 0)
      rows.push(row('bytes written for a message of 1 kB', `at message ${name}`, 'B', bytes[name], name === '10'));
  }
  for (const name of Object.keys(tips)) {
    if (turns[name].length > 0)
      rows.push(row('bytes written for a turn of 4 records', `at message ${name}`, 'B', turns[name], name === '10'));
  }
  return rows;
}

/** Resuming 100 MB against 100 messages, when both windows hold the same messages; and against reading the file. */
async function resumes(root) {
  await smallSession(root, 'small');
  const path = await largeSession(root, 'large');
  const load = (id) => async () => {
    const sessions = createSessions({ storage: fsStorage({ root }), models: { resolve: async () => undefined } });
    const messages = await (await sessions.load(id)).getMessages();
    if (messages.length !== 100) throw new Error(`${messages.length} messages in the window`);
    await sessions.close();
  };
  const [small, large] = await inTurn(25, [load('small'), load('large')]);
  // By itself: whoever comes next would pay for the 100 MB of garbage.
  const [read] = await inTurn(5, [() => readFileSync(path)]);
  return [
    row('resume', '100 messages', 'ms', small, true),
    row('resume', `100,000 messages, ${Math.round(statSync(path).size / 1e6)} MB, the same window`, 'ms', large),
    row('resume', 'readFile of the 100,000 messages', 'ms', read),
  ];
}

async function forks(root) {
  const source = join(root, 'large', 'messages.json');
  const through = (await fsStorage({ root }).head('large')).seq;
  const fork = async (cut, round) => {
    const storage = fsStorage({ root });
    const id = `fork-${cut}-${round + 1}`;
    const to = await storage.acquire(id, { owner: OWNER, expect: 'new' });
    await storage.copy({ id: 'large', through: through - cut }, to, headOf(id, through - cut));
    await storage.close();
    return id;
  };
  const target = join(root, 'copied');
  const [cp, synced, whole, part] = await inTurn(3, [
    () => copyFileSync(source, target),
    () => {
      copyFileSync(source, target);
      execFileSync('sync', [target]);
    },
    (round) => fork(0, round),
    (round) => fork(5, round),
  ]);
  const rows = [
    row('fork 100 MB', 'cp', 'ms', cp),
    row('fork 100 MB', 'cp and sync', 'ms', synced, true),
    row('fork 100 MB', 'fork of all', 'ms', whole),
    row('fork 100 MB', 'fork before the last message', 'ms', part),
  ];
  for (const name of readdirSync(root))
    if (name.startsWith('fork-') || name === 'copied') rmSync(join(root, name), { recursive: true });
  return rows;
}

async function lists(root) {
  await manySessions(root, 10_000);
  const withIndex = fsStorage({ root });
  const built = await timed(() => withIndex.list());
  const searched = await timed(() => withIndex.search('heliotrope'));
  const stats = () => {
    for (const name of readdirSync(root)) if (!name.startsWith('.')) lstatSync(join(root, name, 'state.json'));
  };
  const [stat, listed, searches] = await inTurn(7, [
    stats,
    () => withIndex.list(),
    () => withIndex.search('heliotrope'),
  ]);
  await withIndex.close();
  rmSync(join(root, '.index'));
  mkdirSync(join(root, '.index'));
  const plain = fsStorage({ root });
  const [unindexed] = await inTurn(3, [() => plain.list()]);
  rmSync(join(root, '.index'), { recursive: true });
  await plain.close();
  return [
    row('list 10,000 sessions', 'readdir and stat of each', 'ms', stat, true),
    row('list 10,000 sessions', 'a page, from the index', 'ms', listed),
    row('list 10,000 sessions', 'a page, without an index', 'ms', unindexed),
    row('list 10,000 sessions', 'a page, making the index', 'ms', [built]),
    row('search 10,000 sessions', 'first search: indexes 200,000 messages', 'ms', [searched]),
    row('search 10,000 sessions', 'search', 'ms', searches, true),
  ];
}

export default async function measure() {
  const folder = mkdtempSync(join(tmpdir(), 'storage-'));
  const place = (name) => join(folder, name);
  const rows = [...(await appends(place('appends'))), ...(await resumes(place('resume')))];
  rmSync(place('appends'), { recursive: true });
  rows.push(...(await forks(place('resume'))), ...(await lists(place('many'))));
  const peaks = {
    'nothing but the imports': '',
    'resume of 100 messages': `load(${JSON.stringify(place('resume'))}, 'small')`,
    'resume of 100,000 messages': `load(${JSON.stringify(place('resume'))}, 'large')`,
    'append to 100,000 messages': `append(${JSON.stringify(place('resume'))}, 'large')`,
    'fork of 100 MB': `fork(${JSON.stringify(place('resume'))}, 'large')`,
    'list of 10,000 sessions': `list(${JSON.stringify(place('many'))})`,
  };
  for (const [name, work] of Object.entries(peaks))
    rows.push(row('peak memory', name, 'MB', [peakMemory(work), peakMemory(work), peakMemory(work)], work === ''));
  return rows;
}
