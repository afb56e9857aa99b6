import { RepriseError } from '@reprise/core';
import { EXIT, brief } from '@reprise/tui';
import type { Handler } from '@reprise/tui';
import { withReader } from '../../sessions.ts';
import type { SEARCH } from '../options.ts';

export const search: Handler<typeof SEARCH> = async ({ options, operands }, io) => {
  const { items } = await withReader(io, options, async (sessions) => {
    if (sessions.search) return sessions.search(operands.join(' '), { limit: options.limit ?? 20 });
    throw new RepriseError('UNSUPPORTED', 'This storage can not be searched.', {
      hint: 'It has no `search`. "reprise session show ID --json" gives a session\'s text to look through.',
    });
  });
  if (options.json) io.out.json(items);
  else if (items.length === 0) io.err.write('reprise: found nowhere\n', 'dim');
  else for (const { id, seq, excerpt } of items) io.out.write(`${id}  ${seq}  ${brief(excerpt)}\n`);
  return EXIT.ok;
};
