import type { Verdict } from '../contracts/ask.ts';
import { EFFORTS } from '../contracts/model.ts';
import type { InboxEntry } from '../contracts/storage.ts';
import type { Limits } from '../contracts/usage.ts';
import { wrongLimits } from '../session/limits.ts';
import type { Said } from '../turn/said.ts';

/** What others leave for the holder of the lease. */
export type Letter =
  | (Said & { readonly kind: 'message'; readonly key: string; readonly mode: 'queue' | 'steer' })
  /** Takes a message back that nobody has taken up. */
  | { readonly kind: 'cancel'; readonly key: string; readonly message: string }
  | { readonly kind: 'abort'; readonly key: string; readonly reason: string }
  /** What a person says to a question, of exactly what the fingerprint stands for. */
  | {
      readonly kind: 'answer';
      readonly key: string;
      readonly ask: string;
      readonly fingerprint: string;
      readonly verdict: Extract<Verdict, 'once' | 'always' | 'deny'>;
      readonly message?: string;
      readonly text?: string;
      readonly by: string;
    };

export type MessageLetter = Extract<Letter, { kind: 'message' }>;
export type AnswerLetter = Extract<Letter, { kind: 'answer' }>;

export function letterEntry({ key, ...body }: Letter): InboxEntry {
  return { key, json: JSON.stringify(body) };
}

/** Takes back the message of this key. */
export function cancelEntry(key: string): InboxEntry {
  return letterEntry({ kind: 'cancel', key: `cancel_${key}`.slice(0, 128), message: key });
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
  if (kind === 'answer') return readAnswer(key, body);
  if (kind === 'abort' && typeof reason === 'string') return { kind, key, reason };
  return undefined;
}

/** How the turn is to be run, as far as this code understands it. */
function howOf({ effort, budget }: Record<string, unknown>): Omit<Said, 'text' | 'key'> {
  const known = EFFORTS.find((one) => one === effort);
  return {
    ...(known !== undefined && { effort: known }),
    ...(wrongLimits(budget) === undefined && { budget: budget as Limits }),
  };
}

function readAnswer(key: string, body: Record<string, unknown>): AnswerLetter | undefined {
  const { ask, fingerprint, verdict, message, text, by } = body;
  if (typeof ask !== 'string' || typeof fingerprint !== 'string' || typeof by !== 'string') return undefined;
  if (verdict !== 'once' && verdict !== 'always' && verdict !== 'deny') return undefined;
  return {
    kind: 'answer',
    key,
    ask,
    fingerprint,
    verdict,
    ...(typeof message === 'string' && { message }),
    ...(typeof text === 'string' && { text }),
    by,
  };
}
