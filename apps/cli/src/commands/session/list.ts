import type { SessionHead } from '@reprise/core';
import { EXIT, asText, brief } from '@reprise/tui';
import type { Handler } from '@reprise/tui';
import { withReader } from '../../sessions.ts';
import type { READ } from '../options.ts';

export { usage } from './usage.ts';

export const list: Handler<typeof READ> = async ({ options }, io) => {
  const heads = await withReader(io, options, (sessions) => sessions.list());
  if (options.json) io.out.json(heads);
  else if (heads.length === 0) io.err.write('reprise: no sessions yet\n', 'dim');
  else io.out.write(table(heads));
  return EXIT.ok;
};

export const info: Handler<typeof READ> = async ({ options, operands: [id = ''] }, io) => {
  const { head, usage } = await withReader(io, options, async (sessions) => {
    const found = await sessions.info(id);
    // The ledger is in the records: where these can't be read, the head still can.
    return { head: found, usage: await sessions.usage(id).catch(() => undefined) };
  });
  if (options.json) io.out.json({ ...head, ...(usage && { usage }) });
  else for (const [name, value] of Object.entries(head)) io.out.write(`${name.padEnd(14)}${asText(value)}\n`);
  return EXIT.ok;
};

/** Whole ids, so that a line can be copied. */
function table(heads: readonly SessionHead[]): string {
  const rows = heads.map(({ id, lastMessage, messageCount, model, title = '' }) => {
    return [id, lastMessage.slice(0, 16).replace('T', ' '), `${messageCount}`, model, brief(title, 60)];
  });
  const header = ['ID', 'LAST MESSAGE', 'MESSAGES', 'MODEL', 'TITLE'];
  const widths = header.map((name, i) => Math.max(name.length, ...rows.map((row) => row[i]?.length ?? 0)));
  const line = (row: string[]) => row.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join('  ');
  return [header, ...rows].map((row) => `${line(row).trimEnd()}\n`).join('');
}
