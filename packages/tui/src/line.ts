/** Reads one line from the person; `undefined` when there is none any more. */
export type LineReader = (signal?: AbortSignal) => Promise<string | undefined>;

/** One line from the terminal. It stays in its usual mode, so that Ctrl-C is a signal as always. */
export const readLine: LineReader = async (signal) => {
  const { createInterface } = process.getBuiltinModule('node:readline');
  const lines = createInterface({ input: process.stdin, terminal: false });
  try {
    return await new Promise<string | undefined>((resolve) => {
      const end = (): void => resolve(undefined);
      lines.once('line', resolve);
      lines.once('close', end);
      signal?.addEventListener('abort', end, { once: true });
      if (signal?.aborted) end();
    });
  } finally {
    lines.close();
    process.stdin.pause();
  }
};
