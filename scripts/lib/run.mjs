import { spawn } from 'node:child_process';

/**
 * Runs a program to its end and keeps what it wrote (stdout and stderr in the order of arrival).
 * Never rejects: a program that cannot be started has code 127, one that ran into the limit code 124.
 *
 * @param {string} command
 * @param {readonly string[]} args
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv, seconds?: number, shell?: boolean }} [options] `seconds`: the limit, 600 if absent.
 * @returns {Promise<{ code: number, output: string, stdout: string, ms: number }>}
 */
export function run(command, args, options = {}) {
  const { cwd, env, seconds = 600, shell = false } = options;
  const started = Date.now();
  return new Promise((resolve) => {
    const all = [];
    const out = [];
    let late = false;
    const child = spawn(command, args, { cwd, env, shell, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
    running.add(child);
    const timer = setTimeout(() => {
      late = true;
      end(child, 'SIGKILL');
    }, seconds * 1000);
    const finish = (code, note = '') => {
      clearTimeout(timer);
      running.delete(child);
      // What it left behind in its process group must not outlive the check.
      end(child, 'SIGKILL');
      resolve({
        code,
        output: Buffer.concat(all).toString() + note,
        stdout: Buffer.concat(out).toString(),
        ms: Date.now() - started,
      });
    };
    child.stdout.on('data', (bytes) => (all.push(bytes), out.push(bytes)));
    child.stderr.on('data', (bytes) => all.push(bytes));
    child.once('error', (error) => finish(127, `${command}: ${error.message}\n`));
    child.once('exit', () => end(child, 'SIGTERM'));
    child.once('close', (code, signal) =>
      late
        ? finish(124, `\n${command} was stopped after ${seconds} s.\n`)
        : finish(code ?? 1, signal ? `\n${signal}\n` : ''),
    );
  });
}

const running = new Set();

function end(child, signal) {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, signal);
  } catch {
    // The whole group is gone already.
  }
}

/** Ends every program that `run` has under way; for a script that is told to stop. */
export function endAll(signal = 'SIGKILL') {
  for (const child of running) end(child, signal);
}

/**
 * Calls `work` for every item, at most `width` at once; answers in the order of the items.
 *
 * @template T, R
 * @param {readonly T[]} items
 * @param {number} width
 * @param {(item: T) => Promise<R>} work
 * @returns {Promise<R[]>}
 */
export async function pool(items, width, work) {
  const answers = [];
  let next = 0;
  const worker = async () => {
    while (next < items.length) {
      const at = next++;
      answers[at] = await work(items[at]);
    }
  };
  await Promise.all(Array.from({ length: Math.min(width, items.length) }, worker));
  return answers;
}
