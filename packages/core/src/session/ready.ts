import type { Expected } from '../contracts/session.ts';
import { RepriseError } from '../errors.ts';
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
  await record(parts, parts.pending);
}

/** Within a turn: a tool that was registered is offered from the next model call on. Other overrides wait for the next turn. */
export function offerNewTools(parts: Parts): Promise<void> {
  const { tools, named } = parts.pending;
  if (tools === undefined) return Promise.resolve();
  return record(parts, { tools, ...(named !== undefined && { named }) });
}

/** What was recorded is no longer pending; what could not be stored stays so. */
async function record(parts: Parts, changes: Parts['pending']): Promise<void> {
  const names = Object.keys(changes) as (keyof Parts['pending'])[];
  const notices = [...parts.notices];
  if (names.length === 0 && notices.length === 0) return;
  const at = isoNow(parts.runtime.clock);
  await parts.live.append([
    ...(names.length === 0 ? [] : [{ type: 'change' as const, at, reason: names.join(', '), ...changes }]),
    ...notices.map((message) => ({ type: 'warning' as const, at, message })),
  ]);
  parts.notices.splice(0, notices.length);
  parts.warnings.push(...notices);
  const left = Object.entries(parts.pending).filter(([name, value]) => changes[name as keyof typeof changes] !== value);
  parts.pending = Object.fromEntries(left);
}

/** A change of the history: alone, under the lease, on a settled session that stands where it is expected to. */
export function changing<T>(parts: Parts, work: () => Promise<T>, { expected }: Expected = {}): Promise<T> {
  return parts.live.exclusive(async () => {
    const { seq } = parts.live.state;
    if (expected !== undefined && expected !== seq) {
      throw new RepriseError(
        'CONFLICT',
        `The session’s last record is ${seq}, not ${expected}: it was changed meanwhile.`,
        {
          hint: 'Read what is new, then decide again.',
          details: { seq },
        },
      );
    }
    await ready(parts);
    return work();
  });
}
