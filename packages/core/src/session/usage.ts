import type { SessionHead, SessionStorage } from '../contracts/storage.ts';
import type { SessionUsage, UsageByModel } from '../contracts/usage.ts';
import { isoNow } from './clock.ts';
import type { Clock } from '../contracts/clock.ts';
import { belowOf, worked } from '../state/account.ts';
import { addModels, totalIn } from '../state/ledger.ts';
import type { State } from '../state/state.ts';
import { loadState } from './load.ts';

/** More sessions above a session than may be spawned into each other. */
const HIGHEST = 64;

/** The ledger of a session whose state is at hand; what lies above it is read from the store. */
export async function usageOf(storage: SessionStorage, id: string, state: State, clock?: Clock): Promise<SessionUsage> {
  const { open, ledger, parent, settings } = state;
  const own = byModel(ledger.models);
  const all = byModel(subUsage(state));
  const running = open === undefined ? 0 : worked(open, clock === undefined ? open.last : isoNow(clock));
  const top = parent?.kind === 'spawn' ? await rootAbove(storage, id, parent.id) : undefined;
  const root = top === undefined ? { id, ...all } : { id: top.id, ...byModel(subUsage(await stateOf(storage, top))) };
  const { turn = {}, session = {} } = settings.budget ?? {};
  const limited = Object.keys({ ...turn, ...session }).length > 0;
  return {
    id,
    ...(parent !== undefined && { parent }),
    own,
    all,
    root,
    ...(limited && { budget: { turn, session } }),
    duration: ledger.ms + running,
  };
}

/** The same of a stored session, without a lease and without a write. Damage costs what it hides. */
export async function readUsage(storage: SessionStorage, head: SessionHead): Promise<SessionUsage> {
  return usageOf(storage, head.id, await stateOf(storage, head));
}

async function stateOf(storage: SessionStorage, head: SessionHead): Promise<State> {
  return (await loadState(storage, head.id, head)).state;
}

/** The highest session above that is still there. */
async function rootAbove(storage: SessionStorage, id: string, parent: string): Promise<SessionHead | undefined> {
  const seen = new Set([id]);
  let found: SessionHead | undefined;
  for (let above: string | undefined = parent; above !== undefined && seen.size < HIGHEST;) {
    if (seen.has(above)) break;
    seen.add(above);
    const head: SessionHead | undefined = await storage.head(above);
    found = head ?? found;
    above = head?.parent?.kind === 'spawn' ? head.parent.id : undefined;
  }
  return found;
}

/** By a session and all below it. */
export function subUsage(state: State): UsageByModel['models'] {
  return addModels(state.ledger.models, belowOf(state));
}

function byModel(models: UsageByModel['models']): UsageByModel {
  return { total: totalIn(models), models };
}
