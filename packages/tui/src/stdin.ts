import { RepriseError } from '@reprise/core';
import type { Io, Stdin } from './io.ts';

/** Bytes of a prompt; the pipe behind a longer one may never end. */
const LIMIT = 16 * 1024 * 1024;

/**
 * How long the first byte may take, in ms, when there is a prompt without it. A shell pipeline (`make | reprise run "why?"`) gets
 * longer than a socket, which is what a program that started us with stdin left open gives.
 */
const PATIENCE = { pipe: 3000, socket: 500 } as const;

/**
 * Standard input as text. A terminal is never read. With `optional` (a prompt is there already) a pipe that stays silent
 * is given up on, and `undefined` says so; without it, or once a byte has come, everything up to the end is read.
 */
export async function readInput(stdin: Stdin, optional: boolean, limit: number = LIMIT): Promise<string | undefined> {
  if (stdin.kind === 'terminal' || stdin.kind === 'device' || stdin.kind === 'none') return '';
  const silence = new AbortController();
  const patience = stdin.kind === 'file' || !optional ? undefined : PATIENCE[stdin.kind];
  const timer = patience === undefined ? undefined : setTimeout(() => silence.abort(), patience);
  try {
    const text = await textOf(stdin.read(silence.signal), {
      name: 'Standard input',
      limit,
      began: () => clearTimeout(timer),
    });
    return silence.signal.aborted ? undefined : text;
  } finally {
    clearTimeout(timer);
  }
}

/** The text in bytes, as far as there are no more than `limit` of them. */
async function textOf(
  stream: AsyncIterable<Uint8Array>,
  { name, limit, began }: { readonly name: string; readonly limit: number; readonly began?: () => void },
): Promise<string> {
  const decoder = new TextDecoder();
  const pieces: string[] = [];
  let size = 0;
  for await (const bytes of stream) {
    began?.();
    size += bytes.length;
    if (size > limit) throw new RepriseError('INVALID_INPUT', `${name} is larger than ${limit} bytes.`);
    pieces.push(decoder.decode(bytes, { stream: true }));
  }
  pieces.push(decoder.decode());
  return pieces.join('');
}

/** The text of `file`, from `cwd`; `-` is standard input to its end. INVALID_INPUT where it can't be read. */
export async function readText(
  { stdin, cwd }: Pick<Io, 'stdin' | 'cwd'>,
  file: string,
  limit: number,
): Promise<string> {
  if (file === '-') return (await readInput(stdin, false, limit)) ?? '';
  try {
    const path = process.getBuiltinModule('node:path').resolve(cwd, file);
    // Some files never end, and don't say so.
    const stream: AsyncIterable<Uint8Array> = process.getBuiltinModule('node:fs').createReadStream(path);
    return await textOf(stream, { name: file, limit });
  } catch (cause) {
    if (cause instanceof RepriseError) throw cause;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new RepriseError('INVALID_INPUT', `${file} can't be read: ${reason}`, { cause });
  }
}
