import type { Coded, Message } from '@reprise/core';
import type { Connection } from './http.ts';
import { ask, errorOf } from './http.ts';

interface Page {
  readonly items: readonly (Message & { readonly seq: number; readonly turn?: string })[];
  readonly after?: number;
  readonly damage?: unknown;
}

export interface Read {
  readonly messages: Message[];
  /** The first damage that the server met. */
  readonly error?: Coded;
}

/** All messages of a session, page by page. */
export async function everyMessage(connection: Connection, id: string, all: boolean): Promise<Read> {
  const messages: Message[] = [];
  let error: Coded | undefined;
  for (let after: number | undefined = 0; after !== undefined;) {
    const page: Page = await ask(connection, {
      method: 'GET',
      path: `/sessions/${id}/messages`,
      query: { after, limit: 1000, all },
    });
    messages.push(...page.items.map(({ seq: _seq, turn: _turn, ...message }) => message));
    error ??= errorOf(page.damage);
    after = page.after;
  }
  return error === undefined ? { messages } : { messages, error };
}
