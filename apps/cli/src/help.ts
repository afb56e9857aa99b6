import { COMMANDS } from './commands/table.ts';
import type { Command } from './commands/table.ts';
import type { Options } from './parse.ts';

const EXIT_CODES = `Exit codes:
  0 done   1 failure   2 wrong usage   3 credentials or configuration   4 not found   5 provider
  6 permission denied   7 step limit or budget   8 session busy   130 interrupted (143 SIGTERM, 129 SIGHUP)`;

const ENVIRONMENT = `Environment:
  REPRISE_HOME        where sessions/ and config.json are (default ~/.opencode)
  ANTHROPIC_API_KEY   and the other providers' usual variables
  NO_COLOR, FORCE_COLOR, REPRISE_DEBUG=1 (stack traces)`;

/** Help for the whole program, or for the commands whose names start with `group`. */
export function overview(group = ''): string {
  const commands = COMMANDS.filter(({ name }) => name.startsWith(group));
  return (
    [
      `Usage: reprise ${group ? `${group} ` : ''}<command> [options]`,
      section(
        'Commands:',
        commands.map(({ name, operands, summary }) => [`${name} ${operands.usage}`.trim(), summary]),
      ),
      section(
        'Examples:',
        commands.flatMap(({ examples }) => examples.slice(0, group || commands.length < 3 ? 2 : 1)),
      ),
      ...(group
        ? []
        : [`Options:\n  -h, --help      Show help; also behind every command.\n  -V, --version   Show the version.`]),
      ...(group ? [] : [ENVIRONMENT, EXIT_CODES]),
      '',
    ]
      .join('\n\n')
      .trimEnd() + '\n'
  );
}

export function helpFor({ name, operands, summary, details, options, examples }: Command<any>): string {
  const rows = Object.entries(options as Options).map(([long, { short, value, choices, help }]): [string, string] => [
    `${short ? `-${short}, ` : '    '}--${long} ${choices?.join('|') ?? value ?? ''}`.trimEnd(),
    help,
  ]);
  return (
    [
      `Usage: reprise ${name}${rows.length > 0 ? ' [options]' : ''} ${operands.usage}`.trimEnd(),
      summary + (details ? `\n\n${details}` : ''),
      section('Options:', [...rows, ['-h, --help', 'Show this help.']]),
      section('Examples:', examples, 62),
      ...(name === 'run' ? [EXIT_CODES] : []),
    ].join('\n\n') + '\n'
  );
}

/** Two columns; a left side beyond `widest` has its right side below. */
function section(title: string, rows: readonly (readonly [string, string])[], widest = 44): string {
  const width = Math.max(...rows.map(([left]) => (left.length > widest ? 0 : left.length)));
  const lines = rows.map(([left, right]) => {
    if (right === '') return `  ${left}`;
    return left.length > width ? `  ${left}\n  ${' '.repeat(width)}  ${right}` : `  ${left.padEnd(width)}  ${right}`;
  });
  return `${title}\n${lines.join('\n')}`;
}
