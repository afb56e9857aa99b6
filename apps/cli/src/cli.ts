import { toCoded } from '@reprise/core';
import { COMMANDS } from './commands/table.ts';
import type { Command } from './commands/table.ts';
import { EXIT, exitCodeOf } from './exit-codes.ts';
import { nearest } from './nearest.ts';
import { parse, usageError } from './parse.ts';
import { failure } from './render/machine.ts';
import { report } from './render/report.ts';
import type { Io } from '@reprise/tui';

/** One run of the program, from the words after its name to the exit code. Never throws. */
export async function cli(words: readonly string[], io: Io, version: string): Promise<number> {
  try {
    return await dispatch(words, io, version);
  } catch (thrown) {
    const error = toCoded(thrown);
    const machine = wantsMachine(words);
    if (machine) io.out.json(failure(machine, error));
    report(error, io);
    return exitCodeOf(error);
  }
}

async function dispatch(words: readonly string[], io: Io, version: string): Promise<number> {
  const [first = '', second = ''] = words;
  if (first === '--version' || first === '-V' || first === '-v') {
    io.out.write(`${version}\n`);
    return EXIT.ok;
  }
  if (first === 'help') return dispatch([...words.slice(1), '--help'], io, version);
  const command = COMMANDS.find(({ name }) => name === first || name === `${first} ${second}`);
  if (command) {
    const parsed = parse(command, words.slice(command.name.split(' ').length));
    if (parsed.asks === 'version') return dispatch(['--version'], io, version);
    if (!parsed.asks) return (await command.load())(parsed, io);
    const { helpFor } = await import('./help.ts');
    io.out.write(helpFor(command));
    return EXIT.ok;
  }
  return showOverview(first, second, io);
}

/** No command was named: help if it was asked for, else wrong usage. */
async function showOverview(first: string, second: string, io: Io): Promise<number> {
  const group = COMMANDS.some(({ name }) => name.startsWith(`${first} `)) ? first : '';
  const word = group ? second : first;
  if (word !== '' && word !== '--help' && word !== '-h') throw unknownCommand(word, group);
  const { overview } = await import('./help.ts');
  (word === '' ? io.err : io.out).write(overview(group));
  return word === '' ? EXIT.usage : EXIT.ok;
}

function unknownCommand(word: string, group: string): Error {
  if (word.startsWith('-')) return usageError(`unknown option ${word} before the command`, group);
  const names = COMMANDS.map(({ name }: Command<any>) =>
    group ? name.replace(`${group} `, '') : (name.split(' ')[0] ?? ''),
  );
  const guess = nearest(word, names);
  const advice = guess
    ? `, did you mean "${guess}"?`
    : group === '' && word.includes(' ')
      ? '; a prompt goes behind "run"'
      : '';
  return usageError(`unknown command "${group ? `${group} ` : ''}${word}"${advice}`, group);
}

/** The output format, also where the rest of the line can't be parsed. */
function wantsMachine(words: readonly string[]): 'json' | 'stream-json' | undefined {
  if (words[0] !== 'run') return undefined;
  const end = words.indexOf('--');
  const line = words.slice(0, end === -1 ? undefined : end).join('\n');
  const found = /^--output-format[=\n](json|stream-json)$/m.exec(line)?.[1];
  return found === 'json' || found === 'stream-json' ? found : undefined;
}
