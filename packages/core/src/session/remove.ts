import type { Expected } from '../contracts/history.ts';
import { RepriseError } from '../errors.ts';
import type { Parts } from './parts.ts';
import { assertExpected } from './ready.ts';
import type { Runtime } from './runtime.ts';

export interface Removal extends Expected {
  /** Removes what hangs on the session, before it goes itself. */
  readonly below: () => Promise<void>;
}

/** Removes a session that is open here. `gone`: nobody gets this one any more. */
export async function removeOpen(
  { live, running }: Parts,
  { expected, below }: Removal,
  gone: () => void,
): Promise<void> {
  // Who expects a record has seen nothing of that turn.
  if (expected !== undefined && running.size > 0)
    throw new RepriseError('SESSION_BUSY', 'A turn runs on this session.', { hint: 'Wait for its end, or abort it.' });
  for (const turn of running) void turn.abort('The session is deleted.');
  if (expected === undefined) gone();
  await live.remove(async () => {
    assertExpected(live.state.seq, expected);
    gone();
    await below();
  });
}

/** Removes one that is not. */
export async function removeStored(
  { storage, owner, hubs }: Runtime,
  id: string,
  { expected, below }: Removal,
): Promise<void> {
  const lease = await storage.acquire(id, { owner, expect: 'existing' });
  try {
    assertExpected(lease.head?.seq ?? 0, expected);
    await below();
    await storage.remove(lease);
  } finally {
    await lease.release();
  }
  hubs.gone(id);
}
