import { RepriseError } from '@reprise/core';
import type { At } from '@reprise/core';

/** `seq`, or `seq.attempt.offset.reasoning` within a step: the `id` of an event, and what `Last-Event-ID` gives back. */
export function positionText({ seq, attempt, offset, reasoning = 0 }: At): string {
  return offset === 0 && reasoning === 0 ? String(seq) : `${seq}.${attempt}.${offset}.${reasoning}`;
}

const POSITION = /^(\d{1,15})(?:\.(\d{1,9})\.(\d{1,15})\.(\d{1,15}))?$/;

export function readPosition(text: string): At {
  const [, seq, attempt = '1', offset = '0', reasoning = '0'] = POSITION.exec(text) ?? [];
  if (seq === undefined) {
    throw new RepriseError('INVALID_INPUT', `${JSON.stringify(text.slice(0, 80))} is no position in a session.`, {
      hint: 'Give the id of an event, or the number of a record.',
    });
  }
  return { seq: Number(seq), attempt: Number(attempt), offset: Number(offset), reasoning: Number(reasoning) };
}
