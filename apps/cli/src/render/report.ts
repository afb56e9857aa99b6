import type { Coded } from '@reprise/core';
import type { Io } from '@reprise/tui';

/** One line, then what to do about it. The stack is for those who ask for it. */
export function report(error: Coded, { err, env }: Pick<Io, 'err' | 'env'>): void {
  err.write('reprise: ', 'red');
  err.write(`${error.message.replaceAll(/\s*\n\s*/g, ' ')}\n`);
  if (error.hint) err.write(`  ${error.hint.replaceAll('\n', '\n  ')}\n`, 'dim');
  if (error.retryAt) err.write(`  Trying again makes sense from ${error.retryAt} on.\n`, 'dim');
  if (env['REPRISE_DEBUG'] === '1') {
    err.write(`${String(error.stack)}\n${error.cause ? `cause: ${String(error.cause)}\n` : ''}`);
  }
}
