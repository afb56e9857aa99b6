import { isCoded, type Damage, type Lease, type Range, type SessionHead, type SessionStorage } from '@reprise/core';

export const OWNER = { name: 'test' };

export function headOf(id: string, seq: number, more: Partial<SessionHead> = {}): SessionHead {
  const time = '2026-01-02T03:04:05.006Z';
  const tokenUsage = { input: 0, output: 0, total: 0 };
  return {
    ...{ id, model: 'm', createdAt: time, lastMessage: time, messageCount: 0, tokenUsage },
    ...{ tools: [], status: 'idle', seq, checkpoint: 0 },
    ...more,
  };
}

export function text(n: number, pad = 0): string {
  return JSON.stringify({ type: 'note', n, ...(pad > 0 ? { pad: 'x'.repeat(pad) } : {}) });
}

export function append(
  storage: SessionStorage,
  lease: Lease,
  expected: number,
  records: readonly string[],
): Promise<void> {
  return storage.append(lease, { expected, records, head: headOf(lease.id, expected + records.length) });
}

/** Makes session `id` with the records given. */
export async function make(storage: SessionStorage, id: string, records: readonly string[]): Promise<void> {
  const lease = await storage.acquire(id, { owner: OWNER, expect: 'new' });
  await append(storage, lease, 0, records);
  await lease.release();
}

export async function textsOf(storage: SessionStorage, id: string, range?: Range): Promise<readonly string[]> {
  const found: string[] = [];
  for await (const page of storage.read(id, range)) for (const { json } of page) found.push(json);
  return found;
}

/** What can be read, and what the reader says is damaged. */
export async function salvage(
  storage: SessionStorage,
  id: string,
  range?: Range,
): Promise<{ readonly seqs: readonly number[]; readonly damage: readonly Damage[] }> {
  const seqs: number[] = [];
  try {
    for await (const page of storage.read(id, range)) for (const { seq } of page) seqs.push(seq);
    return { seqs, damage: [] };
  } catch (error) {
    if (!isCoded(error) || error.code !== 'STORAGE_DAMAGED') throw error;
    return { seqs, damage: (error as unknown as { details: { damage: Damage[] } }).details.damage };
  }
}
