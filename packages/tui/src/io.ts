import type { Sink } from './sink.ts';

/** A process as a program sees it. `processIo()` is the real one; `@reprise/tui/testing` has one for tests. */
export interface Io {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly platform: string;
  readonly pid: number;
  readonly out: Sink;
  readonly err: Sink;
  readonly stdin: Stdin;
  /** SIGINT, SIGTERM and SIGHUP, which from the first listener on end nothing by themselves. */
  onSignal(listener: (signal: NodeJS.Signals) => void): void;
  /** Ends the process at once. */
  exit(code: number): never;
}

export interface Stdin {
  readonly kind: 'terminal' | 'pipe' | 'socket' | 'file' | 'device' | 'none';
  /** Bytes as they come; ends at end of file or when `signal` fires. */
  read(signal?: AbortSignal): AsyncIterable<Uint8Array>;
}
