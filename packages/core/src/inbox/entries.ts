import type { Verdict } from '../contracts/ask.ts';
import type { JSONValue } from '@ai-sdk/provider';
import { EFFORTS } from '../contracts/model.ts';
import type { InboxEntry } from '../contracts/storage.ts';
import type { Limits } from '../contracts/usage.ts';
import { wrongLimits } from '../session/limits.ts';
import { RepriseError } from '../errors.ts';
import { fromBase64, toBase64 } from '../files/base64.ts';
import type { NewFile } from '../files/read.ts';
import { fileOf, typeOf } from '../files/read.ts';
import type { Said } from '../turn/said.ts';

/** Whoever waits for a busy session looks again so often. */
export const AGAIN_MS = 200;

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

/** Bytes of files that a message may take along into the inbox, which is read as a whole. */
const FILES = 1_048_576;

/** INVALID_INPUT for a message whose files are too large to wait. */
export function letterEntry({ key, ...letter }: Letter): InboxEntry {
  if (letter.kind !== 'message' || letter.files === undefined) return { key, json: JSON.stringify(letter) };
  const { files, ...body } = letter;
  if (files.reduce((sum, { size }) => sum + size, 0) > FILES) {
    throw new RepriseError('INVALID_INPUT', 'A message that waits takes at most 1 MiB of files along.', {
      hint: 'Send it when the session is free.',
    });
  }
  const packed = files.map(({ bytes, mediaType, name }) => ({ data: toBase64(bytes), mediaType, name }));
  return { key, json: JSON.stringify({ ...body, files: packed }) };
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
    return { kind, key, mode, text, waited: true, ...filesOf(body), ...howOf(body) };
  if (kind === 'cancel' && typeof message === 'string') return { kind, key, message };
  if (kind === 'answer') return readAnswer(key, body);
  if (kind === 'abort' && typeof reason === 'string') return { kind, key, reason };
  return undefined;
}

/** The files that came along; what is none any more is left out. */
function filesOf({ files }: Record<string, unknown>): { readonly files?: NewFile[] } {
  const read = (Array.isArray(files) ? files : []).flatMap((file: unknown) => {
    const { data, mediaType, name } = Object(file) as Record<string, unknown>;
    const bytes = typeof data === 'string' ? fromBase64(data) : undefined;
    if (bytes === undefined || typeof mediaType !== 'string' || typeOf(bytes, mediaType) === undefined) return [];
    return [fileOf(bytes, mediaType, typeof name === 'string' ? name : undefined)];
  });
  return read.length === 0 ? {} : { files: read };
}

/** How the turn is to be run, as far as this code understands it. */
function howOf({ effort, budget, output }: Record<string, unknown>): Omit<Said, 'text' | 'key'> {
  const known = EFFORTS.find((one) => one === effort);
  return {
    ...(known !== undefined && { effort: known }),
    ...(typeof output === 'object' && output !== null && { output: output as JSONValue }),
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
