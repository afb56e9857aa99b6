import type { Answer, Asker, PermissionRequest } from '@reprise/core';
import type { Io } from './io.ts';
import { readLine } from './line.ts';
import type { LineReader } from './line.ts';

type Question = PermissionRequest & { readonly reason?: string };

/** Asks on the terminal; `undefined` where nobody can be asked. */
export function terminalAsker(
  { stdin, err }: Pick<Io, 'stdin' | 'err'>,
  line: LineReader = readLine,
): Asker | undefined {
  if (stdin.kind !== 'terminal' || !err.isTTY) return undefined;
  const allowed = new Set<string>();
  let queue: Promise<unknown> = Promise.resolve();

  const ask = async (question: Question, signal: AbortSignal): Promise<Answer> => {
    const same = fingerprint(question);
    if (allowed.has(same)) return { allow: true };
    describe(question);
    for (let tries = 0; tries < 3; tries++) {
      err.write('Allow? [y] once  [a] this for the rest of the run  [n] no: ', 'bold');
      const answer = (await line(signal))?.trim().toLowerCase();
      if (answer === undefined) break;
      if (answer === 'a' || answer === 'always') allowed.add(same);
      if (['y', 'yes', 'a', 'always'].includes(answer)) return { allow: true };
      if (answer === 'n' || answer === 'no') break;
    }
    return { allow: false, message: 'The user said no.' };
  };

  const describe = ({ tool, access, input, reason }: Question): void => {
    err.write('\n');
    err.write(`${tool} wants to ${VERBS[access.effect]}`, 'yellow');
    err.write(reason ? ` (${reason})\n` : '\n');
    const subject = access.command ?? access.paths?.join('\n') ?? JSON.stringify(input, null, 2) ?? '';
    err.write(`${indent(subject, '  ')}\n`);
    for (const [text, mark, style] of changes(input)) err.write(`${indent(text, `  ${mark} `)}\n`, style);
  };

  // Calls that run at the same time ask one after the other.
  return (question, signal) => {
    const answer = queue.then(() => ask(question, signal));
    queue = answer.catch(() => undefined);
    return answer;
  };
}

/** A question that only y or yes answers with true; `undefined` where nobody can be asked. */
export async function confirm(
  { stdin, err }: Pick<Io, 'stdin' | 'err'>,
  question: string,
  line: LineReader = readLine,
): Promise<boolean | undefined> {
  if (stdin.kind !== 'terminal' || !err.isTTY) return undefined;
  err.write(`${question} [y/N] `, 'bold');
  return /^y(es)?$/i.test((await line())?.trim() ?? '');
}

const VERBS: Readonly<Record<PermissionRequest['access']['effect'], string>> = {
  none: 'run',
  read: 'read',
  write: 'write',
  execute: 'run a command',
  network: 'use the network',
  unknown: 'run',
};

/** An approval holds for exactly what was shown. */
function fingerprint({ tool, access, input, cwd }: Question): string {
  return JSON.stringify([tool, cwd, access.command ?? input]);
}

/** What an edit takes out and puts in, as far as the usual names of inputs tell. */
function changes(input: unknown): [text: string, mark: '-' | '+', style: 'red' | 'green'][] {
  const fields = Object(input) as Record<string, unknown>;
  const pick = (...names: string[]): string | undefined =>
    names.map((name) => fields[name]).find((value) => typeof value === 'string' && value !== '') as string | undefined;
  const before = pick('oldText', 'old_text', 'oldString', 'old_string', 'old');
  const after = pick('newText', 'new_text', 'newString', 'new_string', 'new', 'content');
  return [...(before ? [[before, '-', 'red'] as const] : []), ...(after ? [[after, '+', 'green'] as const] : [])].map(
    (change) => [...change],
  );
}

const LONGEST = 40;

function indent(text: string, by: string): string {
  const lines = text.replace(/\n$/, '').split('\n');
  // A command is shown whole, whatever its length; a long new file is cut in the middle.
  const cut = by.trim() !== '' && lines.length > LONGEST;
  const shown = cut ? [...lines.slice(0, LONGEST), `… ${lines.length - LONGEST} more lines`] : lines;
  return shown.map((line) => by + line).join('\n');
}
