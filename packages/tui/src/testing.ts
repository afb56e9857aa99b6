import type { Io, Stdin } from './io.ts';
import { createSink } from './sink.ts';

export interface FakeIo extends Io {
  /** Everything written to `out` so far. */
  readonly stdout: () => string;
  readonly stderr: () => string;
  /** Delivers a signal to the listeners. */
  readonly signal: (name: NodeJS.Signals) => void;
  /** The codes that `exit` was called with. */
  readonly exits: number[];
}

export interface FakeIoOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly outTTY?: boolean;
  readonly errTTY?: boolean;
  /** `silent`: a pipe that is open and stays empty. Default: none. */
  readonly stdin?: { readonly kind: Stdin['kind']; readonly text?: string; readonly silent?: boolean };
  readonly cwd?: string;
}

/** A process of which everything is remembered, without colours. `exit` throws, so that nothing runs after it. */
export function fakeIo(options: FakeIoOptions = {}): FakeIo {
  const streams = { out: '', err: '' };
  const listeners: ((signal: NodeJS.Signals) => void)[] = [];
  const exits: number[] = [];
  const decoder = new TextDecoder();
  const sink = (name: 'out' | 'err', isTTY = false) =>
    createSink({ isTTY, color: false, put: (bytes) => void (streams[name] += decoder.decode(bytes)) });
  const { kind, text, silent } = options.stdin ?? { kind: 'none' };
  return {
    env: options.env ?? {},
    cwd: options.cwd ?? '/',
    platform: 'test',
    pid: 1,
    out: sink('out', options.outTTY),
    err: sink('err', options.errTTY),
    stdin: {
      kind,
      async *read(signal) {
        if (silent) await new Promise<void>((resolve) => signal?.addEventListener('abort', () => resolve()));
        else yield new TextEncoder().encode(text ?? '');
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
