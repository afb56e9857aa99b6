import { RepriseError } from '@reprise/core';
import { nearest } from './nearest.ts';

export interface Option {
  /** `list`: a text that may be given several times. */
  readonly type: 'text' | 'switch' | 'count' | 'choice' | 'list';
  readonly help: string;
  readonly short?: string;
  /** How help names the value. */
  readonly value?: string;
  readonly choices?: readonly string[];
}

export type Options = Readonly<Record<string, Option>>;

export type Values<O extends Options> = {
  readonly [K in keyof O]?: O[K] extends { type: 'switch' }
    ? boolean
    : O[K] extends { type: 'count' }
      ? number
      : O[K] extends { type: 'list' }
        ? readonly string[]
        : O[K] extends { choices: readonly (infer C)[] }
          ? C
          : string;
};

export interface Parsed<O extends Options> {
  readonly options: Values<O>;
  readonly operands: readonly string[];
}

export interface Shape<O extends Options> {
  readonly name: string;
  readonly options: O;
  /** What follows the name, for example `[prompt…]`, and how many of them. */
  readonly operands: { readonly usage: string; readonly min: number; readonly max: number };
}

const EVERYWHERE: Options = {
  help: { type: 'switch', short: 'h', help: 'Show this help.' },
  version: { type: 'switch', help: 'Show the version.' },
};

/** What looks like an option. A prompt may begin with a dash (`- first\n- second`). */
const OPTION = /^--?[a-zA-Z][\w-]*(=|$)/;

/** Before a word that begins with a dash and is no option; no argument of a process can hold it. */
const GUARD = '\0';
const bare = (word: string): string => (word.startsWith(GUARD) ? word.slice(1) : word);

/**
 * The words after a command's name. INVALID_INPUT, with the nearest name, for anything that the command doesn't take; `command` is what
 * its hint calls it, with the program's name.
 */
export function parse<O extends Options>(
  shape: Shape<O>,
  words: readonly string[],
  command: string = shape.name,
): Parsed<O> & { asks?: 'help' | 'version' } {
  const options: Options = { ...shape.options, ...EVERYWHERE };
  // Strict parsing would throw at the first unknown option in words of its own; the tokens let us choose ours.
  const { tokens } = process.getBuiltinModule('node:util').parseArgs({
    args: words.map((word) => (word.length > 2 && word.startsWith('-') && !OPTION.test(word) ? GUARD + word : word)),
    options: Object.fromEntries(
      Object.entries(options).map(([name, { type, short }]) => [
        name,
        { type: type === 'switch' ? ('boolean' as const) : ('string' as const), ...(short && { short }) },
      ]),
    ),
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  const values: Record<string, string | number | boolean | readonly string[]> = {};
  const operands: string[] = [];
  for (const token of tokens) {
    if (token.kind === 'positional') operands.push(bare(token.value));
    if (token.kind !== 'option') continue;
    const option = Object.hasOwn(options, token.name) ? options[token.name] : undefined;
    if (!option) throw unknown(token.rawName, options, command);
    const value = token.value && bare(token.value);
    const given = valueOf(option, token.rawName, value, token.inlineValue === true, command);
    const before = values[token.name];
    values[token.name] = option.type === 'list' ? [...(Array.isArray(before) ? before : []), String(given)] : given;
  }
  const asks = values['help'] ? 'help' : values['version'] ? 'version' : undefined;
  if (asks) return { options: {}, operands, asks };
  const { min, max, usage } = shape.operands;
  if (operands.length < min) throw usageError(`${usage} is missing`, command);
  if (operands.length > max) throw usageError(`"${operands[max]}" is one word too many`, command);
  return { options: values as Values<O>, operands };
}

function valueOf(
  option: Option,
  name: string,
  value: string | undefined,
  inline: boolean,
  command: string,
): string | number | boolean {
  const wrong = (message: string): RepriseError => usageError(`${name} ${message}`, command);
  if (option.type === 'switch') {
    if (value !== undefined) throw wrong('is a switch and takes no value');
    return true;
  }
  if (value === undefined) throw wrong('needs a value');
  // `--session --json` is a forgotten value, not a session of that name; `--system=--json` is what it says.
  if (!inline && OPTION.test(value)) {
    throw wrong(`needs a value; write ${name}=${value} if "${value}" is meant to be it`);
  }
  if (option.type === 'choice' && !option.choices?.includes(value)) {
    const guess = nearest(value, option.choices ?? []);
    throw wrong(`takes ${option.choices?.join(', ')}, not "${value}"${guess ? `; "${guess}" is near` : ''}`);
  }
  if (option.type === 'count') {
    if (!/^[1-9]\d{0,14}$/.test(value)) throw wrong(`takes a whole number above 0, not "${value}"`);
    return Number(value);
  }
  return value;
}

function unknown(rawName: string, options: Options, command: string): RepriseError {
  const guess = nearest(
    rawName,
    Object.keys(options).map((name) => `--${name}`),
  );
  return usageError(`unknown option ${rawName}${guess ? `, did you mean ${guess}?` : ''}`, command);
}

/** Wrong usage of `command`, whose help says what it takes. */
export function usageError(message: string, command: string): RepriseError {
  return new RepriseError('INVALID_INPUT', message, { hint: `${command} --help shows what it takes.` });
}
