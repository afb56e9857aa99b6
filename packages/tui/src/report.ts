import type { Coded } from '@reprise/core';
import type { Io } from './io.ts';

/** Tells of an error on `err`: one line after the program's name, then what to do about it. `REPRISE_DEBUG=1` adds the stack. */
export function reportError(error: Coded, { err, env }: Pick<Io, 'err' | 'env'>, program: string): void {
  err.write(`${program}: `, 'red');
  err.write(`${error.message.replaceAll(/\s*\n\s*/g, ' ')}\n`);
  if (error.hint) err.write(`  ${error.hint.replaceAll('\n', '\n  ')}\n`, 'dim');
  if (error.retryAt) err.write(`  Trying again makes sense from ${error.retryAt} on.\n`, 'dim');
  if (env['REPRISE_DEBUG'] === '1') {
    err.write(`${String(error.stack)}\n${error.cause ? `cause: ${String(error.cause)}\n` : ''}`);
  }
}
