import { spawn } from 'node:child_process';
import type { ChildProcess, StdioOptions } from 'node:child_process';
import { closeSync, mkdirSync, mkdtempSync, openSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** How the program is started: from its sources, without a build, or as REPRISE_PROGRAM says (the built `bin/reprise.mjs`). */
export const PROGRAM: readonly [string, ...string[]] = process.env['REPRISE_PROGRAM']
  ? [process.execPath, process.env['REPRISE_PROGRAM']]
  : [process.execPath, '--conditions=@reprise/source', join(import.meta.dirname, '../../src/main.ts')];

/** The sources start in half the time where Node keeps what it made of them. The built program has a cache of its own. */
const KEPT: Readonly<Record<string, string>> = process.env['REPRISE_PROGRAM']
  ? {}
  : { NODE_COMPILE_CACHE: join(import.meta.dirname, '../../node_modules/.cache/compiled') };

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly out: string;
  readonly err: string;
}

export interface Running {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  /** Resolves once the stream holds `text`, with what it holds; rejects when the process ends without. */
  seen(stream: 'out' | 'err', text: string): Promise<string>;
}

export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Text: written to a pipe that is closed. `open`: a pipe that stays silent. Absent: /dev/null. */
  readonly input?: string | { readonly open: true };
  /** In place of a pipe that is collected: a file, or a descriptor (which is closed here). */
  readonly outTo?: string | number;
}

export interface Place {
  readonly home: string;
  readonly work: string;
  readonly env: Readonly<Record<string, string>>;
  start(words: readonly string[], options?: RunOptions): Running;
  run(words: readonly string[], options?: RunOptions): Promise<Ended>;
  /** Ends what still runs and removes every file. */
  remove(): Promise<void>;
}

/** A home, a working directory and an environment that hold nothing of the machine's. */
export function makePlace(): Place {
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'reprise-cli-')));
  const home = join(root, 'home');
  const work = join(root, 'work');
  for (const folder of [home, work]) mkdirSync(folder);
  const env = { PATH: process.env['PATH'] ?? '', HOME: root, REPRISE_HOME: home, TMPDIR: root, LANG: 'C.UTF-8' };
  const started: Running[] = [];

  const start: Place['start'] = (words, options = {}) => {
    const { input, outTo } = options;
    // Node makes the descriptors 0 to 2 of a child blocking; a shell hands on what it was given.
    const raw = typeof outTo === 'number';
    const out = typeof outTo === 'string' ? openSync(outTo, 'w') : 'pipe';
    const stdio: StdioOptions = [input === undefined ? 'ignore' : 'pipe', out, 'pipe', ...(raw ? [outTo] : [])];
    const [program, ...rest] = [...(raw ? ['sh', '-c', 'exec "$@" >&3 3>&-', 'sh'] : []), ...PROGRAM, ...words];
    const child = spawn(program ?? '', rest, {
      cwd: options.cwd ?? work,
      env: { ...env, ...KEPT, ...options.env },
      stdio,
    });
    for (const fd of [out, outTo]) if (typeof fd === 'number') closeSync(fd);
    if (typeof input === 'string') child.stdin?.end(input);
    const running = watch(child);
    started.push(running);
    return running;
  };

  return {
    home,
    work,
    env,
    start,
    run: (words, options) => start(words, options).ended,
    remove: async () => {
      for (const { child } of started) child.kill('SIGKILL');
      await Promise.all(started.map(({ ended }) => ended));
      rmSync(root, { recursive: true, force: true });
    },
  };
}

function watch(child: ChildProcess): Running {
  const text = { out: '', err: '' };
  const ended = Promise.withResolvers<Ended>();
  const listeners = new Set<() => void>();
  const collect = (name: 'out' | 'err') => (bytes: Buffer) => {
    text[name] += bytes.toString();
    for (const listener of listeners) listener();
  };
  child.stdout?.on('data', collect('out'));
  child.stderr?.on('data', collect('err'));
  child.once('close', (code, signal) => ended.resolve({ code, signal, ...text }));
  return {
    child,
    ended: ended.promise,
    seen: (stream, wanted) =>
      new Promise((resolve, reject) => {
        const check = (): void => {
          if (!text[stream].includes(wanted)) return;
          listeners.delete(check);
          resolve(text[stream]);
        };
        listeners.add(check);
        check();
        void ended.promise.then(({ code, out, err }) => {
          if (!text[stream].includes(wanted)) reject(new Error(`ended (${code}) before ${wanted}\n${out}\n${err}`));
        });
      }),
  };
}

/** The id in the hint that ends a turn in the text format. */
export function sessionIn(err: string): string {
  const id = /--session ([a-z0-9_-]+)/.exec(err)?.[1];
  if (id === undefined) throw new Error(`no session id in: ${err}`);
  return id;
}

export function lines(out: string): any[] {
  return out
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
}
