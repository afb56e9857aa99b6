import type { SessionTree, TreeNode } from '@reprise/core';
import { EXIT, brief } from '@reprise/tui';
import type { Handler, Sink } from '@reprise/tui';
import { withReader } from '../../sessions.ts';
import type { TREE } from '../options.ts';

export const tree: Handler<typeof TREE> = async ({ options, operands: [id = ''] }, io) => {
  const { limit, below = false } = options;
  const how = { below, ...(limit !== undefined && { limit }) };
  const family = await withReader(io, options, (sessions) => sessions.tree(id, how));
  if (options.json) io.out.json(family);
  else draw(family, id, io.out);
  return EXIT.ok;
};

/** Depth first, so that what belongs together stands together. */
function draw({ root, items }: SessionTree, asked: string, out: Sink): void {
  const below = Map.groupBy(items, ({ parent }) => parent);
  const line = (node: TreeNode, lead: string, rest: string): void => {
    out.write(`${lead}${told(node, asked)}\n`, node.id === asked ? 'bold' : undefined);
    const children = below.get(node.id) ?? [];
    children.forEach((child, at) => {
      const last = at === children.length - 1 && !node.more;
      line(child, `${rest}${last ? '└─ ' : '├─ '}`, `${rest}${last ? '   ' : '│  '}`);
    });
    if (node.more) out.write(`${rest}└─ … reprise session tree --below ${node.id}\n`, 'dim');
  };
  const top = items.find(({ id }) => id === root);
  if (top !== undefined) line(top, '', '');
}

function told({ id, head, kind, message }: TreeNode, asked: string): string {
  const from = kind === 'spawn' ? 'sub-session' : message === undefined ? 'copy' : `copy up to ${message}`;
  const facts = [
    ...(head === undefined ? ['deleted'] : [counted(head.messageCount), head.createdAt.slice(0, 16).replace('T', ' ')]),
    ...(kind === undefined ? [] : [from]),
  ];
  const title = head?.title === undefined ? '' : `  ${brief(head.title, 60)}`;
  return `${id === asked ? '* ' : ''}${id}${title}  (${facts.join(', ')})`;
}

function counted(messages: number): string {
  return messages === 1 ? '1 message' : `${messages} messages`;
}
