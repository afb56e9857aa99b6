import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import type { Readable } from 'node:stream';
import { toolError } from '../io/errors.ts';
import { openPipe } from './pipe.ts';
import type { OutputPipe } from './pipe.ts';
import { groupExists, groupRuns, killMarked, signalGroup } from './processes.ts';

/** From SIGTERM to SIGKILL. */
const GRACE_MS = 400;
/** What runs on by itself after the shell's exit (a process substitution, a pipe's tail) may finish in this time. */
const LINGER_MS = 250;
/** After the processes ended: for what still lies in the pipes. */
const DRAIN_MS = 200;

export interface ShellCall {
  readonly shell: string;
  readonly command: string;
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  /** `NAME=value` in `env`, unique to this call; finds processes that left the group. */
  readonly mark: string;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  readonly background: 'end' | 'keep';
  /** Gets the bytes of a stream, numbered from 0; the pipe waits for it. */
  take(bytes: Buffer, stream: number): Promise<void>;
}

export interface ShellEnd {
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stopped?: 'timeout' | 'abort';
  readonly endedBackground: boolean;
}

export function defaultShell(): string {
  return existsSync('/bin/bash') ? '/bin/bash' : '/bin/sh';
}

/**
 * Runs a command in a process group of its own. Contract: resolves at most 1 s after the shell's exit, and at most 2 s
 * after the time limit or the abort, when no process of the call is left. Without a terminal (`detached` makes a new
 * session) and with an empty standard input, so that programs which ask end instead of waiting.
 */
export async function runShell(call: ShellCall): Promise<ShellEnd> {
  const pipe = await openPipe();
  const child = start(call, pipe);
  const exited = exitOf(child, call);
  const sources = pipe === undefined ? [child.stdout, child.stderr] : [pipe];
  const drained =
    pipe === undefined
      ? Promise.all([child.stdout, child.stderr].map((source, at) => pump(source, at, call)))
      : pipe.read((bytes) => call.take(bytes, 0));
  // Looked at in the end; until then a failure must not count as unhandled.
  drained.catch(() => undefined);
  const group = child.pid;
  if (group === undefined) {
    pipe?.destroy();
    return exited;
  }

  let stopped: ShellEnd['stopped'];
  let killer: Promise<void> | undefined;
  let giveUp: (end: Pick<ShellEnd, 'exitCode' | 'signal'>) => void = () => undefined;
  // A process that the kernel can't end (a lost network disk) must not hold the call.
  const unkillable = new Promise<Pick<ShellEnd, 'exitCode' | 'signal'>>((resolve) => (giveUp = resolve));
  const stop = (why: 'timeout' | 'abort'): void => {
    stopped ??= why;
    killer ??= end(group, call.mark).then(() => {
      setTimeout(giveUp, DRAIN_MS, { exitCode: null, signal: 'SIGKILL' }).unref();
    });
  };
  const onAbort = (): void => stop('abort');
  const timer = setTimeout(stop, call.timeoutMs, 'timeout');
  call.signal.addEventListener('abort', onAbort, { once: true });
  if (call.signal.aborted) onAbort();
  try {
    const { exitCode, signal } = await Promise.race([exited, unkillable]);
    let endedBackground = false;
    if (stopped === undefined && call.background === 'end') {
      clearTimeout(timer);
      endedBackground = await endLeftovers(group);
    }
    // An abort may have come while the rest was ended.
    await killer;
    await within(DRAIN_MS, drained);
    return { exitCode, signal, ...(stopped !== undefined && { stopped }), endedBackground };
  } finally {
    clearTimeout(timer);
    call.signal.removeEventListener('abort', onAbort);
    for (const source of sources) source?.destroy();
  }
}

function start(call: ShellCall, pipe: OutputPipe | undefined): ChildProcess {
  const output = pipe?.fd ?? 'pipe';
  try {
    return spawn(call.shell, ['-c', call.command], {
      cwd: call.cwd,
      env: call.env,
      detached: true,
      stdio: ['ignore', output, output],
    });
  } catch (error) {
    // Thrown at once: a zero character, or more text than the system takes.
    pipe?.destroy();
    throw toolError(`The command can't be started: ${String(error)}.`, 'Put long text into a file.', error);
  } finally {
    pipe?.handedOver();
  }
}

function exitOf(child: ChildProcess, call: ShellCall): Promise<ShellEnd> {
  return new Promise((resolve, reject) => {
    child.once('exit', (exitCode, signal) => resolve({ exitCode, signal, endedBackground: false }));
    child.once('error', (error) => {
      reject(toolError(`${call.shell} can't be started in ${call.cwd}: ${error.message}.`, undefined, error));
    });
  });
}

async function pump(stream: Readable | null, which: number, call: ShellCall): Promise<void> {
  let taking = false;
  try {
    for await (const chunk of stream ?? []) {
      taking = true;
      await call.take(chunk as Buffer, which);
      taking = false;
    }
  } catch (error) {
    // Reading ends so when the stream is destroyed because somebody else still holds the pipe.
    if (taking) throw error;
  }
}

/** SIGTERM, a moment to clean up, SIGKILL, and then whatever left the group. */
async function end(group: number, mark: string): Promise<void> {
  signalGroup(group, 'SIGTERM');
  // A stopped process gets its SIGTERM only when it goes on.
  signalGroup(group, 'SIGCONT');
  await until(GRACE_MS, () => !groupExists(group));
  signalGroup(group, 'SIGKILL');
  await killMarked(mark);
}

async function endLeftovers(group: number): Promise<boolean> {
  await until(LINGER_MS, () => !groupExists(group));
  if (!(await groupRuns(group))) return false;
  signalGroup(group, 'SIGTERM');
  await until(LINGER_MS, () => !groupExists(group));
  signalGroup(group, 'SIGKILL');
  return true;
}

async function until(limitMs: number, done: () => boolean): Promise<void> {
  for (let waited = 0; waited < limitMs && !done(); waited += 10) await sleep(10);
}

async function within(limitMs: number, work: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  await Promise.race([work, new Promise((resolve) => (timer = setTimeout(resolve, limitMs)))]);
  clearTimeout(timer);
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
