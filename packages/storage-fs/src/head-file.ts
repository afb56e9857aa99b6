import { RepriseError, type SessionHead } from '@reprise/core';
import { z } from 'zod';
import { checksumOf } from './checksum.ts';
import { readSmall } from './files.ts';

/** The layout that this package writes. A folder with a greater number was written by a newer version. */
const FORMAT = 1;

const parent = z.object({ id: z.string(), seq: z.number(), kind: z.literal('spawn').optional() });

/** `metadata.json`: what the session is. */
const Metadata = z.object({
  format: z.int().optional(),
  id: z.string().optional(),
  model: z.string().optional(),
  createdAt: z.string().optional(),
  title: z.string().optional(),
  cwd: z.string().optional(),
  tags: z.array(z.string()).optional(),
  parent: parent.optional(),
});
export type Metadata = z.infer<typeof Metadata>;

/** `state.json`: the spec's SessionState with the rest of the head, so that a listing reads one file a session. */
const State = z.object({
  id: z.string(),
  model: z.string(),
  createdAt: z.string(),
  lastMessage: z.string(),
  messageCount: z.number(),
  tokenUsage: z.object({ input: z.number(), output: z.number(), total: z.number() }),
  tools: z.array(z.string()),
  status: z.enum(['active', 'idle', 'error']),
  seq: z.int().min(0),
  checkpoint: z.int().min(0),
  title: z.string().optional(),
  cwd: z.string().optional(),
  tags: z.array(z.string()).optional(),
  parent: parent.optional(),
});

/** `state.json` is as long as a multiple of this: it is nearly always written over in its place. */
const STATE_BYTES = 256;
/** Looks at a `state.json` that is not sound: somebody may be writing over it in that very moment. */
const LOOKS = 3;

/** The text of `metadata.json` for `head`. */
export function metadataText(head: SessionHead): string {
  const { id, model, createdAt, title, cwd, tags, parent: from } = head;
  return `${JSON.stringify({ format: FORMAT, id, model, createdAt, title, cwd, tags, parent: from }, undefined, 2)}\n`;
}

/** A head as text. */
export function stateText(head: SessionHead): string {
  return `${JSON.stringify(head, undefined, 2)}\n`;
}

/** The text of `state.json` for `head`: with a checksum of what `JSON.stringify` makes of the rest, and filled up with spaces. */
export function stateFile(head: SessionHead): string {
  const text = JSON.stringify({ ...head, sum: checksumOf(JSON.stringify(head)) }, undefined, 2);
  const missing = STATE_BYTES - ((Buffer.byteLength(text) + 1) % STATE_BYTES);
  return `${text}${' '.repeat(missing % STATE_BYTES)}\n`;
}

/** `metadata.json` of a folder; `undefined` when it is lost or damaged. FORMAT_TOO_NEW when a newer version wrote it. */
export function readMetadata(folder: string, id: string): Metadata | undefined {
  return parseMetadata(readSmall(`${folder}/metadata.json`), id);
}

/** The same of its text. */
export function parseMetadata(text: string | undefined, id: string): Metadata | undefined {
  const value = parsed(text);
  const format = (value as { format?: unknown } | undefined)?.format;
  if (typeof format === 'number' && format > FORMAT) {
    throw new RepriseError('FORMAT_TOO_NEW', `session ${id} has format ${format}; this version knows ${FORMAT}`, {
      hint: 'Update Reprise. Nothing was changed.',
    });
  }
  return Metadata.safeParse(value).data;
}

/** `state.json` of a folder; `undefined` when it is lost, damaged or of another session. */
export function readState(folder: string, id: string): SessionHead | undefined {
  for (let look = 1; ; look += 1) {
    const text = readSmall(`${folder}/state.json`);
    const head = parseState(text, id);
    if (head !== undefined || text === undefined || look === LOOKS) return head;
  }
}

/** The head in a text that `stateText` or `stateFile` made for session `id`; `undefined` for any other text. */
export function parseState(text: string | undefined, id: string): SessionHead | undefined {
  const value = parsed(text);
  const head = State.safeParse(value).data;
  return head?.id === id && isWhole(value as object) ? (head as SessionHead) : undefined;
}

/** Whether no part of it comes from another time; what has no checksum was replaced as a whole. */
function isWhole(value: object): boolean {
  const { sum, ...head } = value as { readonly sum?: unknown };
  return sum === undefined || sum === checksumOf(JSON.stringify(head));
}

function parsed(text: string | undefined): unknown {
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
