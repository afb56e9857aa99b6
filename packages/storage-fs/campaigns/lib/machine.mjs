import { execFileSync, spawn } from 'node:child_process';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  statfsSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createInterface } from 'node:readline';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const CHILD = fileURLToPath(new URL('child.mjs', import.meta.url));
const HERE = fileURLToPath(new URL('../..', import.meta.url));
/** The package's sources: what the campaigns run on. */
export const SOURCES = join(HERE, 'src');

/** Runs `work` with a folder of its own, which is removed afterwards. */
export async function withFolder(work, parent = tmpdir()) {
  const folder = realpathSync(mkdtempSync(join(parent, 'reprise-campaign-')));
  try {
    return await work(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The same with a store's folder in it; what makes one is the first `mkdir` and the first `fsync` where there is none. */
export function withStore(work, { bare = false } = {}) {
  return withFolder((folder) => {
    if (!bare) mkdirSync(join(folder, 'sessions'), { mode: 0o700 });
    return work(folder);
  });
}

/** The calls that make a store's folder. */
export const MAKING = [
  { call: 'mkdir', n: 1, bare: true },
  { call: 'fsync', n: 1, bare: true },
];

/** Where folders are kept in memory, if somewhere: for campaigns in which the disk is a model, or its state is made by hand. */
export function inMemory() {
  try {
    return statfsSync('/dev/shm').bavail > 10_000 ? '/dev/shm' : tmpdir();
  } catch {
    return tmpdir();
  }
}

/**
 * A copy of the sources in which each of `patches` (`[file, from, to]`) was made; `from` must be there. The copy lies outside the
 * repository, and shares its dependencies.
 */
export function mutated(folder, patches) {
  const sources = join(folder, 'src');
  cpSync(SOURCES, sources, { recursive: true, filter: (path) => !path.endsWith('.test.ts') });
  symlinkSync(join(HERE, 'node_modules'), join(folder, 'node_modules'));
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
  for (const [file, from, to] of patches) {
    const path = join(sources, file);
    const text = readFileSync(path, 'utf8');
    if (!text.includes(from))
      throw new Error(`${file} holds no ${JSON.stringify(from)}: the mutant must be brought up to date`);
    writeFileSync(path, text.replaceAll(from, to));
  }
  return sources;
}

/** Starts a writer (lib/child.mjs, or another `program`) on the store in `sources`, under another program where `under` names one. */
export function start(sources, root, args, under = [], program = CHILD) {
  const node = [process.execPath, '-C', '@reprise/source', '--no-warnings', program, join(sources, 'index.ts'), root];
  const [command, ...rest] = [...under, ...node, ...args.map(String)];
  const child = spawn(command, rest, { stdio: ['ignore', 'pipe', 'pipe'], detached: true });
  const lines = [];
  const waiting = new Set();
  let errors = '';
  child.stderr.on('data', (bytes) => (errors += bytes));
  createInterface(child.stdout).on('line', (line) => {
    lines.push(line);
    for (const look of waiting) look();
  });
  const ended = new Promise((resolve) => child.once('close', (code, signal) => resolve({ code, signal, errors })));
  const line = (begin) =>
    new Promise((resolve, reject) => {
      const look = () => {
        const found = lines.find((each) => each.startsWith(begin));
        if (found === undefined) return;
        waiting.delete(look);
        resolve(found);
      };
      waiting.add(look);
      look();
      void ended.then(() => reject(new Error(`no "${begin}" in: ${lines.join(' | ')} ${errors}`)));
    });
  /** Ends it and what it runs under, at once. */
  const kill = async (signal = 'SIGKILL') => {
    try {
      process.kill(-child.pid, signal);
    } catch {
      // It has ended by itself.
    }
    if (signal === 'SIGKILL') await ended;
  };
  return { pid: child.pid, lines, line, ended, kill };
}

/** `undefined` where `command` runs here, else why a campaign that needs it is skipped. */
export function missing(command, args, what) {
  try {
    execFileSync(command, args, { stdio: 'ignore' });
    return undefined;
  } catch {
    return `${what} is not possible here`;
  }
}

export const noStrace = () => missing('strace', ['-o', '/dev/null', 'true'], 'tracing with strace');

/** Calls `work` for every item, two at once. */
export async function twoAtOnce(items, work) {
  const list = [...items];
  const worker = async () => {
    for (let item = list.shift(); item !== undefined; item = list.shift()) await work(item);
  };
  await Promise.all([worker(), worker()]);
}

/** A generator of numbers below a bound, the same for the same seed (mulberry32). */
export function random(seed) {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

/** `count` numbers from 1 to `last`, evenly spread; all of them where there are no more. */
function spread(last, count) {
  if (count >= last) return Array.from({ length: last }, (_, at) => at + 1);
  return [...new Set(Array.from({ length: count }, (_, at) => 1 + Math.round((at * (last - 1)) / (count - 1))))];
}

/** `count` of `items`, evenly spread. */
export function some(items, count) {
  return spread(items.length, count).map((at) => items[at - 1]);
}

/** The command that traces as `options` say. It counts by thread where it injects, so one thread makes all syncs beside the event loop. */
export function strace(...options) {
  return ['strace', '-f', '-qq', '-E', 'UV_THREADPOOL_SIZE=1', ...options];
}

/**
 * Each traced call of a trace as `{ call, n }`, the n-th of its name in its thread. Where two threads make calls of one name it is the
 * earlier one: a workload on a folder that is there (`withStore`) makes all its syncs in one.
 */
export function pointsIn(trace, calls) {
  const seen = new Map();
  return trace.split('\n').flatMap((line) => {
    const [, thread = '', call] = /^(\d+ +)?(\w+)\(/.exec(line) ?? [];
    if (call === undefined || !calls.includes(call)) return [];
    const name = `${thread.trim()} ${call}`;
    const n = (seen.get(name) ?? 0) + 1;
    seen.set(name, n);
    return [{ call, n }];
  });
}
