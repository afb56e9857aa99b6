import { fromBase64 } from '../files/base64.ts';
import { kindOf, textOf } from '../files/kind.ts';
import { masked, maskedIn } from '../keys.ts';
import type { Part, Rec, StepRecord, StoredFile } from '../records/types.ts';

/** What only a provider reads, and refuses when one character of it differs. */
const SEALED: ReadonlySet<string> = new Set(['meta', 'part']);

/** A record with stars in place of what looks like a key: in what people, models and tools said. */
export function maskedRecord(record: Rec): Rec {
  if (record.type === 'message' || record.type === 'result') {
    const clean = maskedIn(record, SEALED) as typeof record;
    return record.attachments === undefined ? clean : { ...clean, attachments: record.attachments.map(maskedFile) };
  }
  if (record.type !== 'step' || record.parts === undefined) return maskedIn(record, SEALED) as Rec;
  const { parts, ...rest } = record;
  const clean = maskedIn(rest, SEALED) as StepRecord;
  return { ...clean, parts: parts.map((part) => maskedPart(part, clean.content === record.content)) };
}

/** Bytes can't be masked: a text that holds a key is left out. */
function maskedFile({ data, ...file }: StoredFile): StoredFile {
  const clean = file.name === undefined ? file : { ...file, name: masked(file.name) };
  return data === undefined || holdsKey(file, fromBase64(data)) ? clean : { ...clean, data };
}

/** Whether a file is a text with something in it that looks like a key. */
export function holdsKey({ mediaType }: Pick<StoredFile, 'mediaType'>, bytes: Uint8Array | undefined): boolean {
  const text = kindOf(mediaType) === 'text' && bytes !== undefined ? textOf(bytes) : undefined;
  return text !== undefined && masked(text) !== text;
}

/** What was signed for another text is left out: it would be refused. What the provider ran itself is sealed too. */
function maskedPart(part: Part, same: boolean): Part {
  switch (part.type) {
    case 'text':
      return same ? part : { type: 'text', length: part.length };
    case 'reasoning': {
      const text = masked(part.text);
      return text === part.text ? part : { type: 'reasoning', text };
    }
    default:
      return part;
  }
}

/** Anything else that an export tells. */
export function maskedFacts<T>(facts: T): T {
  return maskedIn(facts, new Set()) as T;
}
