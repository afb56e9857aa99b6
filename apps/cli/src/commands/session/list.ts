import type { SessionHead } from '@reprise/core';
import { openSessions } from '../../compose.ts';
import { EXIT } from '../../exit-codes.ts';
import { brief } from '../../render/lines.ts';
import type { JSON_ONLY } from '../options.ts';
import type { Handler } from '../table.ts';

export const list: Handler<typeof JSON_ONLY> = async ({ options }, io) => {
  const { sessions } = await openSessions(io);
  try {
    const heads = await sessions.list();
    if (options.json) io.out.json(heads);
    else if (heads.length === 0) io.err.write('reprise: no sessions yet\n', 'dim');
    else for (const line of table(heads)) io.out.write(line);
    return EXIT.ok;
  } finally {
    await sessions.close();
  }
};

export const info: Handler<typeof JSON_ONLY> = async ({ options, operands: [id = ''] }, io) => {
  const { sessions } = await openSessions(io);
  try {
    const head = await sessions.info(id);
    if (options.json) io.out.json(head);
    else for (const [name, value] of facts(head)) io.out.write(`${name.padEnd(14)}${value}\n`);
    return EXIT.ok;
  } finally {
    await sessions.close();
  }
};

/** Whole ids, so that a line can be copied. */
function table(heads: readonly SessionHead[]): string[] {
  const rows = heads.map(({ id, lastMessage, messageCount, model, title }) => [
    id,
    lastMessage.slice(0, 16).replace('T', ' '),
    `${messageCount}`,
    model,
    brief(title ?? '', 60),
  ]);
  const header = ['ID', 'LAST MESSAGE', 'MESSAGES', 'MODEL', 'TITLE'];
  const widths = header.map((name, i) => Math.max(name.length, ...rows.map((row) => row[i]?.length ?? 0)));
  return [header, ...rows].map(
    (row) =>
      `${row
        .map((cell, i) => cell.padEnd(widths[i] ?? 0))
        .join('  ')
        .trimEnd()}\n`,
  );
}

function facts({ tokenUsage, parent, tools, tags, ...head }: SessionHead): [string, string][] {
  const { input, output, total } = tokenUsage;
  return [
    ['id', head.id],
    ...(head.title === undefined ? [] : [['title', head.title] as [string, string]]),
    ['model', head.model],
    ['status', head.status],
    ['created', head.createdAt],
    ['last message', head.lastMessage],
    ['messages', `${head.messageCount}`],
    ['tokens', `${total} (${input} in, ${output} out)`],
    ['tools', tools.join(', ') || 'none'],
    ...(head.cwd === undefined ? [] : [['directory', head.cwd] as [string, string]]),
    ...(tags === undefined || tags.length === 0 ? [] : [['tags', tags.join(', ')] as [string, string]]),
    ...(parent === undefined ? [] : [['copy of', `${parent.id}, up to record ${parent.seq}`] as [string, string]]),
  ];
}
