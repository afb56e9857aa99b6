import type { Message } from '@reprise/core';
import { EXIT, asText, callLine, exitCodeOf, reportError } from '@reprise/tui';
import type { Handler, Sink } from '@reprise/tui';
import { plain } from '../../render/machine.ts';
import { withReader } from '../../sessions.ts';
import type { READ } from '../options.ts';

/** On damage: what loads, then the damage and its exit code. */
export const show: Handler<typeof READ> = async ({ options, operands: [id = ''] }, io) => {
  const { head, messages, error } = await withReader(io, options, (sessions) => sessions.show(id));
  if (options.json) io.out.json({ ...head, messages, ...(error && { error: plain(error) }) });
  else for (const message of messages) print(message, io.out);
  if (!error) return EXIT.ok;
  reportError(error, io, 'reprise');
  return exitCodeOf(error);
};

function print(
  { id, role, timestamp, content, toolCalls = [], toolResults = [], finishReason, takenBack }: Message,
  out: Sink,
): void {
  const marks = [finishReason === 'interrupted' ? '  (interrupted)' : '', takenBack ? '  (taken back)' : ''].join('');
  out.write(`${role}  ${timestamp}  ${id}${marks}\n`, takenBack ? 'dim' : 'bold');
  if (content !== '') out.write(`${content.trimEnd()}\n`);
  for (const call of toolCalls) {
    out.write(`${callLine(call)}\n`, 'cyan');
    const answer = toolResults.find((result) => result.id === call.id);
    if (answer?.error !== undefined) out.write(`${answer.error}\n`, 'red');
    else if (answer) out.write(`${asText(answer.result, 2).trimEnd()}\n`, 'dim');
  }
  out.write('\n');
}
