import type { PendingAsk } from '@reprise/core';
import { EXIT, asText } from '@reprise/tui';
import type { Handler, Sink } from '@reprise/tui';
import { withReader } from '../../sessions.ts';
import type { READ } from '../options.ts';

export const approvals: Handler<typeof READ> = async ({ options, operands: [id = ''] }, io) => {
  const waiting = await withReader(io, options, (sessions) => sessions.approvals(id));
  if (options.json) io.out.json(waiting);
  else for (const ask of waiting) print(ask, io.out);
  return EXIT.ok;
};

function print({ id, tool, input, access, reason, question, expires, path = [] }: PendingAsk, out: Sink): void {
  out.write(`${id}  ${tool}${path.length === 0 ? '' : `  (in ${path.join(' › ')})`}\n`, 'bold');
  if (question) {
    out.write(`  ${question.text}\n`);
    for (const choice of question.choices ?? []) out.write(`  - ${choice}\n`);
  } else {
    if (reason !== undefined) out.write(`  ${reason}\n`);
    const about = access.command ?? access.paths?.join('\n') ?? asText(input);
    out.write(`${about.replaceAll(/^/gm, '  ')}\n`);
  }
  if (expires !== undefined) out.write(`  until ${expires}\n`, 'dim');
}
