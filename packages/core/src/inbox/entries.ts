import { EFFORTS } from '../contracts/model.ts';
import type { InboxEntry } from '../contracts/storage.ts';
import type { Said } from '../turn/said.ts';

/** What others leave for the holder of the lease. */
export type Letter =
  | (Said & { readonly kind: 'message'; readonly key: string; readonly mode: 'queue' | 'steer' })
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
    return { kind, key, mode, text, ...howOf(body) };
  if (kind === 'cancel' && typeof message === 'string') return { kind, key, message };
  if (kind === 'abort' && typeof reason === 'string') return { kind, key, reason };
  return undefined;
}

/** How the turn is to be run, as far as this code understands it. */
function howOf({ effort }: Record<string, unknown>): Omit<Said, 'text' | 'key'> {
  const known = EFFORTS.find((one) => one === effort);
  return known === undefined ? {} : { effort: known };
}
