import type { Io } from '../io.ts';
import { EXIT } from '../exit-codes.ts';
import { nearest } from './nearest.ts';
import { parse, usageError } from './parse.ts';
import type { Options, Parsed, Shape } from './parse.ts';

/** Gives the exit code; throws a coded error otherwise. */
export type Handler<O extends Options> = (
  parsed: Parsed<O>,
  io: Io,
  program: Pick<Program, 'name' | 'version'>,
) => Promise<number>;

export interface Command<O extends Options = Options> extends Shape<O> {
  /** One sentence. */
  readonly summary: string;
  readonly details?: string;
  readonly examples: readonly (readonly [line: string, what: string])[];
  /** Called when the command runs, so that nothing of it is loaded before. */
  readonly load: () => Promise<Handler<O>>;
}

/** A command line program as data. */
export interface Program {
  readonly name: string;
  readonly version: string;
  /** Names may be of two words, `session list`: then `session` is a group. */
  readonly commands: readonly Command<any>[];
  /** Paragraphs at the end of a command's help; without a name, of the overview. */
  notes(command?: string): readonly string[];
  /** What to say to a first word that is no command and no slip of one. */
  stray?(word: string): string | undefined;
}

/** One run of `program`, from the words after its name to the exit code. What the words do wrong is INVALID_INPUT. */
export async function runProgram(program: Program, words: readonly string[], io: Io): Promise<number> {
  const [first = '', second = ''] = words;
  if (first === '--version' || first === '-V' || first === '-v') {
    io.out.write(`${program.version}\n`);
    return EXIT.ok;
  }
  if (first === 'help') return runProgram(program, [...words.slice(1), '--help'], io);
  const command = program.commands.find(({ name }) => name === first || name === `${first} ${second}`);
  if (!command) return showOverview(program, first, second, io);
  const parsed = parse(command, words.slice(command.name.split(' ').length), `${program.name} ${command.name}`);
  if (parsed.asks === 'version') return runProgram(program, ['--version'], io);
  if (!parsed.asks) return (await command.load())(parsed, io, program);
  const { helpFor } = await import('./help.ts');
  io.out.write(helpFor(program, command));
  return EXIT.ok;
}

/** No command was named: help if it was asked for, else wrong usage. */
async function showOverview(program: Program, first: string, second: string, io: Io): Promise<number> {
  const group = program.commands.some(({ name }) => name.startsWith(`${first} `)) ? first : '';
  const word = group ? second : first;
  if (word !== '' && word !== '--help' && word !== '-h') throw unknownCommand(program, word, group);
  const { overview } = await import('./help.ts');
  (word === '' ? io.err : io.out).write(overview(program, group));
  return word === '' ? EXIT.usage : EXIT.ok;
}

function unknownCommand({ name: program, commands, stray }: Program, word: string, group: string): Error {
  const asked = group ? `${program} ${group}` : program;
  if (word.startsWith('-')) return usageError(`unknown option ${word} before the command`, asked);
  const names = commands.map(({ name }) => (group ? name.replace(`${group} `, '') : (name.split(' ')[0] ?? '')));
  const guess = nearest(word, names);
  const other = group ? undefined : stray?.(word);
  const advice = guess ? `, did you mean "${guess}"?` : other ? `; ${other}` : '';
  return usageError(`unknown command "${group ? `${group} ` : ''}${word}"${advice}`, asked);
}
