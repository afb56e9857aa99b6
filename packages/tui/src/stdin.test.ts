import { describe, expect, it } from 'vitest';
import type { Stdin } from './io.ts';
import { readInput, readText } from './stdin.ts';

const from = (kind: Stdin['kind'], ...pieces: (string | Uint8Array)[]): Stdin => ({
  kind,
  async *read() {
    for (const piece of pieces) yield typeof piece === 'string' ? new TextEncoder().encode(piece) : piece;
  },
});
const silent = (kind: Stdin['kind']): Stdin => ({
  kind,
  async *read(signal) {
    await new Promise<void>((resolve) => signal?.addEventListener('abort', () => resolve()));
  },
});

describe('standard input', () => {
  it.each(['terminal', 'device', 'none'] as const)('of the kind %s is never read', async (kind) => {
    expect(await readInput(from(kind, 'text'), false)).toBe('');
  });

  it('is text, also where a character comes in two pieces', async () => {
    const bytes = new TextEncoder().encode('é');
    expect(await readInput(from('pipe', 'caf', bytes.slice(0, 1), bytes.slice(1)), false)).toBe('café');
  });

  it('that stays silent is given up on where it is optional', async () => {
    expect(await readInput(silent('socket'), true)).toBeUndefined();
  });

  it('beyond the limit is INVALID_INPUT', async () => {
    await expect(readInput(from('file', '12345'), false, 4)).rejects.toMatchObject({ code: 'INVALID_INPUT' });
  });
});

describe('a file', () => {
  const read = (file: string, limit: number) =>
    readText({ stdin: from('none'), cwd: import.meta.dirname }, file, limit);

  it('is read from the working directory', async () => {
    expect(await read('stdin.test.ts', 1_000_000)).toContain('is read from the working directory');
  });

  it.each(['stdin.test.ts', '/dev/zero'])('beyond the limit is INVALID_INPUT: %s', async (file) => {
    await expect(read(file, 4)).rejects.toMatchObject({
      code: 'INVALID_INPUT',
      message: `${file} is larger than 4 bytes.`,
    });
  });

  it.each(['none.txt', '.'])('that can not be read is INVALID_INPUT: %s', async (file) => {
    await expect(read(file, 4)).rejects.toMatchObject({
      code: 'INVALID_INPUT',
      message: expect.stringContaining(`${file} can't be read: `),
    });
  });
});
