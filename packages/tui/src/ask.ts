import type { Answer, AskRequest, Asker, ToolQuestion } from '@reprise/core';
import type { Io } from './io.ts';
import { readLine } from './line.ts';
import type { LineReader } from './line.ts';

/** Asks on the terminal; `undefined` where nobody can be asked. */
export function terminalAsker(
  { stdin, err }: Pick<Io, 'stdin' | 'err'>,
  line: LineReader = readLine,
): Asker | undefined {
  if (stdin.kind !== 'terminal' || !err.isTTY) return undefined;
  let queue: Promise<unknown> = Promise.resolve();

  const ask = async (request: AskRequest, signal: AbortSignal): Promise<Answer> => {
    const { question } = request;
    if (question !== undefined) return inquire(request, question, signal);
    describe(request);
    for (let tries = 0; tries < 3; tries++) {
      err.write('Allow? [y] once  [a] this from now on  [n] no: ', 'bold');
      const answer = (await line(signal))?.trim().toLowerCase();
      if (answer === undefined) break;
      if (answer === 'y' || answer === 'yes') return { allow: true };
      // The session remembers it.
      if (answer === 'a' || answer === 'always') return { allow: true, always: true };
      if (answer === 'n' || answer === 'no') return { allow: false, message: await instead(signal) };
    }
    if (signal.aborted) err.write('\nNo answer is needed here any more.\n', 'dim');
    return { allow: false, message: NO };
  };

  const instead = async (signal: AbortSignal): Promise<string> => {
    err.write('What should it do instead? (Enter: say nothing) ', 'bold');
    return (await line(signal))?.trim() || NO;
  };

  const inquire = async ({ tool }: AskRequest, question: ToolQuestion, signal: AbortSignal): Promise<Answer> => {
    const { text, choices = [] } = question;
    err.write(`\n${tool} asks: `, 'yellow');
    err.write(`${text}\n`);
    for (const [at, choice] of choices.entries()) err.write(`  ${at + 1}  ${choice}\n`);
    err.write(choices.length === 0 ? 'Answer: ' : 'Answer (a number, or your own words): ', 'bold');
    const said = (await line(signal))?.trim() ?? '';
    if (said === '') return { allow: false, message: 'The user gave no answer.' };
    return { allow: true, text: /^\d+$/.test(said) ? (choices[Number(said) - 1] ?? said) : said };
  };

  const describe = ({ tool, access, input, reason, path }: AskRequest): void => {
    err.write('\n');
    if (path !== undefined) err.write('In a sub-session: ', 'dim');
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

const NO = 'The user said no.';

const VERBS: Readonly<Record<AskRequest['access']['effect'], string>> = {
  none: 'run',
  read: 'read',
  write: 'write',
  execute: 'run a command',
  network: 'use the network',
  unknown: 'run',
};

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
