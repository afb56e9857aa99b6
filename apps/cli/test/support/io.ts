import type { Io, Stdin } from '../../src/terminal/io.ts';
import { createSink } from '../../src/terminal/sink.ts';

export interface FakeIo extends Io {
  readonly stdout: () => string;
  readonly stderr: () => string;
  readonly signal: (name: NodeJS.Signals) => void;
  readonly exits: number[];
}

/** A process of which everything is remembered. `exit` throws, so that nothing runs after it. */
export function fakeIo(
  options: {
    readonly env?: Record<string, string>;
    readonly outTTY?: boolean;
    readonly errTTY?: boolean;
    readonly stdin?: { readonly kind: Stdin['kind']; readonly text?: string; readonly silent?: boolean };
    readonly cwd?: string;
  } = {},
): FakeIo {
  const streams = { out: '', err: '' };
  const listeners: ((signal: NodeJS.Signals) => void)[] = [];
  const exits: number[] = [];
  const sink = (name: 'out' | 'err', isTTY = false) =>
    createSink({ isTTY, color: false, put: (bytes) => void (streams[name] += Buffer.from(bytes).toString()) });
  const { kind, text, silent } = options.stdin ?? { kind: 'none' };
  return {
    env: { REPRISE_HOME: '/nonexistent/reprise', ...options.env },
    cwd: options.cwd ?? process.cwd(),
    platform: 'test',
    pid: 1,
    out: sink('out', options.outTTY),
    err: sink('err', options.errTTY),
    stdin: {
      kind,
      async *read(signal) {
        if (silent) await new Promise<void>((resolve) => signal?.addEventListener('abort', () => resolve()));
        else yield Buffer.from(text ?? '');
      },
    },
    onSignal: (listener) => void listeners.push(listener),
    exit: (code) => {
      exits.push(code);
      throw new Error(`exit ${code}`);
    },
    stdout: () => streams.out,
    stderr: () => streams.err,
    signal: (name) => {
      for (const listener of listeners) listener(name);
    },
    exits,
  };
}
