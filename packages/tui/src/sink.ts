import { forTerminal, jsonForTerminal } from './sanitize.ts';

export type Style = 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'cyan';

const SGR: Readonly<Record<Style, readonly [on: number, off: number]>> = {
  bold: [1, 22],
  dim: [2, 22],
  red: [31, 39],
  green: [32, 39],
  yellow: [33, 39],
  cyan: [36, 39],
};

/** Where text goes. On a terminal nothing but its own styling reaches it as an escape sequence, whatever the text holds. */
export interface Sink {
  readonly isTTY: boolean;
  /** A regular file: nobody watches the text come, so it may be written late and right. */
  readonly isFile: boolean;
  write(text: string, style?: Style): void;
  /** One value on one line. */
  json(value: unknown): void;
  /** Called once when the reader is gone (`| head`). Any other failure (a full disk) is thrown once; later writes do nothing. */
  onGone(listener: () => void): void;
}

export interface SinkOptions {
  readonly isTTY: boolean;
  readonly isFile?: boolean;
  readonly color: boolean;
  /** Writes all bytes before it returns. Throws EPIPE when the reader is gone. */
  readonly put: (bytes: Uint8Array) => void;
  /** What is written here may be lost without harm: no failure to write is thrown. */
  readonly aside?: boolean;
}

export function createSink({ isTTY, isFile = false, color, put, aside = false }: SinkOptions): Sink {
  const encoder = new TextEncoder();
  const listeners: (() => void)[] = [];
  let gone = false;

  const emit = (text: string): void => {
    if (gone || text === '') return;
    try {
      put(encoder.encode(text));
    } catch (error) {
      gone = true;
      if (!isBrokenPipe(error) && !aside) throw error;
      for (const listener of listeners.splice(0)) listener();
    }
  };

  return {
    isTTY,
    isFile,
    write(text, style) {
      const safe = isTTY ? forTerminal(text) : text;
      if (style === undefined || !color) return emit(safe);
      const [on, off] = SGR[style];
      emit(safe === '' ? '' : `\u001b[${on}m${safe}\u001b[${off}m`);
    },
    json(value) {
      const text = JSON.stringify(value);
      emit(`${isTTY ? jsonForTerminal(text) : text}\n`);
    },
    onGone(listener) {
      if (gone) listener();
      else listeners.push(listener);
    },
  };
}

/** `NO_COLOR` and `FORCE_COLOR` as everywhere; the latter wins, as in Node. */
export function wantsColor(env: Readonly<Record<string, string | undefined>>, isTTY: boolean): boolean {
  const force = env['FORCE_COLOR'];
  if (force !== undefined) return force !== '0' && force !== 'false';
  if (env['NO_COLOR']) return false;
  return isTTY && env['TERM'] !== 'dumb';
}

function isBrokenPipe(error: unknown): boolean {
  // EIO: the terminal behind the descriptor was closed.
  return error instanceof Error && 'code' in error && (error.code === 'EPIPE' || error.code === 'EIO');
}
