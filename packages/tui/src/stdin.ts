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
  const decoder = new TextDecoder();
  const pieces: string[] = [];
  let size = 0;
  try {
    for await (const bytes of stdin.read(silence.signal)) {
      clearTimeout(timer);
      size += bytes.length;
      if (size > limit) throw new RepriseError('INVALID_INPUT', `Standard input is larger than ${limit} bytes.`);
      pieces.push(decoder.decode(bytes, { stream: true }));
    }
  } finally {
    clearTimeout(timer);
  }
  if (silence.signal.aborted) return undefined;
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
    return process.getBuiltinModule('node:fs').readFileSync(path, 'utf8');
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new RepriseError('INVALID_INPUT', `${file} can't be read: ${reason}`, { cause });
  }
}
