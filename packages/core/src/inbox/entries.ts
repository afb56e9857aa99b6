import type { InboxEntry } from '../contracts/storage.ts';

/** What others leave for the holder of the lease. */
export type Letter =
  | { readonly kind: 'message'; readonly key: string; readonly mode: 'queue' | 'steer'; readonly text: string }
  /** Takes a message back that nobody has taken up. */
  | { readonly kind: 'cancel'; readonly key: string; readonly message: string }
  | { readonly kind: 'abort'; readonly key: string; readonly reason: string };

export type MessageLetter = Extract<Letter, { kind: 'message' }>;

export function letterEntry({ key, ...body }: Letter): InboxEntry {
  return { key, json: JSON.stringify(body) };
}

/** The letter in an entry; `undefined` for what this code doesn't understand, which is left where it is. */
export function readLetter({ key, json }: InboxEntry): Letter | undefined {
  let body: Record<string, unknown>;
  try {
    body = Object(JSON.parse(json)) as Record<string, unknown>;
  } catch {
    return undefined;
  }
  const { kind, mode, text, message, reason } = body;
  if (kind === 'message' && typeof text === 'string' && (mode === 'queue' || mode === 'steer'))
    return { kind, key, mode, text };
  if (kind === 'cancel' && typeof message === 'string') return { kind, key, message };
  if (kind === 'abort' && typeof reason === 'string') return { kind, key, reason };
  return undefined;
}
