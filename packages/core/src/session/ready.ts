import type { Expected } from '../contracts/history.ts';
import { RepriseError } from '../errors.ts';
import { settle } from '../turn/settle.ts';
import { isCoded } from '../errors.ts';
import type { SpentRecord } from '../records/types.ts';
import { isoNow } from './clock.ts';
import type { Parts } from './parts.ts';
import { subUsage } from './usage.ts';

/** Under the lease, before anything is written: ends a turn that a crash left open, and records what was overridden at resume. */
export async function ready(parts: Parts): Promise<void> {
  const { live, runtime } = parts;
  const at = isoNow(runtime.clock);
  if (live.state.open !== undefined) {
    await settleChildren(parts);
    const draft = (await runtime.storage.draft?.read(live.id)) ?? [];
    await live.append(settle(live.state, draft, { at, messageId: runtime.ids('message') }));
    await live.draft.clear();
  }
  await record(parts, parts.pending);
}

/** Ends what a crash left open in the sub-sessions of the open turn, and takes what they took into this session's ledger. */
export async function settleChildren({ live, runtime, doors }: Parts): Promise<void> {
  const { open } = live.state;
  for (const [session, known] of Object.entries(open?.children ?? {})) {
    const models = (await settled(doors, session, live.id).catch(runtime.report)) ?? known;
    const at = isoNow(runtime.clock);
    await live.append({ type: 'spent', at, turn: open?.turn ?? '', session, models, end: true });
  }
}

/** `undefined`: it never began, or is another session's; then what was told of it is all there is. */
async function settled(doors: Parts['doors'], id: string, parent: string): Promise<SpentRecord['models'] | undefined> {
  try {
    const child = await doors.find(id);
    if (child.live.state.parent?.id !== parent) return undefined;
    await child.live.exclusive(() => ready(child));
    return subUsage(child.live.state);
  } catch (error) {
    if (isCoded(error) && error.code === 'SESSION_NOT_FOUND') return undefined;
    throw error;
  }
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
    assertExpected(parts.live.state.seq, expected);
    await ready(parts);
    return work();
  });
}

/** CONFLICT where a session stands elsewhere; nothing is expected without `expected`. */
export function assertExpected(seq: number, expected: number | undefined): void {
  if (expected === undefined || expected === seq) return;
  throw new RepriseError(
    'CONFLICT',
    `The session’s last record is ${seq}, not ${expected}: it was changed meanwhile.`,
    { hint: 'Read what is new, then decide again.', details: { seq } },
  );
}
