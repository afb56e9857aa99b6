import type { ChangeRecord } from '../records/types.ts';
import { settle } from '../turn/settle.ts';
import { isoNow } from './clock.ts';
import type { Parts } from './parts.ts';

/** Under the lease, before anything is written: ends a turn that a crash left open, and records what was overridden at resume. */
export async function ready(parts: Parts): Promise<void> {
  const { live, runtime } = parts;
  const at = isoNow(runtime.clock);
  if (live.state.open !== undefined) {
    const draft = (await runtime.storage.draft?.read(live.id)) ?? [];
    await live.append(settle(live.state, draft, { at, messageId: runtime.ids('message') }));
    await live.clearDraft();
  }
  const { pending } = parts;
  if (Object.keys(pending).length === 0) return;
  parts.pending = {};
  const reason = Object.keys(pending).join(', ');
  const change: ChangeRecord = { type: 'change', at, reason, ...pending };
  await live.append(change);
}

/** A change of the history: alone, under the lease, on a settled session; `save` is told once it is stored. */
export async function changing<T>(parts: Parts, work: () => Promise<T>): Promise<T> {
  const result = await parts.live.exclusive(async () => {
    await ready(parts);
    return work();
  });
  parts.live.saved();
  return result;
}
