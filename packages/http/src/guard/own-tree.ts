import type { SessionTree, TreeNode } from '@reprise/core';

/**
 * The part of a family that an owner sees: from the highest session that is reached through nothing but own ones. One that is gone belongs to
 * nobody, and no more of it is told than what its copies bear.
 */
export function ownPart({ items }: SessionTree, id: string, owner: string): SessionTree {
  const nodes = new Map(items.map((node) => [node.id, node]));
  const own = new Set<string>();
  // A node stands after the one above it.
  for (const node of items) if (isOwn(node, own, owner) || node.id === id) own.add(node.id);
  let root = id;
  for (let above = nodes.get(root)?.parent; above !== undefined && own.has(above); above = nodes.get(root)?.parent)
    root = above;
  const shown = new Set([root]);
  for (const { id: each, parent } of items)
    if (parent !== undefined && shown.has(parent) && own.has(each)) shown.add(each);
  const kept = items.filter(({ id: each }) => shown.has(each));
  return { root, items: kept.map((node) => (node.id === root ? atTop(node) : node)) };
}

function isOwn({ head, kind, parent = '' }: TreeNode, own: ReadonlySet<string>, owner: string): boolean {
  return head === undefined || head.tags?.includes(owner) === true || (kind === 'spawn' && own.has(parent));
}

function atTop({ id, head, more }: TreeNode): TreeNode {
  return { id, ...(head && { head }), ...(more && { more }) };
}
