import { masked, maskedIn } from '../keys.ts';
import type { Part, Rec, StepRecord } from '../records/types.ts';

/** What only a provider reads, and refuses when one character of it differs. */
const SEALED: ReadonlySet<string> = new Set(['meta', 'part']);

/** A record with stars in place of what looks like a key: in what people, models and tools said. */
export function maskedRecord(record: Rec): Rec {
  if (record.type !== 'step' || record.parts === undefined) return maskedIn(record, SEALED) as Rec;
  const { parts, ...rest } = record;
  const clean = maskedIn(rest, SEALED) as StepRecord;
  return { ...clean, parts: parts.map((part) => maskedPart(part, clean.content === record.content)) };
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
