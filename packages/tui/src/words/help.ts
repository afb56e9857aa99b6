import type { Command, Program } from './program.ts';
import type { Options } from './parse.ts';

/** Help for the whole program, or for the commands whose names start with `group`. */
export function overview(program: Program, group = ''): string {
  const commands = program.commands.filter(({ name }) => name.startsWith(group));
  const options = `Options:\n  -h, --help      Show help; also behind every command.\n  -V, --version   Show the version.`;
  const rows = commands.map(({ name, operands, summary }): Row => [`${name} ${operands.usage}`.trim(), summary]);
  const examples = commands.flatMap((one) => one.examples.slice(0, group || commands.length < 3 ? 2 : 1));
  return page([
    `Usage: ${program.name} ${group ? `${group} ` : ''}<command> [options]`,
    section('Commands:', rows),
    section('Examples:', examples),
    ...(group ? [] : [options, ...program.notes()]),
  ]);
}

export function helpFor(
  program: Program,
  { name, operands, summary, details, options, examples }: Command<any>,
): string {
  const rows = Object.entries(options as Options).map(([long, { short, value, choices, help }]): Row => [
    `${short ? `-${short}, ` : '    '}--${long} ${choices?.join('|') ?? value ?? ''}`.trimEnd(),
    help,
  ]);
  return page([
    `Usage: ${program.name} ${name}${rows.length > 0 ? ' [options]' : ''} ${operands.usage}`.trimEnd(),
    summary + (details ? `\n\n${details}` : ''),
    section('Options:', [...rows, ['-h, --help', 'Show this help.']]),
    section('Examples:', examples, 62),
    ...program.notes(name),
  ]);
}

type Row = readonly [left: string, right: string];

function page(parts: readonly string[]): string {
  return `${parts.join('\n\n').trimEnd()}\n`;
}

/** Two columns; a left side beyond `widest` has its right side below. */
function section(title: string, rows: readonly Row[], widest = 44): string {
  const width = Math.max(...rows.map(([left]) => (left.length > widest ? 0 : left.length)));
  const lines = rows.map(([left, right]) => {
    if (right === '') return `  ${left}`;
    return left.length > width ? `  ${left}\n  ${' '.repeat(width)}  ${right}` : `  ${left.padEnd(width)}  ${right}`;
  });
  return `${title}\n${lines.join('\n')}`;
}
