import type { Command, Options } from '@reprise/tui';

/** Holds a handler to the options of its command. */
export function define<O extends Options>(command: Command<O>): Command<O> {
  return command;
}

/** The operand of commands on one session. */
export const one = { usage: 'ID', min: 1, max: 1 };
