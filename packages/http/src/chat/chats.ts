import { SESSION_ID, isCoded } from '@reprise/core';
import type { Session } from '@reprise/core';
import type { ServerContext } from '../context.ts';
import { defaultModel } from '../routes/sessions.ts';

/** How a session is found by the id that a chat's client made up. */
const tagOf = (chat: string): string => `chat:${chat}`;

/** The session of a chat: of that id, or the one that was made for it; `undefined` where there is none yet. */
export async function findChat({ sessions, pool }: ServerContext, chat: string): Promise<Session | undefined> {
  const { items } = await sessions.page({ where: { tag: tagOf(chat) }, limit: 1 });
  const found = items[0]?.id ?? (SESSION_ID.test(chat) ? chat : undefined);
  if (found === undefined) return undefined;
  try {
    return await pool.open(found);
  } catch (error) {
    if (isCoded(error) && error.code === 'SESSION_NOT_FOUND') return undefined;
    throw error;
  }
}

/** The session of a chat, made with the server's default model where there is none. */
export async function chatSession(context: ServerContext, chat: string): Promise<Session> {
  const there = await findChat(context, chat);
  if (there !== undefined) return there;
  let made = context.chats.get(chat);
  if (made === undefined) {
    context.pool.refuseIfClosing();
    made = context.sessions.create({ model: defaultModel(context), tags: [tagOf(chat)] });
    context.chats.set(chat, made);
    const over = (): void => void context.chats.delete(chat);
    made.then(over, over);
  }
  const session = await made;
  context.pool.keep(session);
  return session;
}
