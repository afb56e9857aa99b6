import { execFile } from 'node:child_process';
import { closeSync, constants, openSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { promisify } from 'node:util';

/** One real pipe for both output streams of a command. */
export interface OutputPipe {
  readonly source: Readable;
  /** The end to write to, for the child. */
  readonly fd: number;
  /** Closes our copy of `fd`, so that the pipe ends with the last process that holds it. */
  handedOver(): void;
}

/**
 * What Node gives a child as a pipe is a socket: `> /dev/stderr` fails on it, a program may wait for input on it (vi does),
 * and two of them lose the order of the streams. A named pipe has none of this; `undefined` where none can be made.
 */
export async function openPipe(): Promise<OutputPipe | undefined> {
  if (process.platform === 'win32') return undefined;
  let folder: string | undefined;
  try {
    folder = await mkdtemp(join(tmpdir(), 'reprise-pipe-'));
    const path = join(folder, 'output');
    await promisify(execFile)('mkfifo', ['-m', '600', path], { env: { PATH: '/usr/bin:/bin:/usr/sbin:/sbin' } });
    // The reading end first and without waiting: the writing end opens only beside it.
    const source = new Socket({
      fd: openSync(path, constants.O_RDONLY | constants.O_NONBLOCK),
      readable: true,
      writable: false,
    });
    const fd = openSync(path, constants.O_WRONLY);
    return { source, fd, handedOver: () => closeSync(fd) };
  } catch {
    return undefined;
  } finally {
    if (folder !== undefined) await rm(folder, { recursive: true, force: true });
  }
}
