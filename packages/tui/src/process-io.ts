import type { Io, Stdin } from './io.ts';
import { createSink, wantsColor } from './sink.ts';
import type { Sink } from './sink.ts';

// `process.stdout` costs 6 ms at its first use and an ESM import of a built-in 1 to 3; these calls cost almost nothing.
const fs = process.getBuiltinModule('node:fs');

/** The process that this runs in. `out` and `err` write synchronously: what was written is out, whatever happens next. */
export function processIo(): Io {
  return {
    env: process.env,
    cwd: process.cwd(),
    platform: process.platform,
    pid: process.pid,
    out: sinkOf(1),
    err: sinkOf(2),
    stdin: { kind: kindOf(0), read: readStdin },
    onSignal(listener) {
      for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, listener);
    },
    exit: (code) => process.exit(code),
  };
}

function sinkOf(fd: number): Sink {
  const kind = kindOf(fd);
  const isTTY = kind === 'terminal';
  return createSink({
    isTTY,
    isFile: kind === 'file',
    color: wantsColor(process.env, isTTY),
    put: kind === 'none' ? () => undefined : (bytes) => putAll(fd, bytes),
    aside: fd === 2,
  });
}

function kindOf(fd: number): Stdin['kind'] {
  let stat;
  try {
    stat = fs.fstatSync(fd);
  } catch {
    return 'none';
  }
  if (stat.isFIFO()) return 'pipe';
  if (stat.isSocket()) return 'socket';
  if (stat.isFile()) return 'file';
  // `node:tty` costs 2 ms, so only a character device is asked; /dev/null is one too.
  const isTTY = (stat.isCharacterDevice() || process.platform === 'win32') && isatty(fd);
  return isTTY ? 'terminal' : 'device';
}

function isatty(fd: number): boolean {
  return process.getBuiltinModule('node:tty').isatty(fd);
}

/** A pipe may have been set non-blocking by whoever shares it: then a full one says EAGAIN, and we wait for its reader. */
function putAll(fd: number, bytes: Uint8Array): void {
  let done = 0;
  while (done < bytes.length) {
    try {
      done += fs.writeSync(fd, bytes, done);
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EAGAIN')) throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2);
    }
  }
}

async function* readStdin(signal?: AbortSignal): AsyncGenerator<Uint8Array> {
  const { stdin } = process;
  const stop = (): void => void stdin.destroy();
  signal?.addEventListener('abort', stop, { once: true });
  try {
    for await (const bytes of stdin) yield bytes as Uint8Array;
  } catch (error) {
    if (!signal?.aborted) throw error;
  } finally {
    signal?.removeEventListener('abort', stop);
  }
}
