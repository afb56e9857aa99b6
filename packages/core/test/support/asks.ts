import { expect } from 'vitest';
import type { Session } from '../../src/contracts/session.ts';
import { settled, until } from './clock.ts';
import type { AskRecord, AnswerRecord, Rec } from '../../src/records/types.ts';

export function asksIn(records: readonly Rec[]): AskRecord[] {
  return records.flatMap((record) => (record.type === 'ask' ? [record] : []));
}

export function answersIn(records: readonly Rec[]): AnswerRecord[] {
  return records.flatMap((record) => (record.type === 'answer' ? [record] : []));
}

/** Waits until so many questions wait. */
export async function untilAsked(session: Session, count: number): Promise<void> {
  await until(async () => (await session.approvals()).length === count, `${count} questions`);
  await settled(3);
}

/** Law 3 for what people are asked: each ask has exactly one answer, after it and before the result of its call; no answer is without an ask. */
export function expectAnswered(records: readonly Rec[]): void {
  const waiting = new Map<string, string>();
  for (const record of records) {
    if (record.type === 'ask') {
      expect(waiting.has(record.id)).toBe(false);
      waiting.set(record.id, record.call);
    } else if (record.type === 'answer') expect(waiting.delete(record.ask)).toBe(true);
    else if (record.type === 'result') expect([...waiting.values()]).not.toContain(record.call);
    else if (record.type === 'turn-end') expect([...waiting.keys()]).toEqual([]);
  }
  expect([...waiting.keys()]).toEqual([]);
}
