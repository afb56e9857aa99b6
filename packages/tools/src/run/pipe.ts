import { execFile } from 'node:child_process';
import { closeSync, constants, openSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** Bytes that are read at once. */
const PIECE = 65_536;

/** One real pipe for both output streams of a command. */
export interface OutputPipe {
  /**
   * Gives what is written to it, piece by piece, to its end or to `destroy`. Each piece lies in the same memory and is gone once `take` has resolved:
   * a buffer for each would pile up to 64 MiB before anything is collected.
   */
  read(take: (bytes: Buffer) => Promise<void>): Promise<void>;
  destroy(): void;
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
    const source = reader(openSync(path, constants.O_RDONLY | constants.O_NONBLOCK));
    const fd = openSync(path, constants.O_WRONLY);
    return { ...source, fd, handedOver: () => closeSync(fd) };
  } catch {
    return undefined;
  } finally {
    if (folder !== undefined) await rm(folder, { recursive: true, force: true });
  }
}

function reader(fd: number): Pick<OutputPipe, 'read' | 'destroy'> {
  let take: ((bytes: Buffer) => Promise<void>) | undefined;
  let failed: { readonly error: unknown } | undefined;
  const source: Socket = new Socket({
    fd,
    readable: true,
    writable: false,
    manualStart: true,
    onread: {
      buffer: Buffer.allocUnsafe(PIECE),
      callback(size: number, bytes: Uint8Array): boolean {
        void take?.(Buffer.from(bytes.buffer, bytes.byteOffset, size)).then(
          () => source.resume(),
          (error: unknown) => {
            failed = { error };
            source.destroy();
          },
        );
        // Not a byte more until this piece is stored.
        return false;
      },
    },
  } as ConstructorParameters<typeof Socket>[0]);
  return {
    read(give) {
      take = give;
      return new Promise((resolve, reject) => {
        source.on('error', () => undefined);
        source.once('close', () => (failed === undefined ? resolve() : reject(failed.error as Error)));
        source.resume();
      });
    },
    destroy: () => void source.destroy(),
  };
}
