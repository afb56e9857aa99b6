import { toCoded } from '@reprise/core';
import { exitCodeOf, reportError, runProgram } from '@reprise/tui';
import type { Io, Program } from '@reprise/tui';
import { COMMANDS } from './commands/table.ts';
import { hintedBy } from './hints.ts';
import { failure } from './render/machine.ts';

const EXIT_CODES = `Exit codes:
  0 done   1 failure   2 wrong usage   3 credentials or configuration   4 not found   5 provider
  6 permission denied   7 step limit or budget   8 session busy   130 interrupted (143 SIGTERM, 129 SIGHUP)`;

const ENVIRONMENT = `Environment:
  REPRISE_HOME        where sessions/ and config.json are (default ~/.opencode)
  ANTHROPIC_API_KEY   and the other providers' usual variables
  REPRISE_TOKEN       the access token for --server
  REPRISE_SERVER_TOKEN   an access token of your own for "reprise serve"
  REPRISE_TOKENS      where its named tokens are ("reprise token")
  NO_COLOR, FORCE_COLOR, REPRISE_DEBUG=1 (stack traces)`;

const PROGRAM: Omit<Program, 'version'> = {
  name: 'reprise',
  commands: COMMANDS,
  notes: (command) => (command === undefined ? [ENVIRONMENT, EXIT_CODES] : command === 'run' ? [EXIT_CODES] : []),
  stray: (word) => (word.includes(' ') ? 'a prompt goes behind "run"' : undefined),
};

/** One run of the program, from the words after its name to the exit code. Never throws. */
export async function cli(words: readonly string[], io: Io, version: string): Promise<number> {
  try {
    return await runProgram({ ...PROGRAM, version }, words, io);
  } catch (thrown) {
    const error = toCoded(thrown);
    const machine = wantsMachine(words);
    if (machine) io.out.json(failure(machine, error));
    const command = words.slice(0, words[0] === 'session' ? 2 : 1).join(' ');
    reportError(hintedBy(command, error), io, 'reprise');
    return exitCodeOf(error);
  }
}

/** The output format, also where the rest of the line can't be parsed. */
function wantsMachine(words: readonly string[]): 'json' | 'stream-json' | undefined {
  if (words[0] !== 'run') return undefined;
  const end = words.indexOf('--');
  const line = words.slice(0, end === -1 ? undefined : end).join('\n');
  const found = /^--output-format[=\n](json|stream-json)$/m.exec(line)?.[1];
  return found === 'json' || found === 'stream-json' ? found : undefined;
}
