import type { Message } from '@reprise/core';
import type { Connection } from './http.ts';
import { ask } from './http.ts';

interface Page {
  readonly items: readonly (Message & { readonly seq: number; readonly turn?: string })[];
  readonly after?: number;
}

/** All messages of a session, page by page. */
export async function everyMessage(connection: Connection, id: string, all: boolean): Promise<Message[]> {
  const messages: Message[] = [];
  for (let after: number | undefined = 0; after !== undefined;) {
    const page: Page = await ask(connection, {
      method: 'GET',
      path: `/sessions/${id}/messages`,
      query: { after, limit: 1000, all },
    });
    messages.push(...page.items.map(({ seq: _seq, turn: _turn, ...message }) => message));
    after = page.after;
  }
  return messages;
}
