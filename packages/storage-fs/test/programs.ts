import { execFileSync, spawn, type ChildProcessByStdio } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';

const CHILD = ['-C', '@reprise/source', '--no-warnings', fileURLToPath(new URL('child.ts', import.meta.url))];

export interface Program {
  readonly process: ChildProcessByStdio<null, Readable, Readable>;
  /** Its lines so far. */
  readonly lines: string[];
  /** Resolves with the first line that begins with `start`, also one that came already. */
  line(start: string): Promise<string>;
  /** Resolves at its end, with all output read. */
  readonly ended: Promise<void>;
}

/** Starts `child.ts`, under another program (strace) where `under` names one. */
export function start(args: readonly string[], under: readonly string[] = []): Program {
  const [command = '', ...rest] = [...under, process.execPath, ...CHILD, ...args];
  const child = spawn(command, rest, { stdio: ['ignore', 'pipe', 'pipe'] });
  const lines: string[] = [];
  const waiting = new Set<() => void>();
  child.stderr.on('data', (bytes: Buffer) => lines.push(`stderr ${bytes.toString()}`));
  createInterface(child.stdout).on('line', (line) => {
    lines.push(line);
    for (const look of waiting) look();
  });
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const line = (begin: string): Promise<string> =>
    new Promise((resolve, reject) => {
      const look = (): void => {
        const found = lines.find((each) => each.startsWith(begin));
        if (found === undefined) return;
        waiting.delete(look);
        resolve(found);
      };
      waiting.add(look);
      look();
      void ended.then(() => reject(new Error(`no "${begin}" in: ${lines.join(' | ')}`)));
    });
  return { process: child, lines, line, ended };
}

/** Whether strace is here and may trace. */
export function canTrace(): boolean {
  try {
    execFileSync('strace', ['-o', '/dev/null', 'true'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
