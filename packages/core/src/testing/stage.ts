import assert from 'node:assert/strict';
import type { Lease, Owner, Range, SessionHead, SessionStorage, StoredRecord } from '../contracts/storage.ts';
import { isCoded, type ErrorCode } from '../errors.ts';
import type { Faults } from './faults.ts';

/** One sentence of the contract, and how to see it broken. */
export interface Rule {
  /** `member: sentence`, the name of the test. */
  readonly name: string;
  readonly run: (stage: Stage) => Promise<void>;
}

export const OWNER: Owner = { name: 'suite', host: 'here', pid: 4711 };

/** A fresh store for one rule, with the few moves that rules are made of. */
export class Stage {
  readonly storage: SessionStorage;
  /** A second instance on the same medium, as another process would have; `undefined` where the suite was given no `reopen`. */
  readonly reopen: (() => Promise<SessionStorage>) | undefined;
  /** How the medium may be hurt; nothing where the suite was given no `faults`. */
  readonly faults: Faults;

  constructor(storage: SessionStorage, reopen: (() => Promise<SessionStorage>) | undefined, faults: Faults = {}) {
    this.storage = storage;
    this.reopen = reopen;
    this.faults = faults;
  }

  /** Every instance there is: this one, and a reopened one where possible. */
  async instances(): Promise<readonly SessionStorage[]> {
    return this.reopen === undefined ? [this.storage] : [this.storage, await this.reopen()];
  }

  acquire(id: string, expect: 'new' | 'existing' = 'existing', storage = this.storage): Promise<Lease> {
    return storage.acquire(id, { owner: OWNER, expect });
  }

  /** Makes session `id` with `texts` as its records, and gives the lease back. */
  async make(id: string, texts: readonly string[] = [text(1)], more: Partial<SessionHead> = {}): Promise<void> {
    const lease = await this.acquire(id, 'new');
    await this.append(lease, 0, texts, more);
    await lease.release();
  }

  append(
    lease: Lease,
    expected: number,
    records: readonly string[],
    more: Partial<SessionHead> = {},
    storage = this.storage,
  ): Promise<void> {
    return storage.append(lease, { expected, records, head: headOf(lease.id, expected + records.length, more) });
  }

  async read(id: string, range?: Range, storage = this.storage): Promise<readonly StoredRecord[]> {
    const records: StoredRecord[] = [];
    for await (const page of storage.read(id, range)) records.push(...page);
    return records;
  }

  async texts(id: string, storage = this.storage): Promise<readonly string[]> {
    return (await this.read(id, undefined, storage)).map((record) => record.json);
  }
}

/** A record's text that differs with `n`. */
export function text(n: number, more: object = {}): string {
  return JSON.stringify({ type: 'note', n, ...more });
}

export function texts(count: number, from = 1): readonly string[] {
  return Array.from({ length: count }, (_, at) => text(from + at));
}

export function headOf(id: string, seq: number, more: Partial<SessionHead> = {}): SessionHead {
  return {
    id,
    model: 'demo/offline',
    createdAt: '2026-01-02T03:04:05.006Z',
    lastMessage: '2026-01-02T03:04:05.006Z',
    messageCount: 0,
    tokenUsage: { input: 0, output: 0, total: 0 },
    tools: [],
    status: 'idle',
    seq,
    checkpoint: 0,
    ...more,
  };
}

/** Fails unless `work` rejects with an error of ours that has `code`; gives that error. */
export async function rejects(
  code: ErrorCode,
  work: () => Promise<unknown>,
): Promise<Error & { readonly details?: Readonly<Record<string, unknown>> }> {
  let result: unknown;
  try {
    result = await work();
  } catch (error) {
    if (isCoded(error) && error.code === code) return error;
    assert.fail(`expected ${code}, got ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
  }
  assert.fail(`expected ${code}, but it resolved with ${JSON.stringify(result)}`);
}

/** What an async iterable gives, as one list. */
export async function all<T>(items: AsyncIterable<T>): Promise<readonly T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}

/** A promise that fails the rule instead of hanging it. */
export async function within<T>(ms: number, what: string, work: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new assert.AssertionError({ message: `${what} took more than ${ms} ms` })), ms);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
