import type { SessionHead } from '@reprise/core';
import type { ServerContext } from './context.ts';

/** A session as a server tells of it. */
export type ToldHead = SessionHead & { readonly running?: true };

/** With whether its turn runs here: one that is `active` and does not runs in another process, or was left open by a crash. */
export function told({ sessions }: Pick<ServerContext, 'sessions'>, head: SessionHead): ToldHead {
  return head.status === 'active' && sessions.isRunning(head.id) ? { ...head, running: true } : head;
}

/** The same of one in a list, which stores may have as it was before a crash. */
export async function toldInList(
  context: Pick<ServerContext, 'sessions' | 'left'>,
  head: SessionHead,
): Promise<ToldHead> {
  const { sessions, left } = context;
  if (!left.has(head.id) || sessions.isRunning(head.id)) return told(context, head);
  // Deleted in between: it is told as it was.
  const now = await sessions.info(head.id).catch(() => head);
  if (now.status !== 'active') left.delete(head.id);
  return told(context, now);
}
